"""Any member of a space whose genes say how it is folded becomes that circuit, as it was forecast, exactly."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from designs import make_design, random_network
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from nac.arch import workload
from nac.config import TargetConfig
from nac.hardware.analytic import model_of
from nac.hardware.circuit.evaluate import corner_input, evaluate, random_input
from nac.hardware.onnx.export import circuit_of
from nac.hardware.rtl.engine import rtl_project
from nac.hardware.rtl.estimation import estimate
from nac.space import SearchSpace, folding

COMMON: dict[str, Any] = {
    "deployable": True, "outputs": 2, "bits": {"input": 4, "weights": [3, 4], "activations": 3}, "wait": [0, 12],
}  # fmt: skip
SET: dict[str, Any] = {
    **COMMON, "kind": "deep_sets", "input": [2, 8], "fold": [1, 2, 4, 8, "all"],
    "phi": {"layers": [0, 1, 2], "width": [2, 3], "bottleneck": [4]}, "aggregate": ["mean", "max", "flatten"],
    "rho": {"layers": [1, 2], "width": [3, 4]},
}  # fmt: skip
TRACE: dict[str, Any] = {
    **COMMON, "kind": "sequence", "input": [2, 12], "fold": [1, 3, "all"],
    "sequence": {
        "stem": [{"block": "none"}, {"block": "conv1d", "channels": 2, "kernel": [1, 3], "padding": "same"}],
        "pool": [{"block": "none"}, {"block": "pool", "size": 2}],
        "flat": {"block": "flatten"},
        "hidden": {"block": "dense", "width": [2, 4]},
    },
}  # fmt: skip
IMAGE: dict[str, Any] = {
    **COMMON, "kind": "cnn", "input": [1, 5, 5], "fold": [1, "all"], "stem": {"channels": [2], "kernel": [1, 3]},
    "slots": {"count": 1, "block": ["conv_block", "none"], "conv_block": {"channels": [2], "kernel": [1, 3]}},
    "head": {"layers": [0, 1], "width": [3]},
}  # fmt: skip
SPACES = {name: SearchSpace.described(name, file, name)
          for name, file in {"set": SET, "trace": TRACE, "image": IMAGE}.items()}  # fmt: skip


@pytest.mark.parametrize("name", SPACES)
@settings(max_examples=6, deadline=None, derandomize=True, phases=[Phase.generate],
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(seed=st.integers(0, 10_000))
def test_any_member_is_folded_as_its_genes_say_and_exact(
    name: str, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    space = SPACES[name]
    genotype = space.repair(space.random(np.random.default_rng(seed)))
    architecture, target = space.decode(genotype), folding(genotype).of(TargetConfig())
    assert target.fold == genotype["fold"]
    folder: Path = tmp_path_factory.mktemp(name)
    design = make_design(folder, architecture, random_network(architecture, seed))
    circuit = circuit_of(design)
    x = np.concatenate([random_input(circuit, 20), corner_input(circuit, 20)])
    expected = evaluate(circuit, x)
    assume(np.ptp(expected, axis=0).all())  # of random weights some answer nothing
    known, found = estimate(circuit, target).costs(), model_of().predict(
        workload(architecture), target, shape=architecture.input)  # fmt: skip
    assert (found["ii"], found["rate_mhz"]) == (known["ii"], known["rate_mhz"])
    project = rtl_project(design, target)
    assert project.record.initiation_interval == known["ii"]
    assert np.array_equal(project.predict(x), expected)
