"""SynFlow: pruning before any training and without data (arXiv 2006.05467)."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from nac.arch import Network
from nac.compress.pruners.contract import Masks, Pruner, Pruning, Round
from nac.compress.pruners.registry import PRUNERS
from nac.compress.pruners.scores import keep_highest

STEPS = 100


@PRUNERS.register("synflow")
@Pruner
def synflow(pruning: Pruning) -> Iterator[Round]:
    """The weights through which least would flow if all were positive go first, in a hundred small steps.

    The paper's exponential schedule, its steps spread over the rounds; nothing is trained and no sample is looked at.
    """
    network = positive(pruning.start())
    steps = math.ceil(STEPS / pruning.rounds) * pruning.rounds
    masks: Masks = {}
    for step in range(1, steps + 1):
        found = keep_highest(synaptic_flow(network, masks), (1 - pruning.sparsity) ** (step / steps))
        masks = found.masks
        if step % (steps // pruning.rounds) == 0:
            yield found


def positive(network: Network) -> Network:
    """The same network with the absolute values of its weights, without norms and biases, in double precision.

    Biases would be flow that enters at no input. Double, because sums of positive numbers grow by the width of every
    layer.
    """
    for node in network.graph.nodes:
        if node.operation.normalises:
            network.layers[node.name] = nn.Identity()
    network.double().eval()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith(".bias"):
                parameter.zero_()
            else:
                parameter.abs_()
    return network


def synaptic_flow(network: Network, masks: Masks) -> dict[str, Tensor]:
    """|w · dR/dw| of every weight by node name, R being the sum of the outputs for an input of ones (equation 2)."""
    with torch.no_grad():
        for name, mask in masks.items():
            network.weight(name).mul_(mask)
    return {name: (network.weight(name).detach() * gradient).abs() for name, gradient in gradients(network).items()}


def gradients(network: Network) -> dict[str, Tensor]:
    """dR/dw of every weight by node name, R being the sum of the outputs of a `positive` network for ones."""
    weights = [network.weight(name) for name in network.weighted]
    total = network(torch.ones(1, *network.architecture.input, dtype=torch.float64)).sum()
    return dict(zip(network.weighted, torch.autograd.grad(total, weights), strict=True))
