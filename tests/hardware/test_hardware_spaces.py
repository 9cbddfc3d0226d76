"""Members of every deployable search space go through export, recount and, a few of them, C simulation."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from designs import make_design, random_network, samples
from extreme import DEPLOYABLE, SPACES

from nac.arch import Network, deployment_problems, measured_workload, workload
from nac.config import TargetConfig
from nac.cost import costs
from nac.hardware import assert_costs_agree, export_network, recount_model, synthesise
from nac.hardware.engines.exported import run_qonnx
from nac.hardware.engines.trained import TorchEngine
from nac.space import SearchSpace

RESEARCH = [path.stem for path in SPACES if not SearchSpace.load(str(path)).deployable]
BITS = (2, 3, 4, 6, 8)


@pytest.mark.slow
@pytest.mark.parametrize("name", DEPLOYABLE)
def test_members_are_exported_exactly_and_cost_what_they_claim(name: str, tmp_path: Path) -> None:
    space = SearchSpace.load(name)
    rng = np.random.default_rng(7)
    for index in range(10):
        bits = BITS[index % len(BITS)]
        arch = space.decode(space.repair(space.random(rng))).with_bits(weights=bits, activations=bits)
        network = random_network(arch, seed=index)
        model = export_network(network)
        assert_costs_agree(recount_model(model), measured_workload(network))
        assert costs(recount_model(model)) == costs(measured_workload(network))
        design = make_design(tmp_path / f"{index}", arch, network)
        x = design.quantised_input(samples(arch, 60))
        assert np.array_equal(run_qonnx(model, x)["global_out"], TorchEngine(design).predict(x)), arch.summary()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")
@pytest.mark.parametrize("name", DEPLOYABLE)
def test_a_member_becomes_firmware_exactly(name: str, tmp_path: Path) -> None:
    space = SearchSpace.load(name)
    arch = space.decode(space.repair(space.random(np.random.default_rng(3)))).with_bits(weights=4, activations=4)
    assert deployment_problems(arch) == []
    design = make_design(tmp_path / "member", arch, random_network(arch))
    io_type = "io_stream" if len(arch.input) == 3 else "io_parallel"
    target = TargetConfig.model_validate({"io_type": io_type})
    report = synthesise(design, target, check_inputs=samples(arch, 300), simulation=False, synthesis=False)
    assert report.verification.hls_samples == 300


@pytest.mark.slow
@pytest.mark.parametrize("name", RESEARCH)
def test_research_members_cost_what_their_float_graph_says(name: str) -> None:
    space = SearchSpace.load(name)
    rng = np.random.default_rng(11)
    for _ in range(15):
        arch = space.decode(space.repair(space.random(rng))).with_bits(weights=32, activations=32, input=32)
        assert_costs_agree(recount_model(export_network(Network(arch).eval())), workload(arch))
