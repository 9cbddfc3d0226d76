"""Designs whose firmware begins with an input stage: the same bits from raw integers on, in all readings."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from designs import FLATTEN, dense, random_network
from numpy.typing import NDArray
from staged import KINDS, physical, raw_inputs, staged_design

from nac.arch import Architecture
from nac.config import TargetConfig, load_task
from nac.design import Design, DesignRecord
from nac.errors import InputError
from nac.hardware import engine, synthesise
from nac.hardware.circuit.answer import answers
from nac.hardware.circuit.evaluate import evaluate, random_input
from nac.hardware.interface import sheet_of
from nac.hardware.kit import header
from nac.hardware.kit.network import network_json
from nac.hardware.kit.script import script
from nac.hardware.onnx.export import circuit_of, exported
from nac.hardware.rtl import rtl_project, tools
from nac.hardware.rtl.bench import Passed, run_bench
from nac.hardware.rtl.estimation import estimate_network
from nac.hardware.rtl.simulation import simulate, simulator
from nac.hardware.rtl.tools import Tool
from nac.hardware.rtl.vhdl import run_vhdl_bench, write_vhdl
from nac.hardware.rtl.wrappers import write_bench
from nac.tasks import make_task
from nac.tasks.layouts import layout_of
from nac.tasks.scaling import fit_preprocessing

SHIPPED = {"jets": "pseudo_log", "bragg": "patch_shift", "pulses": "common_shift", "qubit": "shift",
           "jets_features": "shift", "jets_openml": "shift", "readout": "common_shift"}  # fmt: skip


def shipped_design(folder: Path, name: str) -> Design:
    """A small design of a shipped task that begins with its input stage, fitted to raw numbers at random."""
    task = load_task(name, "default", (f"data.scaling={SHIPPED[name]}",))
    made = make_task(task)
    blocks = [*([FLATTEN] if len(made.input_shape) > 1 else []), dense(6, "relu")]
    arch = Architecture.model_validate({"input": made.input_shape, "blocks": blocks, "outputs": made.outputs,
                                        "bits": {"input": 8, "weights": 6, "activations": 6}})  # fmt: skip
    types = layout_of(task.data).raw_types(made.input_shape[0])
    generator = np.random.default_rng(0)
    samples = np.stack([known.values(generator.integers(known.low, known.high, (500, *made.input_shape[1:])))
                        for known in types], axis=1)  # fmt: skip
    targets = np.zeros(500) if task.data.classes else generator.normal(size=(500, made.outputs))
    record = DesignRecord(
        name=folder.name, task=task, architecture=arch, sparsity=0.0, density={}, metrics={}, origin={},
        preprocessing=fit_preprocessing(samples[:, 0] if name == "bragg" else samples, targets, task.data), costs={},
    )  # fmt: skip
    return Design.create(folder, record, random_network(arch))


@pytest.mark.parametrize(
    "scaling", [pytest.param(name, marks=pytest.mark.slow) if name == "patch_shift" else name for name in KINDS]
)
def test_torch_qonnx_circuit_and_adder_graph_agree_from_raw_integers_on(tmp_path: Path, scaling: str) -> None:
    design = staged_design(tmp_path / "design", scaling)
    x = design.quantised_input(raw_inputs(design))
    expected = engine("torch", design).predict(x)
    assert len(np.unique(expected, axis=0)) > 100
    assert np.array_equal(evaluate(circuit_of(design), x), expected)
    assert np.array_equal(engine("qonnx", design).predict(x[::10]), expected[::10])
    assert np.array_equal(engine("rtl", design).predict(x), expected)


@pytest.mark.parametrize("scaling", KINDS)
def test_the_references_compute_the_same_bits(tmp_path: Path, scaling: str) -> None:
    design = staged_design(tmp_path / "design", scaling)
    _compare_references(design, raw_inputs(design), physical(scaling, design.record.architecture, 200), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_the_references_of_shipped_tasks_equal_torch_on_raw_numbers_at_random(tmp_path: Path, name: str) -> None:
    design = shipped_design(tmp_path / "design", name)
    x = random_input(circuit_of(design), 10_000)
    prep = design.record.preprocessing
    _compare_references(design, x, prep.raw_values(x[:200].astype(np.int64)), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scaling", "samples", "tool", "bench"),
    [("pseudo_log", 10_000, tools.verilator, run_bench), ("shift", 1000, tools.ghdl, run_vhdl_bench)],
)
def test_streams_of_raw_integers_under_random_stalls_end_in_torchs_answers(
    tmp_path: Path, scaling: str, samples: int, tool: Callable[[], Tool | None], bench: Callable[..., Passed]
) -> None:
    if tool() is None:
        pytest.skip(f"no simulator for {bench.__name__}")
    design = staged_design(tmp_path / "design", scaling)
    x = random_input(circuit_of(design), samples)
    outputs = engine("torch", design).predict(x)
    sheet, python = sheet_of(design.record, circuit_of(design)).output, _reference(design)
    assert np.array_equal(python.outputs(x.astype(np.int64)), np.ldexp(outputs, sheet.fraction))
    expected = answers(sheet, outputs)
    assert np.array_equal(python.answers(np.ldexp(outputs, sheet.fraction)).reshape(expected.shape), expected)
    project = rtl_project(design)
    write_bench(project, x, outputs)
    if bench is run_vhdl_bench:
        write_vhdl(project, samples)
    assert bench(project, "answer_axis").said.startswith(f"{samples} results equal, in order, none lost")


def _reference(design: Design) -> Any:
    """As it is read from the files of a kit."""
    circuit = circuit_of(design)
    sheet, network = sheet_of(design.record, circuit), json.loads(json.dumps(network_json(circuit)))
    module = ModuleType("reference")
    exec(compile(script(circuit), "reference.py", "exec"), vars(module))
    return module.Reference(json.loads(sheet.model_dump_json()), network)


def _compare_references(
    design: Design, x: NDArray[np.float32], samples: NDArray[np.float32], tmp_path: Path
) -> None:  # fmt: skip
    """With torch, on raw integers; and what they make of samples in physical units."""
    circuit = circuit_of(design)
    sheet, python = sheet_of(design.record, circuit), _reference(design)
    expected = np.ldexp(engine("torch", design).predict(x), sheet.output.fraction).astype(np.int64)
    assert np.array_equal(python.outputs(x.astype(np.int64)), expected)
    assert np.array_equal(python.inputs(samples), design.inputs(samples).astype(np.int64))
    if shutil.which("g++") is None:
        pytest.skip("g++ is not installed")
    (tmp_path / "reference.hpp").write_text(header.header(sheet, circuit, "space"))
    (tmp_path / "check.cpp").write_text(header.checker("space"))
    meant = answers(sheet.output, np.ldexp(expected, -sheet.output.fraction))
    assert np.array_equal(python.answers(expected).reshape(meant.shape), meant)
    for name, rows, digits in (("inputs", x, "%d"), ("outputs", expected, "%d"), ("answers", meant, "%.17g")):
        np.savetxt(tmp_path / f"{name}.txt", rows.reshape(len(rows), -1), fmt=digits)
    command = ["g++", "-std=c++17", "-O0", "-Wall", "-Wextra", "-Werror", "check.cpp", "-o", "check"]
    subprocess.run(command, cwd=tmp_path, check=True)
    said = subprocess.run(["./check"], cwd=tmp_path, check=False, capture_output=True, text=True).stdout
    assert said.startswith(f"PASS: {len(x)} of {len(x)}"), said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scaling", "io_type"),
    [("log_table", "io_parallel"), ("patch_shift", "io_stream"), ("radius", "io_stream"), ("radius", "io_parallel")],
)
def test_the_c_simulation_begins_with_the_stage(tmp_path: Path, scaling: str, io_type: str) -> None:
    design = staged_design(tmp_path / "design", scaling, {"io_type": io_type})
    x = design.quantised_input(raw_inputs(design))
    assert np.array_equal(engine("hls", design).predict(x), engine("torch", design).predict(x))


@pytest.mark.slow
def test_the_verilog_begins_with_the_stage(tmp_path: Path) -> None:
    if simulator() is None:
        pytest.skip("no simulator for Verilog")
    design = staged_design(tmp_path / "design", "log_table")
    x = design.quantised_input(raw_inputs(design, 100))
    project = rtl_project(design)
    assert [port.width for port in project.record.inputs[:9]] == [14] * 8 + [10]
    assert np.array_equal(simulate(project, x), engine("torch", design).predict(x))


def test_the_stage_is_counted_unless_the_network_alone_is_asked_for(tmp_path: Path) -> None:
    design = staged_design(tmp_path / "whole", "pseudo_log")
    alone = staged_design(tmp_path / "alone", "pseudo_log", {"stages": "network"})
    whole, network = (
        estimate_network(
            each.network, each.record.task.target, task=each.record.task, preprocessing=each.record.preprocessing
        )
        for each in (design, alone)
    )
    assert network == estimate_network(design.network, TargetConfig())
    assert 50 < whole.lut - network.lut < 1000
    assert network.latency_cycles <= whole.latency_cycles <= network.latency_cycles + 2
    found = rtl_project(design).record.whole
    assert found.cost_lut == pytest.approx(whole.lut, rel=0.1)
    assert rtl_project(alone).record.cost_lut == pytest.approx(network.lut, rel=0.1)
    samples = physical("pseudo_log", design.record.architecture, 100)
    one, other = (engine("rtl", each).predict(each.quantised_input(each.inputs(samples))) for each in (design, alone))
    assert np.array_equal(one, other)
    assert exported(design).source != exported(alone).source


def test_other_inputs_than_raw_integers_are_refused(tmp_path: Path) -> None:
    design = staged_design(tmp_path / "design", "shift")
    for value in (0.5, 1e6):
        with pytest.raises(InputError, match="expected the raw integers of its types"):
            design.quantised_input(np.full((1, 16), value, np.float32))


@pytest.mark.slow
def test_synth_proves_the_whole_chain(tmp_path: Path) -> None:
    design = staged_design(tmp_path / "design", "pseudo_log")
    report = synthesise(design, design.record.task.target, synthesis=False, check_inputs=raw_inputs(design, 50))
    assert report.verification.equal and report.rtl_samples > 1000
    sheet = (tmp_path / "design" / "hls" / "INTERFACE.md").read_text()
    assert "| 0 | pT [GeV] | `ufixed<14,12>` | `x * 4` | 0 ... 16383 |" in sheet
    assert "All that follows is in the circuit, and counted: the input stage (`pseudo_log`)" in sheet
