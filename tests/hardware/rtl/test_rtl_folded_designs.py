"""Designs that are folded, from the answer to kit and hardware step, and members of spaces."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from designs import DesignMaker, make_design, random_network, samples
from folds import simulated
from sheets import design_of_way, raw_samples

from nac.config import TargetConfig
from nac.hardware import synthesise
from nac.hardware.circuit.evaluate import evaluate, random_input
from nac.hardware.kit.pack import pack
from nac.hardware.kit.verify import verify_kit
from nac.hardware.onnx.export import circuit_of
from nac.hardware.rtl import tools
from nac.hardware.rtl.bench import run_bench
from nac.hardware.rtl.engine import RtlEngine, rtl_project
from nac.hardware.rtl.simulation import prove
from nac.hardware.rtl.wrappers import write_bench
from nac.space import SearchSpace

needs_iverilog = pytest.mark.skipif(tools.iverilog() is None, reason=tools.MISSING["iverilog"])


@needs_iverilog
def test_the_answer_leaves_a_folded_circuit(tmp_path: Path) -> None:
    design = design_of_way(tmp_path, "log", 3)
    project = rtl_project(design, design.record.task.target.model_copy(update={"fold": 4}))
    circuit, stage = circuit_of(design), project.record.answer
    assert stage is not None
    assert stage.fold is not None
    x = random_input(circuit, 40)
    expected = evaluate(circuit, x)
    assert np.array_equal(RtlEngine(design, project).predict(x), expected)  # and the answers are theirs
    assert prove(project.whole, x, stage.gives(expected), tools.iverilog()).ii == 2
    write_bench(project, x, expected)
    for wrapper in ("answer_valid", "answer_axis"):
        assert run_bench(project, wrapper, tools.iverilog()).said.startswith("40 results equal")


@needs_iverilog
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")
def test_the_kit_of_a_folded_circuit_is_checked(tmp_path: Path) -> None:
    design = design_of_way(tmp_path, "log", 3)
    target, x = design.record.task.target, design.record.preprocessing.apply(raw_samples(design, 30))
    synthesise(design, target.model_copy(update={"fold": 2}), check_inputs=x, simulation=False, synthesis=False)
    pack(design, tmp_path / "kit")
    checks = {check.name: check.passed for check in verify_kit(tmp_path / "kit")}
    assert all("1030" in checks[name] for name in ("reference.py", "RTL, valid", "RTL, axis", "RTL, answer_axis"))


@needs_iverilog
@pytest.mark.slow
def test_the_hardware_step_of_a_folded_design(design_of: DesignMaker) -> None:
    design = design_of("set", 3)
    report = synthesise(design, TargetConfig(fold=1), check_inputs=samples(design.record.architecture, 60))
    assert report.rtl_simulation is not None
    assert report.rtl_simulation.ii == 4
    numbers = {(number.name, number.kind): number.value for number in report.numbers}
    assert numbers["ii", "simulation"] == numbers["ii", "estimate"] == 4
    assert numbers["lut", "synthesis"] == pytest.approx(numbers["lut", "estimate"], rel=0.4)
    assert report.notes[0].startswith("folded: 1 position(s) a clock, an inference in 4 clocks")
    text = (design.path / "rtl" / "INTERFACE.md").read_text()
    assert "A sample enters in 4 beats" in text


@needs_iverilog
@pytest.mark.slow
@pytest.mark.parametrize("name", ["bragg", "jets", "waveforms"])
def test_members_of_deployable_spaces_are_exact(name: str, tmp_path: Path) -> None:
    space, rng = SearchSpace.load(name), np.random.default_rng(5)
    for index in range(3):
        arch = space.decode(space.repair(space.random(rng))).with_bits(weights=3, activations=3)
        design = make_design(tmp_path / str(index), arch, random_network(arch, index))
        simulated(design, 1, count=3)
