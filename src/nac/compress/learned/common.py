"""What all outputs have in common, where nothing depends on it: it is chosen so that the last layer has few adders.

The largest of some numbers stays the largest, and their softmax is the same, when a number is added to all of them, be
it one that depends on the input: to the weights that read an input anything may be added if it is added for every
output. The loss has no gradient there, and a training finds no way from one such layer to another.
"""

import math
from collections.abc import Mapping
from typing import cast

import numpy as np
import torch
from torch import Tensor

from nac.arch import Network, copied
from nac.arch.quantisers.learned import Layer, finest
from nac.arch.quantisers.rounding import PACE
from nac.compress.digits import digits
from nac.tasks import Dataset, Task

PROBED = 512
"""Samples on which a loss and metrics are asked."""


def is_free(task: Task, dataset: Dataset) -> bool:
    """Whether a number that is added to all outputs of a sample changes no loss, no metric and no answer."""
    if task.config.target.output.kind != "answer" or task.outputs == 1:
        return False
    y = dataset.validation.y[:PROBED]
    random = np.random.default_rng(0)
    outputs = random.integers(-32, 32, (len(y), task.outputs)) / 8
    moved = outputs + random.integers(-1024, 1024, (len(y), 1)) / 8  # beyond what a metric might take for large
    losses = [float(task.loss(torch.from_numpy(each).float(), y)) for each in (outputs, moved)]
    before, after = (task.metrics(each, y.numpy(), dataset.preprocessing) for each in (outputs, moved))
    if before.keys() != after.keys():  # a metric has no value where outputs are so
        return False
    pairs = [losses, *([before[name], after[name]] for name in before)]
    return all(math.isclose(*pair, rel_tol=1e-4) for pair in pairs)


@torch.no_grad()
def level(layer: Layer) -> None:
    """Add to the weights (outputs, inputs) of every input, and to the biases, what leaves the fewest signed digits.

    That is the value of one of them, which becomes zero, or nothing. Weights and biases are on their grids afterwards;
    those of every group of outputs are apart.

    Args:
        layer: the last of a network of learned widths.
    """
    parameters = [(layer.weight, layer.fraction, layer.quantised())]
    if layer.bias is not None and layer.bias_fraction is not None:
        parameters.append((layer.bias, layer.bias_fraction, cast(Tensor, layer.quantised_bias())))
    for parameter, fraction, quantised in parameters:
        values = quantised.reshape(layer.groups, -1, *quantised.shape[1:] or (1,))
        found = (values + _cheapest(values)).reshape(parameter.shape)
        step = finest(found)
        needed = torch.where(torch.isinf(step), fraction, -torch.log2(step) / PACE)
        parameter.copy_(found)
        fraction.copy_(torch.maximum(fraction, needed))


def levelled(network: Network, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state of a network of learned widths with a last layer of few digits, whose weights are rounded."""
    twin = copied(network)
    twin.load_state_dict(state)
    level(last_layer(twin))
    return {key: value.detach().cpu().clone() for key, value in twin.state_dict().items()}


def last_layer(network: Network) -> Layer:
    """That of the outputs."""
    return cast(Layer, network.layers[network.graph.output.name])


def _cheapest(values: Tensor) -> Tensor:
    """What to add (groups, 1, inputs) to values (groups, outputs, inputs)."""
    step = finest(values).amin(1, keepdim=True)
    step = torch.where(torch.isinf(step), 1.0, step)
    added = torch.cat([torch.zeros_like(values[:, :1]), -values], 1)
    integers = torch.round((values[:, None] + added[:, :, None]) / step[:, None]).long()
    order = torch.arange(added.shape[1], device=values.device)[:, None]
    rank = digits(integers.cpu()).to(values.device).sum(2) * len(order) + order  # of equal ones the first
    return added.gather(1, rank.argmin(1, keepdim=True))
