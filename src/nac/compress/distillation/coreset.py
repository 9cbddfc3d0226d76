"""Coresets: real samples that stand for all of them."""

from collections.abc import Callable

import torch
from torch import Tensor

from nac.compress.distillation.contract import Distilled, Distilling
from nac.compress.distillation.registry import DISTILLERS
from nac.errors import WorkError
from nac.tasks.layouts import layout_of

Choose = Callable[[Tensor, int], Tensor]


@DISTILLERS.register("k_centre")
def k_centre(distilling: Distilling) -> Distilled:
    """Samples such that none is far from the next chosen one, greedily (arXiv 1708.00489)."""
    return chosen(distilling, _spread)


@DISTILLERS.register("random")
def drawn(distilling: Distilling) -> Distilled:
    """Samples drawn at random: what learned ones start from, and the control that they have to beat."""
    generator = torch.Generator().manual_seed(distilling.seed)
    return chosen(distilling, lambda x, count: torch.randperm(len(x), generator=generator)[:count])


def chosen(distilling: Distilling, choose: Choose) -> Distilled:
    """Samples of the training split, chosen per class by their inputs, or altogether by inputs and targets.

    Raises WorkError when there are fewer than are asked for.
    """
    train, settings = distilling.dataset.train, distilling.settings
    if distilling.classification:
        groups = [torch.nonzero(train.y == label).flatten() for label in range(distilling.task.outputs)]
        names, count = distilling.task.config.data.classes, settings.per_class
        features = train.x.flatten(1)
    else:
        groups, names, count = [torch.arange(len(train))], ("the training split",), settings.samples
        features = torch.cat([train.x.flatten(1), train.y.flatten(1)], dim=1)
    for name, group in zip(names, groups, strict=True):
        if len(group) < count:
            raise WorkError(f"{name} has {len(group)} samples to train on, {count} distilled ones were asked for")
    rows = torch.cat([group[choose(features[group], count)] for group in groups])
    raw, physical = layout_of(distilling.task.config.data).cut(train.raw[rows], train.physical[rows])
    return Distilled(raw.clone(), physical.clone())


def _spread(x: Tensor, count: int) -> Tensor:
    """Positions of `count` rows of `x` (N, F), each as far as possible from those before it."""
    rows = [int((x - x.mean(dim=0)).norm(dim=1).argmin())]
    distance = (x - x[rows[0]]).norm(dim=1)
    while len(rows) < count:
        rows.append(int(distance.argmax()))
        distance = torch.minimum(distance, (x - x[rows[-1]]).norm(dim=1))
    return torch.tensor(rows)
