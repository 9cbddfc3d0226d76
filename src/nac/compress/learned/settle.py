"""From widths that are being learned to a network that is what firmware computes."""

from typing import cast

import torch
from torch import Tensor

from nac.arch import Network, Node, copied, with_own_widths
from nac.arch.quantisers.learned import Layer, Values, finest
from nac.arch.quantisers.rounding import PACE
from nac.compress.learned.cost import elements


@torch.no_grad()
def settled(network: Network) -> Network:
    """A network whose widths are whole numbers that its architecture knows, and whose weights are on their grids.

    Channels without a bit become zero: what makes them, and the weights that read them. A bias keeps no digits that
    rounding down takes away again. All of this leaves what the network computes as it is, but for widths beyond what is
    deployed.

    Args:
        network: of learned widths; left as it is.
    """
    twin = copied(network).eval()
    nodes = twin.graph.nodes
    dead = {node.name: cast(Values, twin.layers[node.name]).settle() for node in nodes if node.operation.quantises}
    known = {twin.layers[name]: gone for name, gone in dead.items()}
    for node in nodes:
        if node.operation.weighted:
            layer = cast(Layer, twin.layers[node.name])
            gone = elements(twin, node.inputs[0], lambda values: known[values].float())[0]
            unread = (gone.flatten(1).amin(1) if gone.dim() > 1 else gone) > 0
            layer.weight[:, unread] = 0
            if (reader := _quantiser_of(twin, node)) is not None:
                _clear(layer, dead[reader].flatten())
            layer.settle()
    for node in nodes:
        if node.operation.weighted:
            _trim_bias(twin, node)
    return with_own_widths(twin).eval()


def _quantiser_of(network: Network, node: Node) -> str | None:
    """The name of what alone reads a layer, and quantises it."""
    readers = [other for other in network.graph.nodes if node.name in other.inputs]
    return readers[0].name if len(readers) == 1 and readers[0].operation.quantises else None


def _clear(layer: Layer, channels: Tensor) -> None:
    layer.weight[channels] = 0
    if layer.bias is not None:
        layer.bias[channels] = 0


def _trim_bias(network: Network, node: Node) -> None:
    """Round down to steps of the sums, or to those that the quantiser behind keeps where these are finer."""
    layer, reader = cast(Layer, network.layers[node.name]), _quantiser_of(network, node)
    if layer.bias is None or reader is None:
        return
    step = elements(network, node.inputs[0], Values.step)[0]
    finest_value = (step.flatten(1).amin(1) if step.dim() > 1 else step).reshape(1, -1, *[1] * (layer.weight.dim() - 2))
    least = (finest(layer.weight) * finest_value).flatten(1).amin(1)
    step = torch.minimum(least, cast(Values, network.layers[reader]).step().flatten())
    layer.bias.copy_(torch.floor(layer.bias / step) * step)
    assert layer.bias_fraction is not None
    layer.bias_fraction.copy_(torch.maximum(layer.bias_fraction, -torch.log2(step) / PACE))
