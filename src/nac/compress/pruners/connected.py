"""Pruning that keeps no weight in vain, as long as it can: what stays lies on paths from the inputs to the outputs."""

import logging
from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from nac.arch import Architecture, Network, initialised
from nac.arch.operations import Activation
from nac.compress.pruners.contract import Masks, Round
from nac.compress.pruners.scores import keep_highest, lamp_scores, saliencies
from nac.compress.pruners.synflow import gradients, positive
from nac.tasks import Dataset, Task

logger = logging.getLogger(__name__)

LEFT_PER_STEP = 0.8


def keep_largest(network: Network, keep: float, masks: Masks | None = None) -> Round:
    """Masks that keep the share `keep` of all weights: the largest, by `scores.lamp_scores`; see `keep_connected`."""
    return keep_connected(network, lamp_scores(network), keep, masks)


def keep_salient(
    network: Network, keep: float, task: Task, dataset: Dataset, seed: int, masks: Masks | None = None
) -> Round:
    """Masks that keep the share `keep` of all weights: those that the loss of a trained network would miss most.

    By `scores.saliencies` of the training samples; see `keep_connected`. Leaves the network in evaluation mode.
    """
    return keep_connected(network, saliencies(network, task, dataset, seed), keep, masks)


def keep_connected(network: Network, scores: Mapping[str, Tensor], keep: float, masks: Masks | None = None) -> Round:
    """Masks that keep exactly the share `keep` of all weights (rounded): the highest scores that change the outputs.

    A weight of which no path of kept weights leads to both inputs and outputs adds a constant at most, and most are
    such at high sparsity if scores alone decide (arXiv 2107.02306; by their magnitudes 99 of 128 weights of NAC's
    Medium). So they go in small steps, a fifth of what is left in each, those without a path first in the next step;
    what is still in vain after the last one gives its place to the highest that has a path.

    Weights in vain are left where paths run out: when two or three weights a layer, or none but what the guard of
    `keep_highest` keeps, remain (27 of a network's 2,741 weights, one seed of eight; never from 5 % on in 24 networks).
    How many is logged.

    Args:
        network: float or quantised, on any device; masks are on the CPU.
        scores: not negative, by node name, shaped as the weights.
        keep: share of the weights to keep, in (0, 1].
        masks: 0/1 by node name, of earlier rounds: what is gone stays gone.
    """
    scores = {name: score.cpu() for name, score in scores.items()}
    kept = {name: torch.ones_like(score) for name, score in scores.items()} | (masks or {})
    scores = {name: torch.where(kept[name] > 0, score, -1) for name, score in scores.items()}
    share = sum(float(mask.sum()) for mask in kept.values()) / sum(mask.numel() for mask in kept.values())
    unit = unit_network(network.architecture)
    through = paths(unit, kept)
    while share > keep:
        share = max(keep, LEFT_PER_STEP * share)
        kept = keep_highest(_useful(scores, through), share).masks
        through = paths(unit, kept)
    kept = {name: mask * through[name] for name, mask in kept.items()}
    useful = _useful(scores, paths(unit, kept))
    secured = {name: torch.where(kept[name] > 0, torch.inf, score) for name, score in useful.items()}
    alone = keep_highest(scores, keep)
    reached = paths(unit, alone.masks)
    idle = sum(int((mask * ~reached[name]).sum()) for name, mask in alone.masks.items())
    if idle:
        logger.info("scores alone would keep %d weights that lead nowhere", idle)
    return replace(alone, masks=keep_highest(secured, keep).masks, idle=idle)


def unit_network(architecture: Architecture) -> Network:
    """A network for `paths`: without norms, biases and activations, whose slope is zero where nothing arrives yet."""
    network = positive(initialised(architecture, 0))
    for node in network.graph.nodes:
        if isinstance(node.operation, Activation):
            network.layers[node.name] = nn.Identity()
    return network


def paths(unit: Network, masks: Masks) -> dict[str, Tensor]:
    """By node name, for every weight: do kept weights lead to it from an input, and from it to an output?

    Where all numbers are positive, the sum of the outputs changes with exactly those weights. Changes `unit`.
    """
    with torch.no_grad():
        for name, mask in masks.items():
            unit.weight(name).copy_(mask / mask[0].numel())  # over the fan-in: sums stay near one
    return {name: gradient > 0 for name, gradient in gradients(unit).items()}


def _useful(scores: dict[str, Tensor], through: dict[str, Tensor]) -> dict[str, Tensor]:
    """The scores, zero for weights that are in no path."""
    return {name: torch.where(through[name], score, score.clamp(max=0)) for name, score in scores.items()}
