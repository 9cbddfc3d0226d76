"""The engine `hls`."""

import numpy as np
import numpy.typing as npt

from nac.design import Design
from nac.hardware.circuit.answer import answers
from nac.hardware.engines.contract import ENGINES, Values, require_answers, require_samples
from nac.hardware.hls.generate import generate
from nac.hardware.hls.project import RECORD, HlsProject
from nac.hardware.onnx.export import exported


@ENGINES.register("hls")
class HlsEngine:
    """The C simulation of the project in the design's `hls` folder, made first where it is missing."""

    name = "hls"

    def __init__(self, design: Design, project: HlsProject | None = None) -> None:
        self.project = project or _project_of(design)
        self.project.compile()

    def predict(self, x: npt.NDArray[np.float32]) -> Values:
        """See `Engine`. Raises WorkError where the answers that it gives are not those to its outputs."""
        require_samples(x)
        outputs, answered = self.project.run(x)
        if stage := self.project.record.answer:
            require_answers(answered, answers(stage.sheet, outputs), "C simulation")
        return outputs


def _project_of(design: Design) -> HlsProject:
    """The design's project if it was made from the design's present model, else a new one."""
    folder = design.path / "hls"
    if (design.path / "model.onnx").is_file() and (folder / RECORD).is_file():
        project = HlsProject.open(folder)
        if project.record.source == exported(design).source and project.backend.simulates:
            return project
    return generate(design, design.record.task.target)
