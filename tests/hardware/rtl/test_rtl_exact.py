"""torch == adder graph == Verilog, bit for bit, for every way through the hardware route."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from alkaid.trace import passes
from alkaid.types import CombLogic
from designs import DesignMaker, architecture, make_design, random_network, samples

from nac.config import TargetConfig
from nac.errors import InputError, WorkError
from nac.hardware import engine, export, outputs_sha256
from nac.hardware.circuit.evaluate import evaluate, random_input
from nac.hardware.engines.trained import TorchEngine
from nac.hardware.onnx.export import circuit_of
from nac.hardware.rtl import tools
from nac.hardware.rtl.build import build_rtl
from nac.hardware.rtl.engine import RtlEngine, rtl_project
from nac.hardware.rtl.names import rtl_top
from nac.hardware.rtl.project import write_rtl
from nac.hardware.rtl.record import RtlProject
from nac.hardware.rtl.simulation import prove, simulate
from nac.hardware.rtl.tools import Tool

KINDS = ("mlp", "mean", "max", "set", "cnn", "attention")
ACTIVATIONS = ("relu", "none", "leaky_relu_1_8")
Probe = Callable[[], Tool | None]
SIMULATORS = [
    pytest.param(probe, marks=pytest.mark.skipif(probe() is None, reason=tools.MISSING[name]), id=name)
    for name, probe in (("verilator", tools.verilator), ("iverilog", tools.iverilog))
]

@pytest.mark.parametrize(
    ("kind", "bits", "activation"),
    [
        pytest.param(kind, bits, activation, marks=[pytest.mark.slow] if kind in {"cnn", "attention"} else [])
        for k, kind in enumerate(KINDS)
        for b, bits in enumerate((2, 3, 4, 6, 8))
        for a, activation in enumerate(ACTIVATIONS)
        if (k + b + a) % 3 == 0 and not (kind in {"cnn", "attention"} and bits > 4)
    ],
)
def test_circuit_and_adder_graph_equal_torch(design_of: DesignMaker, kind: str, bits: int, activation: str) -> None:
    design = design_of(kind, bits, activation)
    circuit = circuit_of(design)
    x = np.concatenate([random_input(circuit, 300), design.quantised_input(samples(design.record.architecture))])
    expected = TorchEngine(design).predict(x)
    assert np.array_equal(evaluate(circuit, x), expected)
    found = engine("rtl", design).predict(x)
    assert np.array_equal(found, expected)
    assert outputs_sha256(found) == outputs_sha256(expected)


@pytest.mark.parametrize("probe", SIMULATORS)
@pytest.mark.parametrize("kind", ["mlp", pytest.param("max", marks=pytest.mark.slow)])
def test_verilog_computes_one_exact_result_per_clock(design_of: DesignMaker, kind: str, probe: Probe) -> None:
    design = design_of(kind, 3, "leaky_relu_1_8")
    x = random_input(circuit_of(design), 150)
    tool = probe()
    project = rtl_project(design)
    proof = prove(project, x, TorchEngine(design).predict(x), tool)
    assert (proof.samples, proof.latency_cycles) == (150, project.record.stages + 1)
    wrong = TorchEngine(design).predict(x)
    wrong[7, 2] += 1
    with pytest.raises(WorkError, match="output 2 of sample 7"):
        prove(project, x, wrong, tool)


@pytest.mark.parametrize("probe", SIMULATORS)
def test_the_latency_is_the_reported_one(design_of: DesignMaker, probe: Probe) -> None:
    design = design_of("mlp", 3)
    x = random_input(circuit_of(design), 60)
    project = rtl_project(design)
    for cycles in (project.record.latency_cycles - 1, project.record.latency_cycles + 1):
        other = RtlProject(project.path, project.record.model_copy(update={"latency_cycles": cycles}))
        with pytest.raises(WorkError):
            prove(other, x, TorchEngine(design).predict(x), probe())


def test_engine_simulates_when_asked(design_of: DesignMaker) -> None:
    if tools.iverilog() is None and tools.verilator() is None:
        pytest.skip("no simulator for Verilog")
    design = design_of("mlp", 2)
    x = random_input(circuit_of(design), 20)
    assert np.array_equal(RtlEngine(design, simulates=True).predict(x), RtlEngine(design).predict(x))


def test_dead_networks_are_circuits_too(tmp_path: Path) -> None:
    arch = architecture("mean", 4)
    network = random_network(arch)
    with torch.no_grad():
        for name in network.weighted:
            network.weight(name)[1::2] = 0
            bias = network.layers[name].bias
            assert isinstance(bias, torch.Tensor)
            bias[-1] = 0
            if name == "dense2":
                network.weight(name)[:] = 0
                bias[:] = 0
    design = make_design(tmp_path / "dead", arch, network)
    export(design)
    x = random_input(circuit_of(design), 50)
    assert np.array_equal(engine("rtl", design).predict(x), TorchEngine(design).predict(x))
    if (tool := tools.iverilog()) is not None:
        assert np.array_equal(simulate(rtl_project(design), x, tool), TorchEngine(design).predict(x))


def test_projects_are_kept_until_the_network_or_target_changes(design_of: DesignMaker) -> None:
    design = design_of("mlp", 3)
    project = rtl_project(design)
    mark = project.path / "mark"
    mark.touch()
    rtl_project(design)
    assert mark.exists()
    faster = rtl_project(design, TargetConfig(clock_period_ns=2.0))
    assert not mark.exists()
    assert faster.record.stages > project.record.stages
    assert RtlProject.load(faster.path).record == faster.record


def test_graphs_that_do_not_settle_are_built_without_another_trace(
    design_of: DesignMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def optimize(graph: CombLogic, *, keep_dead_inputs: bool, retrace: bool = True) -> CombLogic:
        if retrace:
            raise RuntimeError("Optimization did not converge after 3 iterations")
        return settle(graph, keep_dead_inputs=keep_dead_inputs, retrace=False)

    settle = passes.optimize
    monkeypatch.setattr("nac.hardware.rtl.lowering.optimize", optimize)
    design = design_of("mean", 3)
    x = random_input(circuit_of(design), 300)
    assert np.array_equal(engine("rtl", design).predict(x), TorchEngine(design).predict(x))


def test_broken_graphs_are_said_to_be(design_of: DesignMaker) -> None:
    project = rtl_project(design_of("mlp", 2))
    file = project.path / "model" / "comb.json.gz"
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(InputError, match="is no adder graph"):
        RtlProject.load(project.path).predict(np.zeros((1, 16)))


def test_projects_replace_no_other_folder(design_of: DesignMaker, tmp_path: Path) -> None:
    design = design_of("mlp", 3)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").touch()
    with pytest.raises(InputError, match="no RTL project"):
        write_rtl(circuit_of(design), tmp_path / "mine", TargetConfig(), name="x", source="")
    with pytest.raises(InputError, match="is no RTL project"):
        RtlProject.load(tmp_path / "mine")


def test_the_project_says_what_it_is(design_of: DesignMaker) -> None:
    design = design_of("mlp", 3)
    project = rtl_project(design, TargetConfig(part="xczu9eg-ffvb1156-2-e", clock_period_ns=4))
    text = (project.path / "README.md").read_text()
    assert "xczu9eg-ffvb1156-2-e, 4 ns" in text
    assert f"`{project.record.top}`" in text
    assert "$" not in text
    assert "xczu9eg-ffvb1156-2-e" in (project.path / "build_vivado_prj.tcl").read_text()
    assert "create_clock" in (project.path / "src" / f"{project.record.top}.xdc").read_text()
    assert sum(p.width for p in project.record.inputs) == 16 * 3


@pytest.mark.parametrize("name", ["output", "a b; exec rm", "../up", "9-w6-s50", "t$(x)"])
def test_names_cannot_be_anything_but_identifiers(name: str) -> None:
    made = rtl_top(name, "0123", TargetConfig())
    assert made.isidentifier()
    assert made.startswith("nac_")
    targets = [TargetConfig(clock_period_ns=2.5), TargetConfig(fold=1), TargetConfig(fold=1, wait=8)]
    assert len({made, rtl_top(name, "4567", TargetConfig()), *(rtl_top(name, "0123", to) for to in targets)}) == 5


def test_wrong_inputs_are_refused(design_of: DesignMaker) -> None:
    found = engine("rtl", design_of("mlp", 3))
    with pytest.raises(InputError, match="no samples"):
        found.predict(np.empty((0, 16), np.float32))
    with pytest.raises(InputError, match="expected"):
        found.predict(np.zeros((4, 15), np.float32))


def test_the_step_reports_numbers_and_what_is_missing(
    design_of: DesignMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("verilator", "iverilog", "yosys"):
        monkeypatch.setattr(tools, name, lambda: None)
    design = design_of("mlp", 3)
    export(design)
    report = build_rtl(design, TargetConfig(), random_input(circuit_of(design), 10))
    assert report.samples == 1010
    assert report.simulation is None
    assert report.synthesis is None
    assert [line.split(":")[0] for line in report.skipped] == ["RTL simulation", "RTL synthesis"]
    assert {n.name for n in report.numbers} == {
        "lut", "ff", "dsp", "latency_cycles", "latency_ns", "ii", "rate_mhz", "answer_lut", "answer_ff",
        "answer_latency_cycles",
    }
    assert {n.kind for n in report.numbers} == {"estimate"}
    assert type(report).model_validate_json(report.model_dump_json()) == report


def test_circuits_too_large_to_synthesise_here_are_only_compared(
    design_of: DesignMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nac.hardware.rtl.build.MOST_LUT", 10)
    design = design_of("mlp", 3)
    export(design)
    report = build_rtl(design, TargetConfig(), random_input(circuit_of(design), 10))
    assert (report.samples, report.simulation, report.synthesis) == (1010, None, None)
    assert "LUTs are too many here" in report.skipped[0]


def test_networks_too_large_to_unroll_are_skipped(design_of: DesignMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nac.hardware.rtl.lowering.MOST_PRODUCTS", 10)
    design = design_of("mlp", 3)
    export(design)
    report = build_rtl(design, TargetConfig(), random_input(circuit_of(design), 10))
    assert "too many to be unrolled" in report.skipped[0]
    with pytest.raises(WorkError, match="io_stream"):
        engine("rtl", design)
