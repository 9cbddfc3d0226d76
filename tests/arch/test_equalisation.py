import pytest
import torch
from networks import BRAGGNN, DEEP_SETS, DEPLOYABLE

from nac.arch import Architecture, Network, equalised, quantise


def trained(architecture: Architecture) -> Network:
    """A float network whose channels differ: norms have seen data, and their factors span three powers of two."""
    torch.manual_seed(0)
    network = Network(architecture)
    for name in network.weighted:
        affine = network.layers[f"{name}_norm" if f"{name}_norm" in network.layers else name]
        factors = 2 ** torch.empty(network.graph[name].shape[0]).uniform_(-3, 0)
        with torch.no_grad():
            for parameter in affine.parameters():
                parameter.mul_(factors.reshape(-1, *[1] * (parameter.dim() - 1)))
    for _ in range(5):
        network(torch.randn(64, *architecture.input))
    return network.eval()


def ranges(network: Network, x: torch.Tensor, name: str) -> torch.Tensor:
    """The largest value (channels,) of an activation."""
    seen: list[torch.Tensor] = []
    handle = network.layers[name].register_forward_hook(lambda module, inputs, output: seen.append(output))
    with torch.no_grad():
        network(x)
    handle.remove()
    return seen[0].transpose(0, 1).flatten(1).amax(1)


@pytest.mark.parametrize("architecture", [*DEPLOYABLE.values(), BRAGGNN], ids=[*DEPLOYABLE, "braggnn"])
def test_the_function_stays_the_same(architecture: Architecture) -> None:
    network = trained(architecture)
    x = torch.randn(500, *architecture.input)
    with torch.no_grad():
        before, after = network(x), equalised(network, x)(x)
    assert (after - before).abs().max() <= 1e-5 * before.abs().max()


def test_channels_of_a_tensor_get_more_alike() -> None:
    network = trained(DEEP_SETS)
    x = torch.randn(500, *DEEP_SETS.input)
    for name in ("dense0_act", "dense1_act", "dense2_act"):
        before, after = ranges(network, x, name), ranges(equalised(network, x), x, name)
        assert (after.max() / after.median()) < 0.8 * (before.max() / before.median()), name
        assert torch.isclose(after.max(), before.max(), rtol=0.3), "the largest channel stays about as it is"


def test_a_channel_that_is_never_used_does_no_harm() -> None:
    network = trained(DEEP_SETS)
    with torch.no_grad():
        network.get_parameter("layers.dense0_norm.weight")[3] = 0
        network.get_parameter("layers.dense0_norm.bias")[3] = -1
    x = torch.randn(200, *DEEP_SETS.input)
    with torch.no_grad():
        before, after = network(x), equalised(network, x)(x)
    assert (after - before).abs().max() <= 1e-5 * before.abs().max()


def test_a_network_that_is_silent_stays_as_it_is() -> None:
    network = trained(DEEP_SETS)
    with torch.no_grad():
        for parameter in network.layers["dense1_norm"].parameters():
            parameter.fill_(-1)
    x = torch.zeros(100, *DEEP_SETS.input)
    with torch.no_grad():
        assert torch.allclose(equalised(network, x)(x), network(x))


def test_the_network_given_is_left_alone_and_zero_weights_stay_zero() -> None:
    network = trained(DEEP_SETS)
    with torch.no_grad():
        network.weight("dense1")[:, :9] = 0
    before = {key: value.clone() for key, value in network.state_dict().items()}
    other = equalised(network, torch.randn(100, *DEEP_SETS.input))
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
    assert not other.weight("dense1")[:, :9].any()


def test_four_bits_start_nearer_to_the_float_network() -> None:
    torch.manual_seed(0)
    network = Network(DEEP_SETS)
    x = torch.randn(1000, *DEEP_SETS.input)
    for part in torch.split(x, 100):
        network(part)
    with torch.no_grad():  # the same function, but every other channel keeps one level of sixteen
        for parameter in network.layers["dense1_norm"].parameters():
            parameter[::2] /= 16
        network.weight("dense2")[:, ::2] *= 16
    errors = []
    for start in (network.eval(), equalised(network, x)):
        narrow = quantise(start, DEEP_SETS.with_bits(weights=8, activations=4))
        for part in torch.split(x, 25):
            narrow(part)
        with torch.no_grad():
            errors.append(float((narrow.eval()(x) - network(x)).square().mean()))
    assert errors[1] < 0.5 * errors[0]
