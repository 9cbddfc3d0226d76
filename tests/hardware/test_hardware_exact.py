"""torch == QONNX == C simulation, for every way through the hardware route."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from designs import DesignMaker, architecture, make_design, samples

from nac.arch import Architecture, Network, bit_widths
from nac.arch.quantisers import FIXED_POINT
from nac.config import TargetConfig
from nac.errors import InputError, WorkError
from nac.hardware import (
    BACKENDS,
    ENGINES,
    HlsProject,
    engine,
    generate,
    outputs_sha256,
    synthesise,
    verify,
)
from nac.hardware.circuit import CIRCUIT_OPERATIONS, Node
from nac.hardware.hls.layers import HlsWriter, valid_reuse
from nac.hardware.rtl import tools
from nac.hardware.rtl.build import Say, silent
from nac.hardware.rtl.simulation import simulator

KINDS = ("mlp", "mean", "max", "set", "cnn", "attention")
ACTIVATIONS = ("relu", "none", "leaky_relu_1_8")
needs_gxx = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")


@pytest.mark.parametrize(
    ("kind", "bits", "activation"),
    [
        pytest.param(kind, bits, activation, marks=[] if (k + b + a) % 5 == 0 else pytest.mark.slow)
        for k, kind in enumerate(KINDS)
        for b, bits in enumerate((2, 3, 4, 6, 8))
        for a, activation in enumerate(ACTIVATIONS)
    ],
)
def test_torch_equals_qonnx(design_of: DesignMaker, kind: str, activation: str, bits: int) -> None:
    design = design_of(kind, bits, activation)
    x = design.quantised_input(samples(design.record.architecture))
    torch_, qonnx = (engine(name, design).predict(x) for name in ("torch", "qonnx"))
    assert np.array_equal(torch_, qonnx)
    assert outputs_sha256(torch_) == outputs_sha256(qonnx)


def mixed_network(kind: str, seed: int = 0) -> tuple[Architecture, Network]:
    """Weights per layer and activations of 2 to 10 bits, the scales of the channels of a layer far apart."""
    arch = architecture(kind, 6)
    generator = np.random.default_rng(seed)
    arch = arch.with_layer_bits({name: int(generator.integers(2, 11)) for name in bit_widths(arch)})
    torch.manual_seed(seed)
    network = Network(arch, quantiser=FIXED_POINT).train()
    with torch.no_grad():
        for name in network.weighted:
            weight = network.weight(name)
            factors = torch.tensor([1.0, 0.2, 0.03]).repeat(len(weight))[: len(weight)]
            weight.mul_(factors.reshape(-1, *[1] * (weight.dim() - 1)))
        for _ in range(35):
            network(torch.randn(64, *arch.input))
    return arch, network.eval()


@needs_gxx
@pytest.mark.parametrize("kind", ["mean", *(pytest.param(k, marks=pytest.mark.slow) for k in KINDS if k != "mean")])
def test_a_width_for_every_layer_and_a_scale_for_every_channel_are_exact(tmp_path: Path, kind: str) -> None:
    arch, network = mixed_network(kind)
    design = make_design(tmp_path / "mixed", arch, network)
    report = synthesise(design, TargetConfig(), check_inputs=samples(arch), simulation=False, synthesis=False)
    assert report.verification.hls_samples == report.verification.qonnx_samples == 200
    assert report.verification.proven
    assert report.rtl_samples > 200
    assert {n.name: n.value for n in report.numbers if n.kind == "count"} == design.record.costs


@needs_gxx
@pytest.mark.slow
@pytest.mark.skipif(simulator() is None or tools.yosys() is None, reason="no simulator or synthesiser for Verilog")
def test_synthesise_verifies_and_reports(design_of: DesignMaker) -> None:
    design = design_of("mean", 2)
    said: list[str] = []
    report = synthesise(design, TargetConfig(), check_inputs=samples(design.record.architecture), say=said.append)
    assert [line.split(" with ")[0].split(", an ")[0] for line in said] == [
        "QONNX, project and C simulation", "RTL", "RTL simulation", "RTL synthesis"
    ]  # fmt: skip
    assert report.verification.equal
    assert report.verification.hls_samples == report.verification.qonnx_samples == 200
    assert report.verification.proven
    assert {n.name: n.value for n in report.numbers if n.kind == "count"} == design.record.costs
    assert {"lut", "ff", "latency_cycles"} <= {n.name for n in report.numbers if n.kind == "estimate"}
    assert report.rtl_samples > 200
    assert report.rtl_simulation is not None
    assert report.rtl_simulation.samples == report.rtl_samples
    assert report.rtl_synthesis is not None
    found = {(n.name, n.kind): n.value for n in report.numbers}
    assert found["lut", "synthesis"] == report.rtl_synthesis.lut > 0
    assert found["latency_cycles", "simulation"] == found["latency_cycles", "estimate"]
    assert found["ii", "simulation"] == 1
    assert type(report).model_validate_json((design.path / "reports.json").read_text()) == report
    assert report.verification.predictions_sha256 in (design.path / "hls" / "README.md").read_text()
    x = design.quantised_input(samples(design.record.architecture, seed=5))
    hashes = {outputs_sha256(engine(name, design).predict(x)) for name in ENGINES}
    assert len(hashes) == 1


@needs_gxx
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["mlp", "mean", "max"])
@pytest.mark.parametrize("dead", ["activations", "weights"])
def test_a_layer_that_is_always_zero_is_exact(tmp_path: Path, kind: str, dead: str) -> None:
    """Trainings that go wrong leave such layers; Brevitas' own smallest scale is not a power of two."""
    arch = architecture(kind, 6)
    torch.manual_seed(0)
    network = Network(arch, quantiser=FIXED_POINT).train()
    layer = network.layers[network.weighted[0]]
    with torch.no_grad():
        if dead == "weights":
            network.weight(network.weighted[0]).zero_()
        else:
            assert isinstance(layer.bias, torch.Tensor)
            layer.bias.fill_(-1000)
        for _ in range(35):
            network(torch.randn(64, *arch.input))
    design = make_design(tmp_path / dead, arch, network.eval())
    report = synthesise(design, TargetConfig(), check_inputs=samples(arch), simulation=False, synthesis=False)
    assert report.verification.hls_samples == 200
    assert report.rtl_samples > 200
    assert (report.rtl_simulation, report.rtl_synthesis) == (None, None)


