"""The output stage in the HLS project: what its top function gives, in C simulation, and in vendors' wrappers."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from sheets import design_of_way, raw_samples
from staged import staged_design

from nac.config import TaskConfig
from nac.design import Design
from nac.errors import InputError
from nac.hardware import generate, verify
from nac.hardware.circuit.answer import answers
from nac.hardware.engines.trained import TorchEngine
from nac.hardware.hls.project import HlsProject
from nac.hardware.interface import sheet_of
from nac.hardware.onnx.export import circuit_of, export

needs_gpp = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")


def aimed(folder: Path, scaling: str, **target: object) -> Design:
    """A design for another target."""
    design = design_of_way(folder, scaling, 3)
    task = design.record.task.model_dump(mode="json")
    record = {"task": TaskConfig.model_validate({**task, "target": {**task["target"], **target}})}
    design.record = design.record.model_copy(update=record)
    return design


@needs_gpp
@pytest.mark.slow
@pytest.mark.parametrize(
    ("scaling", "target"),
    [("robust", {}), ("log", {"io_type": "io_stream"}),
     ("log", {"output": {"kind": "threshold", "of": ["t", "g"], "threshold": 0.3}})],
)  # fmt: skip
def test_the_top_function_gives_the_answer(scaling: str, target: dict[str, object], tmp_path: Path) -> None:
    design = aimed(tmp_path, scaling, **target)
    project = generate(design, design.record.task.target)
    x = design.quantised_input(design.inputs(raw_samples(design, 200)))
    expected = TorchEngine(design).predict(x)
    outputs, answered = project.run(x)
    assert np.array_equal(outputs, expected)
    assert np.array_equal(answered, answers(sheet_of(design.record, circuit_of(design)).output, expected))
    assert verify(design, design.inputs(raw_samples(design, 50)), 5, project=project).equal


def test_logits_and_networks_alone_have_none(tmp_path: Path) -> None:
    for index, target in enumerate(({"output": "logits"}, {"stages": "network"}, {"backend": "Quartus"})):
        design = aimed(tmp_path / f"{index}", "log", **target)
        assert generate(design, design.record.task.target).record.answer is None


def test_a_backend_without_our_layers_takes_no_input_stage(tmp_path: Path) -> None:
    design = staged_design(tmp_path / "design", "pseudo_log", {"backend": "Quartus"})
    with pytest.raises(InputError, match=r"Quartus has no layer for the stage, expected one of: Vitis, Vivado"):
        generate(design, design.record.task.target)


def test_the_accelerators_wrapper_streams_the_answer(tmp_path: Path) -> None:
    design = aimed(tmp_path, "log", backend="VivadoAccelerator", part="xc7z020clg400-1", io_type="io_stream")
    export(design)
    project = generate(design, design.record.task.target)
    firmware, top = project.path / "firmware", project.record.top
    declared = (firmware / f"{top}_axi.h").read_text()
    assert "static const unsigned N_OUT = 1;" in declared
    assert f"{top}(in_local, out_local)" in (firmware / f"{top}_axi.cpp").read_text().replace("\n", "")
    assert HlsProject.open(project.path).record.answer == project.record.answer
