"""No network of a deployable space is refused, and all engines agree on it, whatever its training left behind."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from designs import make_design, samples
from extreme import DEPLOYABLE, extreme_network, small_member
from hypothesis import given, settings
from hypothesis import strategies as st

from nac.arch import deployment_problems
from nac.compress.constants import without_constants
from nac.config import TargetConfig
from nac.design import Design
from nac.hardware import export, read_circuit, synthesise
from nac.hardware.circuit.evaluate import evaluate
from nac.hardware.engines.exported import QonnxEngine
from nac.hardware.engines.trained import TorchEngine
from nac.hardware.onnx.export import load_model
from nac.hardware.rtl import tools
from nac.hardware.rtl.engine import rtl_project
from nac.hardware.rtl.lowering import LowerOptions, lower
from nac.hardware.rtl.project import check_graph
from nac.hardware.rtl.simulation import prove

SEEDS = st.integers(0, 2**32 - 1)


def extreme_design(folder: Path, space: str, seed: int) -> tuple[Design, Design]:
    """The network as trained, and what is delivered of it."""
    generator = np.random.default_rng(seed)
    arch = small_member(space, generator)
    assert deployment_problems(arch) == []
    network = extreme_network(arch, generator)
    smaller, _ = without_constants(network)
    return make_design(folder / "trained", arch, network), make_design(folder / "made", smaller.architecture, smaller)


def assert_exact(folder: Path, space: str, seed: int) -> None:
    trained, made = extreme_design(folder, space, seed)
    x = trained.quantised_input(samples(trained.record.architecture, 50))
    expected = TorchEngine(trained).predict(x)
    for design in (trained, made):
        circuit = read_circuit(load_model(export(design, keep_intermediates=False)))
        assert np.array_equal(evaluate(circuit, x), expected)
        assert np.array_equal(TorchEngine(design).predict(x), expected)
        assert np.array_equal(QonnxEngine(design).predict(x), expected)
        check_graph(lower(circuit, LowerOptions(thorough=False)), circuit, 300)


@pytest.mark.parametrize("space", DEPLOYABLE)
@given(seed=SEEDS)
@settings(max_examples=1, deadline=None, derandomize=True)
def test_no_network_is_refused_and_all_engines_agree(
    tmp_path_factory: pytest.TempPathFactory, space: str, seed: int
) -> None:
    assert_exact(tmp_path_factory.mktemp("extreme"), space, seed)


@pytest.mark.slow
@pytest.mark.parametrize("space", DEPLOYABLE)
@given(seed=SEEDS)
@settings(max_examples=6, deadline=None, derandomize=True)
def test_none_of_many(tmp_path_factory: pytest.TempPathFactory, space: str, seed: int) -> None:
    assert_exact(tmp_path_factory.mktemp("extreme"), space, seed)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")
@pytest.mark.parametrize("space", DEPLOYABLE)
def test_firmware_of_them_is_exact(tmp_path: Path, space: str) -> None:
    for design in extreme_design(tmp_path, space, seed=1):
        io_type = "io_stream" if len(design.record.architecture.input) == 3 else "io_parallel"
        target = TargetConfig.model_validate({"io_type": io_type})
        x = samples(design.record.architecture, 200)
        report = synthesise(design, target, check_inputs=x, simulation=False, synthesis=False)
        assert report.verification.hls_samples == 200
        assert report.rtl_samples >= 200


@pytest.mark.slow
@pytest.mark.skipif(tools.verilator() is None, reason=tools.MISSING["verilator"])
def test_verilog_of_one_is_exact(tmp_path: Path) -> None:
    trained, _ = extreme_design(tmp_path, "jets_mlp_quantised", 1)
    export(trained, keep_intermediates=False)
    x = trained.quantised_input(samples(trained.record.architecture, 100))
    assert prove(rtl_project(trained), x, TorchEngine(trained).predict(x), tools.verilator()).samples == 100


def test_a_design_saved_with_a_saturated_bias_is_built_with_the_one_it_was_trained_with(tmp_path: Path) -> None:
    """All weights of a channel were pruned; in steps of 2**-30 its bias 2.7475 had become 2.0, which RTL refused."""
    case = Path(__file__).parents[3] / "shared" / "cases" / "dead_channel"
    if not case.is_dir():
        pytest.skip("the design that showed it is not here")
    for name in ("design.json", "weights.safetensors"):
        shutil.copy(case / name, tmp_path / name)
    design = Design.load(tmp_path)
    circuit = read_circuit(load_model(export(design, keep_intermediates=False)))
    weights = circuit["dense2"].weights
    assert weights is not None
    assert weights.bias[2] * 2.0**-weights.bias_type.fraction == pytest.approx(2.7475, abs=1e-4)
    x = design.quantised_input(samples(design.record.architecture, 50))
    assert np.array_equal(TorchEngine(design).predict(x), evaluate(circuit, x))
    check_graph(lower(circuit, LowerOptions(thorough=False)), circuit, 300)
