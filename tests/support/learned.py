"""Networks of learned widths without a training."""

from typing import cast

import torch
from designs import architecture
from torch import nn

from nac.arch import Architecture, Network, copied
from nac.arch.quantisers import LEARNED
from nac.arch.quantisers.learned import Layer, Values
from nac.arch.quantisers.rounding import PACE
from nac.compress.learned.settle import settled
from nac.compress.structured import channel_groups

KINDS = ["mlp", "mean", "set", "cnn", "residual", "residual_trace"]
"""Of networks whose channels can go, or be those of another."""


def learned(kind: str, seed: int, activation: str = "relu") -> Network:
    """A network of a kind whose widths are anything."""
    return with_widths(architecture(kind, 6, activation), seed)


def with_widths(arch: Architecture, seed: int) -> Network:
    """Widths that are anything: weights and channels without bits, with one and with many."""
    torch.manual_seed(seed)
    network = Network(arch, quantiser=LEARNED).eval()
    with torch.no_grad():
        for module in network.layers.values():
            if isinstance(module, Layer):
                module.calibrate()
                module.fraction.sub_(torch.randint(0, 8, module.fraction.shape) / 4.0)
                if isinstance(module.bias, nn.Parameter):
                    module.bias.normal_(0, 0.3)
            elif isinstance(module, Values):
                module.register_forward_pre_hook(lambda module, x: module.calibrate(x[0]))
        network(torch.randn(256, *arch.input))
        for module in network.layers.values():
            module._forward_pre_hooks.clear()
            if isinstance(module, Values):
                module.fraction.sub_(torch.rand_like(module.fraction) * 2)
                module.whole.sub_(torch.rand_like(module.whole) / 2)
    return settled(network)


@torch.no_grad()
def emptied(network: Network, zero: int, unread: int) -> Network:
    """The last channel of the first `zero` groups has no bits, nobody reads the first one of the first `unread`."""
    network = copied(network)
    groups = channel_groups(network.architecture)
    for group in groups[:zero]:
        for name in group.judged:
            values = cast(Values, network.layers[name])
            values.fraction[-1] = -values.whole[-1] - 1 / PACE
    for group in groups[:unread]:
        for node in network.graph.nodes:
            if node.operation.weighted and node.inputs[0] in group.judged:
                cast(Layer, network.layers[node.name]).weight[:, 0] = 0
    return network