@needs_gxx
@pytest.mark.slow
@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
@pytest.mark.parametrize(
    ("kind", "bits", "activation"),
    [("mlp", 8, "leaky_relu_1_8"), ("mean", 3, "none"), ("max", 6, "leaky_relu_1_8"), ("set", 2, "relu"),
     ("cnn", 6, "relu"), ("cnn", 2, "leaky_relu_1_8"), ("attention", 8, "relu"), ("attention", 4, "leaky_relu_1_8")],
)  # fmt: skip
def test_hls_equals_torch(design_of: DesignMaker, kind: str, bits: int, activation: str, io_type: str) -> None:
    design = design_of(kind, bits, activation)
    target = TargetConfig.model_validate({"io_type": io_type})
    x = samples(design.record.architecture, 1000)
    assert verify(design, x, project=generate(design, target)).hls_samples == 1000


@needs_gxx
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["mlp", "mean", "cnn"])
def test_resource_strategy_is_exact(design_of: DesignMaker, kind: str) -> None:
    design = design_of(kind, 6)
    target = TargetConfig(strategy="Resource", reuse_factor=4, io_type="io_stream")
    assert verify(design, samples(design.record.architecture), project=generate(design, target)).equal


@needs_gxx
@pytest.mark.slow
@pytest.mark.parametrize("backend", sorted(BACKENDS))
def test_every_backend_writes_a_project(design_of: DesignMaker, backend: str) -> None:
    design = design_of("mean", 4)
    report = synthesise(
        design, TargetConfig(backend=backend), check_inputs=samples(design.record.architecture), simulation=False,
        synthesis=False,
    )  # fmt: skip
    assert report.verification.hls_samples == (200 if BACKENDS[backend].simulates else 0)
    assert HlsProject.open(design.path / "hls").record.target.backend == backend


