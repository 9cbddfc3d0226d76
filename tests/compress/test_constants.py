"""Channels that are constant or unread go, and every prediction stays."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from designs import architecture, make_design, random_network, samples

from nac.arch import Architecture, Network, measured_workload
from nac.arch.quantisers import FIXED_POINT
from nac.compress.constants import without_constants
from nac.cost import costs
from nac.hardware.engines import outputs_sha256
from nac.hardware.engines.trained import TorchEngine

KINDS = ("mlp", "mean", "max", "set", "cnn", "attention", "trace", "residual", "residual_trace")
ACTIVATIONS = ("relu", "none", "leaky_relu_1_8")


def same_function(network: Network, smaller: Network, folder: Path) -> bool:
    """Whether both give the same raw outputs, bit for bit."""
    arch = network.architecture
    before, after = make_design(folder / "a", arch, network), make_design(folder / "b", smaller.architecture, smaller)
    x = before.quantised_input(samples(arch, 400))
    assert np.array_equal(x, after.quantised_input(samples(arch, 400)))
    hashes = {outputs_sha256(TorchEngine(design).predict(x)) for design in (before, after)}
    return len(hashes) == 1


def damaged(arch: Architecture, seed: int) -> Network:
    """A network with channels of no weights, channels that nothing reads, saturated ones and an unread input."""
    network = random_network(arch, seed)
    generator = np.random.default_rng(seed)
    with torch.no_grad():
        for name in network.weighted:
            weight, layer = network.weight(name), network.layers[name]
            assert isinstance(layer.bias, torch.Tensor)
            if name != "output":
                weight[generator.random(len(weight)) < 0.3] = 0
                high = torch.from_numpy(generator.random(len(weight)) < 0.2)
                layer.bias[high] = torch.from_numpy(generator.choice([-1e4, 2.75, 1e4], int(high.sum()))).float()
            weight[:, generator.random(weight.shape[1]) < 0.2] = 0
    return network


@pytest.mark.parametrize(
    ("kind", "activation", "bits"),
    [(kind, activation, bits) for kind in KINDS for activation in ACTIVATIONS for bits in (3, 8)
     if bits == 3 or not kind.endswith(("trace", "residual"))],
)  # fmt: skip
def test_what_is_removed_changes_no_prediction(tmp_path: Path, kind: str, activation: str, bits: int) -> None:
    arch = architecture(kind, bits, activation)
    network = damaged(arch, seed=KINDS.index(kind))
    smaller, removed = without_constants(network)
    assert removed
    assert same_function(network, smaller, tmp_path)
    assert without_constants(smaller)[1] == {}
    for name, count in removed.items():
        assert smaller.graph[name].shape[0] == network.graph[name].shape[0] - count
    before, after = (costs(measured_workload(n)) for n in (network, smaller))
    assert all(after[name] <= before[name] for name in before)


def test_the_constant_of_a_channel_without_weights_is_in_the_biases_behind_it(tmp_path: Path) -> None:
    network = random_network(architecture("mean", 8))
    layer: Any = network.layers["dense2"]
    with torch.no_grad():
        layer.weight[3] = 0
        layer.bias[3] = 0.05
        value = network.layers["dense2_act"](torch.full((1, 8), 0.05)).value[0, 0]
        weight = network.layers["output"].quant_weight().value[:, 3]  # type: ignore[operator]
        old = network.layers["output"].bias
    smaller, removed = without_constants(network)
    assert removed == {"dense2": 1}
    assert value > 0
    new = smaller.layers["output"].bias
    assert isinstance(old, torch.Tensor)
    assert isinstance(new, torch.Tensor)
    torch.testing.assert_close(new, old + weight * value, atol=2.0**-12, rtol=0)
    assert same_function(network, smaller, tmp_path)


def test_what_only_removed_channels_read_goes_as_well(tmp_path: Path) -> None:
    network = random_network(architecture("mlp", 6))
    with torch.no_grad():
        network.weight("output")[:, :6] = 0
        network.weight("dense1")[6:, 4:] = 0
    smaller, removed = without_constants(network)
    assert removed == {"dense0": 8, "dense1": 6}
    assert smaller.architecture.summary().startswith("16: 4-2-5")
    assert same_function(network, smaller, tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_network_that_is_all_constant_keeps_a_channel_a_layer(tmp_path: Path, kind: str) -> None:
    network = random_network(architecture(kind, 4))
    with torch.no_grad():
        for name in network.weighted:
            network.weight(name).zero_()
    smaller, _ = without_constants(network)
    made = [name for name in smaller.weighted[:-1] if not name.startswith("attention")]
    assert {smaller.graph[name].shape[0] for name in made} == {1}
    assert same_function(network, smaller, tmp_path)


def test_a_network_of_which_everything_is_needed_is_left_as_it_is() -> None:
    network = random_network(architecture("attention", 8, "none"))
    smaller, removed = without_constants(network)
    assert removed == {}
    assert smaller is network


def test_the_scales_of_what_stays_are_kept(tmp_path: Path) -> None:
    """The largest weight of a row goes with its column; a finer scale would give the others other values."""
    network = random_network(architecture("mlp", 4))
    with torch.no_grad():
        network.weight("dense0")[0] = 0
        network.weight("dense1")[:, 0] = 1.0
    smaller, removed = without_constants(network)
    assert removed == {"dense0": 1}
    assert same_function(network, smaller, tmp_path)
    twin = Network(smaller.architecture, quantiser=FIXED_POINT)
    twin.load_state_dict(smaller.state_dict())
    assert same_function(network, twin.eval(), tmp_path / "again")
