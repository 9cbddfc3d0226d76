"""The engine `rtl`: the design's circuit, by alkaid's interpreter or as Verilog in a simulator."""

from importlib import metadata
from typing import Any

import numpy as np
import numpy.typing as npt

from nac.config import TargetConfig
from nac.design import Design
from nac.hardware.circuit.answer import stage_of
from nac.hardware.engines.contract import require_answers, require_samples
from nac.hardware.interface import sheet_of
from nac.hardware.interface_text import sections
from nac.hardware.onnx.export import exported
from nac.hardware.rtl.estimation import chosen
from nac.hardware.rtl.names import rtl_top
from nac.hardware.rtl.project import write_rtl
from nac.hardware.rtl.record import LAYOUT, RECORD, RtlProject
from nac.hardware.rtl.simulation import simulate

FOLDER = "rtl"


def rtl_project(design: Design, target: TargetConfig | None = None) -> RtlProject:
    """The project in the design's `rtl` folder, written first where it is missing, outdated or for another target.

    Without a target, it is for the task's, and stays folded as it is.

    Raises:
        InputError: the network has an operation without exact fixed-point form, or the folder holds something else.
        WorkError: the circuit cannot be built.
    """
    record = design.record
    graph, folder = exported(design), design.path / FOLDER
    source, circuit = graph.source, graph.circuit
    project = RtlProject.load(folder) if (folder / RECORD).is_file() else None
    target = chosen(circuit, target or _as_before(record.task.target, project))
    answer = stage_of(record.task, record.preprocessing, circuit)
    if project is not None:
        wanted = {"top": rtl_top(record.name, source, target), "source": source,
                  "part": target.part, "clock_period_ns": target.clock_period_ns,
                  "version": metadata.version("alkaid"), "layout": LAYOUT}  # fmt: skip
        known = project.record.answer.sheet if project.record.answer else None
        if project.record.model_dump(include=set(wanted)) == wanted and known == answer:
            return project
    return write_rtl(
        circuit, folder, target, name=record.name, source=source,
        interface=sections(sheet_of(record, circuit), channels_last=False), answer=answer,
    )  # fmt: skip


def _as_before(target: TargetConfig, project: RtlProject | None) -> TargetConfig:
    """The task's target, folded as the project is that was made last."""
    if project is None:
        return target
    if (fold := project.record.fold) is None:
        return target.folded("all")
    return target.folded(fold.positions).model_copy(update={"wait": fold.wait, "recall": fold.recall})


class RtlEngine:
    """The pipelined circuit: its adder graph by default; with `simulates` the Verilog, clock by clock."""

    name = "rtl"

    def __init__(self, design: Design, project: RtlProject | None = None, *, simulates: bool = False) -> None:
        self.project = project or rtl_project(design)
        self.simulates = simulates

    def predict(self, x: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Raw network outputs (N, outputs) of inputs (N, *input) on the network's input grid.

        Raises WorkError where the answers behind them are not those to them.
        """
        require_samples(x)
        project = self.project
        outputs = simulate(project, x) if self.simulates else project.predict(x)
        if stage := project.record.answer:
            found = simulate(project.whole, x) if self.simulates else project.predict_answers(x)
            require_answers(found, stage.gives(outputs), "the Verilog" if self.simulates else "adder graph")
        return outputs
