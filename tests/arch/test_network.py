from typing import Any

import pytest
import torch
from networks import ATTENTION_CNN, BRAGGNN, DEEP_SETS, DEPLOYABLE

from nac.arch import (
    Aggregate,
    Architecture,
    Dense,
    Network,
    copied,
    fold_norms,
    integer_weights,
    measured_workload,
    quantise,
    workload,
)
from nac.arch.brevitas import SPREAD
from nac.arch.quantisers import FIXED_POINT
from nac.cost import bops, parameters
from nac.errors import InputError


def trained(architecture: Architecture) -> Network:
    """A float network whose norms have seen data."""
    torch.manual_seed(0)
    network = Network(architecture)
    for _ in range(5):
        network(torch.randn(64, *architecture.input))
    return network.eval()


def calibrated(network: Network, bits: int = 8) -> Network:
    quantised = quantise(network, network.architecture.with_bits(weights=bits, activations=bits))
    for _ in range(40):
        quantised(torch.randn(64, *network.architecture.input))
    return quantised.eval()


@pytest.mark.parametrize("architecture", [*DEPLOYABLE.values(), BRAGGNN])
def test_networks_have_the_shape_they_say(architecture: Architecture) -> None:
    assert trained(architecture)(torch.randn(3, *architecture.input)).shape == (3, architecture.outputs)


@pytest.mark.parametrize("architecture", DEPLOYABLE.values(), ids=DEPLOYABLE)
def test_parameter_count_is_that_of_the_deployed_network(architecture: Architecture) -> None:
    folded = fold_norms(trained(architecture))
    count = sum(weight.numel() + (0 if bias is None else bias.numel()) for weight, bias in folded.values())
    assert count == parameters(workload(architecture))


@pytest.mark.parametrize("architecture", DEPLOYABLE.values(), ids=DEPLOYABLE)
def test_quantised_network_starts_near_the_float_one(architecture: Architecture) -> None:
    network = trained(architecture)
    x = torch.randn(500, *architecture.input)
    with torch.no_grad():
        exact, narrow = network(x), calibrated(network)(x)
    assert (exact - narrow).abs().mean() < 0.15 * exact.abs().mean()


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_weights_are_integers_of_the_asked_width(bits: int) -> None:
    quantised = calibrated(trained(DEEP_SETS), bits)
    for name, weights in integer_weights(quantised).items():
        assert int(weights.abs().max()) <= 2 ** (bits - 1) - 1, name


def test_measured_workload_counts_zero_weights() -> None:
    quantised = calibrated(trained(DEEP_SETS), 4)
    with torch.no_grad():
        quantised.weight("dense1")[:16] = 0
    ops = {op.name: op for op in measured_workload(quantised)}
    assert ops["dense1"].density <= 0.5
    assert bops(ops.values()) < bops(workload(quantised.architecture))


def test_inputs_are_put_on_a_grid_that_they_stay_on() -> None:
    layer = calibrated(trained(ATTENTION_CNN)).layers["input"]
    with torch.no_grad():
        once = layer(torch.randn(5, 1, 11, 11)).value
        assert torch.equal(layer(once).value, once)


def test_softmax_has_no_quantised_network() -> None:
    with pytest.raises(InputError, match="softmax"):
        Network(BRAGGNN.with_bits(weights=8, activations=8, input=8), quantiser=FIXED_POINT)


def test_linear_attention_is_attention_in_the_other_order() -> None:
    network = trained(ATTENTION_CNN)
    values: dict[str, torch.Tensor] = {}
    for name in ("query", "key", "value", "mix"):
        node = f"attention1_{name}_act"
        network.layers[node].register_forward_hook(
            lambda module, inputs, output, name=name: values.__setitem__(name, output.detach())
        )
    with torch.no_grad():
        network(torch.randn(4, 1, 11, 11))
    scores = values["query"].transpose(1, 2) @ values["key"]
    assert torch.allclose(values["value"] @ scores.transpose(1, 2), values["mix"], atol=1e-5)


@pytest.mark.parametrize(("activation", "signed"), [("relu", False), ("leaky_relu_1_8", True), ("none", True)])
def test_the_mean_has_a_sign_bit_only_where_it_can_be_negative(activation: str, signed: bool) -> None:
    phi = Dense.model_validate({"width": 8, "activation": activation})
    network = calibrated(trained(Architecture(input=(3, 8), outputs=2, blocks=(phi, Aggregate()))))
    with torch.no_grad():
        assert network.layers["aggregate1_act"](torch.rand(4, 8)).signed == signed


def scales_of(network: Network, name: str) -> torch.Tensor:
    layer: Any = network.layers[name]
    with torch.no_grad():
        scales: torch.Tensor = layer.quant_weight().scale.flatten()
    return scales


@pytest.mark.parametrize("bits", [2, 4, 8, 16])
def test_scales_of_a_layer_stay_within_four_bits_of_each_other(bits: int) -> None:
    network = calibrated(trained(DEEP_SETS), bits)
    with torch.no_grad():
        for index, factor in enumerate((0.0, 1e-6, 1e-3, 0.1, 100.0)):
            network.weight("dense1")[index] *= factor
    scales = scales_of(network, "dense1")
    assert float(scales.max() / scales.min()) == 2**SPREAD
    assert torch.equal(scales, 2.0 ** torch.log2(scales).round())
    assert scales[4] == scales.max()  # what was large keeps its scale


def test_a_bias_is_what_was_trained_whatever_the_scale_of_its_channel() -> None:
    """A channel that pruning emptied had steps of 2**-30, in which 2.75 saturated 32 bits at 2.0."""
    network = calibrated(trained(DEEP_SETS))
    layer: Any = network.layers["dense1"]
    with torch.no_grad():
        network.weight("dense1").zero_()
        layer.bias.fill_(2.75)
        layer.bias[1], layer.bias[2] = -1e6, 2.0**-20
        kept = layer(network.layers["dense0_act"](torch.zeros(1, 32, 8)))
    assert kept[0, :3, 0].tolist() == [2.75, -1e6, 2.0**-20]
    assert bool((kept[0, 3:] == 2.75).all())


def test_networks_saved_without_bounds_on_their_scales_keep_them() -> None:
    network = calibrated(trained(DEEP_SETS))
    with torch.no_grad():
        network.weight("dense1")[0] *= 2.0**-8
    state = {key: value for key, value in network.state_dict().items() if "scaling_impl.s" not in key}
    assert len(state) < len(network.state_dict())
    old = Network(network.architecture, quantiser=FIXED_POINT)
    old.load_state_dict(state)
    found = scales_of(old, "dense1")
    assert found[0] == found.min() <= found.max() / 2**7
    assert torch.equal(scales_of(copied(old), "dense1"), found)
