"""Pruning masks: which weights a network can do without."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import torch
from torch import Tensor

from nac.arch import Network

logger = logging.getLogger(__name__)

Masks = dict[str, Tensor]
Retrain = Callable[[Masks], Network]
"""Trains the network from its initial weights under masks and returns it trained."""

LAYER_SHARE = 0.2


@dataclass(frozen=True)
class Pruning:
    """What a pruner is given: how to train the network under masks, and how far to go in how many rounds."""

    retrain: Retrain
    sparsity: float
    rounds: int


class Pruner(Protocol):
    """The extension point: finds 0/1 masks by node name, shaped as the weights, `sparsity` of them zero."""

    def __call__(self, pruning: Pruning) -> Masks:
        """The masks. May train as often as it likes through `pruning.retrain`."""
        ...


def magnitude(pruning: Pruning) -> Masks:
    """Iterative magnitude pruning with rewinding to initialisation (lottery tickets, arXiv 1803.03635).

    Each round trains under the masks so far and removes the same share of what is left, the smallest weights
    of all layers together.
    """
    masks: Masks = {}
    for done in range(1, pruning.rounds + 1):
        network = pruning.retrain(masks)
        keep = (1 - pruning.sparsity) ** (done / pruning.rounds)
        masks = smallest_removed(network, keep)
    return masks


PRUNERS: Mapping[str, Pruner] = MappingProxyType({"magnitude": magnitude})


def smallest_removed(network: Network, keep: float) -> Masks:
    """Masks that keep the share `keep` of all weights, the largest in magnitude over all layers.

    No layer keeps less than a fifth of that share (nor less than one weight): a layer pruned away ends the network.
    """
    scores = {name: network.weight(name).detach().abs() for name in network.weighted}
    everything = torch.cat([score.flatten() for score in scores.values()])
    kept = max(1, round(keep * everything.numel()))
    threshold = everything.kthvalue(everything.numel() - kept + 1).values
    masks = {}
    for name, score in scores.items():
        mask = score >= threshold
        least = max(1, round(LAYER_SHARE * keep * score.numel()))
        if int(mask.sum()) < least:
            logger.info("%s: pruning would leave %d of %d weights, kept %d", name, mask.sum(), mask.numel(), least)
            mask = torch.zeros_like(mask).flatten().index_fill(0, score.flatten().topk(least).indices, True)
            mask = mask.reshape(score.shape)
        masks[name] = mask.to(score.dtype)
    return masks
