"""Weights of few signed digits, which are what an adder graph is made of.

A product with a constant is a sum of shifted values, one for every non-zero digit of the constant in its canonical
signed form (7 = 8 - 1 has two digits): the LUTs of a circuit go with digits times the width of what they shift, and
not with the bits of a weight, as bit operations have it. A weight without digits is pruned.

Digits go where that costs the least loss for a bit of adder, by the squared change of the weight times the diagonal of
the Fisher information (optimal brain damage: LeCun et al., NeurIPS 1989); then the network trains on with every weight
rounded to the nearest number that has as few digits as it may have, in the forward pass alone (straight through). Such
weights lie on the quantiser's grid, so that nothing downstream knows of it.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from nac.arch import Network, copied, integer_weights, workload
from nac.arch.brevitas import channel_scale, weight_quantiser
from nac.compress.pruners.scores import sensitivity
from nac.compress.quantisation import Trainer
from nac.config import TrainConfig
from nac.train import FitResult

HAIR = 1 + 2.0**-17
"""Far less than half a step of the widest weights."""


def digits(integers: Tensor) -> Tensor:
    """How many signed digits, of the canonical form, each of some integers has."""
    values = integers.abs().numpy()
    return torch.from_numpy(np.bitwise_count(values ^ 3 * values).astype(np.int64))


def total_digits(network: Network) -> int:
    """Signed digits of all weights of a quantised network."""
    return sum(int(digits(weights).sum()) for weights in integer_weights(network).values())


@cache
def nearest(largest: int) -> Tensor:
    """(digits + 1, largest + 1): by digits allowed and magnitude, the nearest magnitude with at most so many."""
    magnitudes = torch.arange(largest + 1)
    count = digits(magnitudes)
    rows = []
    for allowed in range(int(count.max()) + 1):
        values = magnitudes[count <= allowed]
        above = torch.searchsorted(values, magnitudes).clamp(max=len(values) - 1)
        below = (above - 1).clamp(min=0)
        is_below = magnitudes - values[below] <= (values[above] - magnitudes).abs()
        rows.append(torch.where(is_below, values[below], values[above]))
    return torch.stack(rows)


def with_fewer_digits(
    network: Network, keep: float, trainer: Trainer, settings: TrainConfig
) -> tuple[Network, FitResult]:
    """A network whose weights have together a share of the digits of the one given, and how its training went.

    Args:
        network: quantised and trained; left as it is.
        keep: share of the digits, in (0, 1].
        trainer: data, task and teacher.
        settings: budget of the training under the limits.

    Raises:
        WorkError: the training diverged.
    """
    found = copied(network)
    limits = limits_for(found, keep, sensitivity(found, trainer.task, trainer.dataset, trainer.seed))
    for name, limit in limits.items():
        layer = found.layers[name]
        parametrize.register_parametrization(layer, "weight", FewDigits(layer, limit))
    result = trainer.fit(found, None, settings)
    for name in limits:
        parametrize.remove_parametrizations(found.layers[name], "weight", leave_parametrized=True)
    return found, result


def limits_for(network: Network, keep: float, squares: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """How many digits every weight may have, by node name, for a share `keep` of all digits to be left.

    Args:
        network: quantised.
        keep: share of the digits.
        squares: of the loss's gradient, as `sensitivity` gives it.
    """
    counts = {name: digits(values) for name, values in integer_weights(network).items()}
    ops = {op.name: op for op in workload(network.architecture)}
    losses, owners = [], []
    for name, values in integer_weights(network).items():
        op, layer = ops[name], cast(Any, network.layers[name])
        table = nearest(2 ** (op.weight_bits - 1))
        errors = (table[:, values.abs()] - values.abs()).square()
        step = layer.quant_weight().scale.detach()
        for count in range(1, len(table)):
            loss = (errors[count - 1] - errors[count]) * step.square() * squares[name]
            has = counts[name] >= count
            losses.append(loss[has] / (op.activation_bits * op.positions))
            owners.append((name, has))
    flat = torch.cat(losses)
    gone = torch.zeros(len(flat), dtype=torch.bool)
    gone[torch.sort(flat, stable=True).indices[: len(flat) - round(keep * len(flat))]] = True
    parts = torch.split(gone, [len(part) for part in losses])
    for (name, has), lost in zip(owners, parts, strict=True):
        counts[name][has] -= lost.long()
    return counts


class FewDigits(nn.Module):
    """A layer's weights, rounded to the nearest of its grid with at most `limit` digits each, straight through.

    A power of two as the largest weight of a channel takes one step more than the grid has; the step of that channel is
    then twice as large. The quantiser sees this only in weights that are a hair larger than the power of two.
    """

    limit: Tensor

    def __init__(self, layer: nn.Module, limit: Tensor) -> None:
        super().__init__()
        self.register_buffer("limit", limit)
        self._quantise = weight_quantiser(layer)
        self._lowest = channel_scale(layer).lowest

    def forward(self, weight: Tensor) -> Tensor:
        """Shaped as given."""
        with torch.no_grad():
            quantised = self._quantise(weight)
            steps, scale = 2 ** (int(quantised.bit_width) - 1), quantised.scale
            few = self._rounded(weight / scale, steps)
            channels = few.flatten(1).abs().amax(dim=1) == steps
            scale = torch.where(channels.reshape(scale.shape), 2 * scale, scale)
            scale = torch.maximum(scale, self._lowest(scale))
            few = self._rounded(weight / scale, steps) * (scale * HAIR)
        return few + (weight - weight.detach())  # in this order, so that its value is exactly `few`

    def _rounded(self, values: Tensor, steps: int) -> Tensor:
        table = nearest(steps).to(values.device)
        integers = torch.round(values).clamp(-steps, steps)
        return integers.sign() * table[self.limit.clamp(max=len(table) - 1), integers.abs().long()]
