"""Networks of learned widths: torch == QONNX == circuit == adder graph == C simulation, whatever the widths."""

import shutil
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from designs import make_design, samples
from learned import learned, with_widths
from numpy.typing import NDArray

from nac.arch import Architecture, Dense, Network, measured_workload
from nac.arch.quantisers import LEARNED
from nac.arch.quantisers.learned import Values
from nac.arch.quantisers.rounding import PACE
from nac.compress.constants import without_constants
from nac.compress.learned.settle import settled
from nac.config import TargetConfig
from nac.hardware import ENGINES, engine, outputs_sha256, synthesise
from nac.hardware.circuit.evaluate import corner_input, evaluate, random_input
from nac.hardware.engines.exported import run_qonnx
from nac.hardware.onnx.convert import run_onnxruntime
from nac.hardware.onnx.export import export_network
from nac.hardware.onnx.plain import to_plain
from nac.hardware.onnx.read import read_circuit
from nac.hardware.onnx.recount import assert_costs_agree, recount_model
from nac.hardware.rtl.lowering import lower
from nac.space import SearchSpace

KINDS = ("mlp", "mean", "max", "set", "cnn", "attention")
FLOAT32_BITS = 24
needs_gxx = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")


def outputs(network: Network, x: NDArray[np.float32]) -> NDArray[np.float64]:
    with torch.no_grad():
        found: NDArray[np.float64] = network.double()(torch.from_numpy(x).double()).numpy()
    return found


@pytest.mark.parametrize("activation", ["relu", pytest.param("leaky_relu_1_8", marks=pytest.mark.slow), "none"])
@pytest.mark.parametrize("kind", [k if k in {"mlp", "mean", "set"} else pytest.param(k, marks=pytest.mark.slow)
                                  for k in KINDS])  # fmt: skip
@pytest.mark.parametrize("seed", [0, 1, pytest.param(2, marks=pytest.mark.slow)])
def test_all_that_computes_agrees(kind: str, activation: str, seed: int) -> None:
    network = learned(kind, seed, activation)
    model = export_network(network)
    circuit = read_circuit(model)
    x = np.concatenate([random_input(circuit, 100, seed), corner_input(circuit, 50, seed)])
    expected = outputs(network, x)
    assert np.ptp(expected) > 0
    assert np.array_equal(run_qonnx(model, x)[model.graph.output[0].name], expected)
    if max(node.type.width for node in circuit.nodes) <= FLOAT32_BITS:
        assert np.array_equal(run_onnxruntime(to_plain(model), x), expected)
    assert np.array_equal(evaluate(circuit, x), expected)
    if kind not in {"cnn", "attention"}:
        assert np.array_equal(lower(circuit).predict(x.reshape(len(x), -1).astype(np.float64)), expected)
    assert_costs_agree(recount_model(model), measured_workload(network.float()))


@pytest.mark.parametrize("space", ["jets", "waveforms", "bragg", "jets_mlp", "jets_learned"])
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 8))])
def test_members_of_the_shipped_spaces_agree(space: str, seed: int) -> None:
    known = SearchSpace.load(space)
    arch = known.decode(known.repair(known.random(np.random.default_rng(seed))))
    network = with_widths(arch, seed)
    model = export_network(network)
    circuit = read_circuit(model)
    x = np.concatenate([random_input(circuit, 20, seed), corner_input(circuit, 10, seed)])
    expected = outputs(network, x)
    assert np.array_equal(evaluate(circuit, x), expected), arch.summary()
    assert np.array_equal(run_qonnx(model, x[:8])[model.graph.output[0].name], expected[:8]), arch.summary()
    smaller, _ = without_constants(network.float())
    assert np.array_equal(evaluate(read_circuit(export_network(smaller)), x), expected), arch.summary()


@pytest.mark.parametrize("kind", ["mlp", "mean", "set"])
def test_without_dead_channels_it_computes_the_same(kind: str) -> None:
    network = learned(kind, 3)
    smaller, removed = without_constants(network)
    assert removed
    assert smaller.quantiser == LEARNED
    x = torch.randn(200, *network.architecture.input)
    assert torch.equal(smaller(x), network(x))
    assert_costs_agree(recount_model(export_network(smaller)), measured_workload(smaller))


def test_widths_are_those_of_the_channels_that_are_left_down_to_a_single_bit() -> None:
    blocks = (Dense(width=3), Dense(width=3))
    network = Network(Architecture(input=(2,), outputs=2, blocks=blocks), quantiser=LEARNED)
    hidden = cast(Values, network.layers["dense0_act"])
    with torch.no_grad():
        hidden.fraction.copy_(torch.tensor([0.0, 6.0, 0.0]) / PACE)
        hidden.whole.copy_(torch.tensor([1.0, 4.0, 1.0]) / PACE)
        network.weight("dense1")[:, 1] = 0  # nothing reads the channel that is wide
    smaller, removed = without_constants(settled(network))
    assert removed["dense0"] >= 1
    assert smaller.architecture.layer_bits["dense0_act"] == 1
    model = export_network(smaller)
    assert_costs_agree(recount_model(model), measured_workload(smaller))
    x = corner_input(read_circuit(model), 50, 0)
    assert np.array_equal(evaluate(read_circuit(model), x), outputs(smaller, x))


@needs_gxx
@pytest.mark.parametrize("kind", ["mean", *(pytest.param(k, marks=pytest.mark.slow) for k in KINDS if k != "mean")])
def test_a_design_of_learned_widths_is_exact_in_every_engine(tmp_path: Path, kind: str) -> None:
    network = learned(kind, 4)
    design = make_design(tmp_path / "learned", network.architecture, network)
    report = synthesise(design, TargetConfig(), check_inputs=samples(design.record.architecture), simulation=False,
                        synthesis=False)  # fmt: skip
    assert report.verification.hls_samples == report.verification.qonnx_samples == 200
    assert report.verification.proven
    x = design.quantised_input(samples(design.record.architecture, seed=5))
    assert len({outputs_sha256(engine(name, design).predict(x)) for name in ENGINES}) == 1
