"""The exported graph is read once, and again only where its file changed."""

import shutil
import sys
from pathlib import Path

import onnx
import pytest
from designs import DesignMaker, samples

from nac.config import TargetConfig
from nac.design import Design
from nac.hardware import synthesise
from nac.hardware.circuit import Circuit
from nac.hardware.onnx.export import circuit_of, export, exported, load_model
from nac.hardware.onnx.read import read_circuit


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How often a file was loaded and a graph was read."""
    counts = {"loads": 0, "reads": 0}

    def loading(file: Path) -> onnx.ModelProto:
        counts["loads"] += 1
        return load_model(file)

    def reading(model: onnx.ModelProto) -> Circuit:
        counts["reads"] += 1
        return read_circuit(model)

    for module in ("onnx.export", "onnx.recount", "hls.generate"):
        monkeypatch.setattr(sys.modules[f"nac.hardware.{module}"], "load_model", loading)
    monkeypatch.setattr(sys.modules["nac.hardware.onnx.export"], "read_circuit", reading)
    return counts


def test_a_design_is_read_once_and_again_when_its_file_changed(design_of: DesignMaker, counted: dict[str, int]) -> None:
    design = design_of("mlp", 3)
    assert circuit_of(design) is circuit_of(design)
    assert counted == {"loads": 0, "reads": 1}  # what was exported here needs no file
    again = Design.load(design.path)
    assert exported(again).source == exported(design).source
    assert counted["loads"] == 1
    other = design_of("mlp", 4)
    shutil.copy(export(other), design.path / "model.onnx")
    assert exported(design).source == exported(other).source
    assert counted["loads"] == 2


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")
def test_a_synthesis_reads_the_file_once_to_count_it_again_and_the_circuit_once(
    design_of: DesignMaker, counted: dict[str, int], tmp_path: Path
) -> None:
    """It was seven times and five times."""
    design = design_of("mlp", 2)
    x = samples(design.record.architecture, 20)
    synthesise(design, TargetConfig(), check_inputs=x, simulation=False, synthesis=False)
    assert counted == {"loads": 1, "reads": 1}