@needs_gxx
def test_the_first_layer_that_differs_is_named(design_of: DesignMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    design = design_of("mlp", 4)
    dense = CIRCUIT_OPERATIONS["dense"]
    whole = dense.hls

    def spoilt(node: Node, layers: HlsWriter) -> None:
        whole(node, layers)
        if node.name == "dense1":
            layers.out.layers[-1]["weight_data"] = -layers.out.layers[-1]["weight_data"]

    monkeypatch.setattr(dense, "hls", spoilt)
    with pytest.raises(WorkError, match="QONNX and HLS differ first in layer dense1:"):
        synthesise(design, TargetConfig(), check_inputs=samples(design.record.architecture))
    assert not (design.path / "reports.json").exists()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("line", ["QONNX", "RTL"])
def test_an_interruption_leaves_a_design_with_the_firmware_that_it_had(design_of: DesignMaker, line: str) -> None:
    design, target = design_of("mlp", 4), TargetConfig(backend="oneAPI")
    x = samples(design.record.architecture, 20)

    def interrupt(said: str) -> None:
        if said.startswith(line):
            raise KeyboardInterrupt

    def build(period: float, say: Say = silent) -> None:
        timed = target.model_copy(update={"clock_period_ns": period})
        synthesise(design, timed, check_inputs=x, simulation=False, synthesis=False, say=say)

    build(5.0)
    before = contents(design.path)
    (design.path / ".synth").mkdir()  # as a process leaves it that is killed
    with pytest.raises(KeyboardInterrupt):
        build(2.0, interrupt)
    assert contents(design.path) == before
    build(2.0)
    assert not (design.path / ".synth").exists()
    assert (design.path / "reports.json").read_bytes() != before["reports.json"]


def test_a_network_that_left_its_export_behind_is_noticed(design_of: DesignMaker) -> None:
    design = design_of("cnn", 4)
    verify(design, samples(design.record.architecture, 10), project=generate(design, TargetConfig(backend="oneAPI")))
    with torch.no_grad():
        design.network.weight("conv2d1").mul_(-1)
    with pytest.raises(WorkError, match="torch and QONNX differ first in layer conv2d1:"):
        verify(design, samples(design.record.architecture, 10))


def test_wrong_targets_are_refused(design_of: DesignMaker) -> None:
    design = design_of("attention", 4)
    with pytest.raises(InputError, match=r"target\.backend: Quartus has no product"):
        generate(design, TargetConfig(backend="Quartus"))
    with pytest.raises(InputError, match=r"target\.backend: no backend 'Fantasy'"):
        generate(design, TargetConfig(backend="Fantasy"))
    with pytest.raises(InputError, match="unknown engine 'abacus', known: hls, qonnx, rtl, torch"):
        engine("abacus", design)


def test_a_folder_of_others_is_left_alone(design_of: DesignMaker) -> None:
    design = design_of("mlp", 4)
    folder = design.path / "mine"
    folder.mkdir()
    (folder / "thesis.tex").write_text("42")
    with pytest.raises(InputError, match="no project written by nac"):
        generate(design, TargetConfig(), folder)
    assert (folder / "thesis.tex").read_text() == "42"


@pytest.mark.parametrize(("requested", "n_in", "n_out", "expected"), [(4, 3, 8, 3), (4, 8, 5, 4), (7, 8, 6, 4),
                                                                      (20, 8, 6, 16), (1000, 8, 6, 48)])  # fmt: skip
def test_reuse_factors_that_cannot_be_built_are_lowered(requested: int, n_in: int, n_out: int, expected: int) -> None:
    assert valid_reuse(requested, n_in, n_out) == expected
