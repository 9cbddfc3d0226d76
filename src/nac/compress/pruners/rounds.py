"""Pruners that go by rounds of training, and their control."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import torch

from nac.arch import copied
from nac.compress.pruners.connected import keep_largest, keep_salient
from nac.compress.pruners.contract import Masks, Pruner, Pruning, Round
from nac.compress.pruners.registry import PRUNERS
from nac.compress.pruners.scores import keep_highest, magnitudes


@PRUNERS.register("gradual")
@Pruner
def gradual(pruning: Pruning) -> Iterator[Round]:
    """The least salient weights of the trained dense network go, which keeps the others (arXiv 1710.01878, 2003.02389).

    Between two rounds it recovers for a few epochs on real samples; the final training goes on from there. (Jets with 8
    constituents, NAC's Medium, three seeds: 63.1 % at 95 % sparsity, 57.5 % where the smallest weights go; no
    difference at 80 %.)
    """
    network = pruning.dense()
    masks: Masks = {}
    for done, keep in enumerate(pruning.schedule()):
        if done:
            pruning.recover(network, masks)
        found = keep_salient(network, keep, pruning.task, pruning.dataset, pruning.seed, masks)
        masks = found.masks
        yield replace(found, network=copied(network))


@PRUNERS.register("lamp")
@Pruner
def lamp(pruning: Pruning) -> Iterator[Round]:
    """Iterative magnitude pruning with rewinding (lottery tickets, arXiv 1803.03635 and 1912.05671).

    Each round trains on real samples under the masks so far and removes the smallest weights of all layers together,
    as LAMP compares them (arXiv 2010.07611, `scores.lamp_scores`); see `connected.keep_largest`.
    """
    masks: Masks = {}
    for keep in pruning.schedule():
        found = keep_largest(pruning.trained(masks), keep, masks)
        masks = found.masks
        yield found


@PRUNERS.register("global_magnitude")
@Pruner
def global_magnitude(pruning: Pruning) -> Iterator[Round]:
    """The same by bare magnitudes, whatever their layer, paths or not: what is usually meant by the name."""
    masks: Masks = {}
    for keep in pruning.schedule():
        found = keep_highest(magnitudes(pruning.trained(masks)), keep)
        masks = found.masks
        yield found


@PRUNERS.register("distilled")
@partial(Pruner, needs_distilled=True)
def distilled(pruning: Pruning) -> Iterator[Round]:
    """As `lamp`, but every round trains on distilled samples only (arXiv 2307.03364), and the least salient weights go.

    On so few samples magnitudes say less (jets with 8 constituents, NAC's Medium at 95 % sparsity, three seeds: 59.9 %
    with them, 62.8 % with `scores.saliencies`).
    """
    return _iterative(pruning, distilled_rounds=pruning.rounds)


@PRUNERS.register("distilled_then_real")
@partial(Pruner, needs_distilled=True)
def distilled_then_real(pruning: Pruning) -> Iterator[Round]:
    """As `distilled`, but only the first half of the rounds; the others train on real samples (arXiv 2503.17905)."""
    return _iterative(pruning, distilled_rounds=(pruning.rounds + 1) // 2)


@PRUNERS.register("random")
@Pruner
def random(pruning: Pruning) -> Iterator[Round]:
    """The control: every weight of the network is as likely to stay as any other, whatever its layer."""
    generator = torch.Generator().manual_seed(pruning.seed)
    scores = {
        name: torch.rand(score.shape, generator=generator, dtype=torch.float64)
        for name, score in magnitudes(pruning.start()).items()
    }
    for keep in pruning.schedule():
        yield keep_highest(scores, keep)


def _iterative(pruning: Pruning, distilled_rounds: int) -> Iterator[Round]:
    masks: Masks = {}
    for done, keep in enumerate(pruning.schedule()):
        few = done < distilled_rounds
        network, samples = pruning.trained(masks, distilled=few), pruning.distilled() if few else pruning.dataset
        found = keep_salient(network, keep, pruning.task, samples, pruning.seed, masks)
        masks = found.masks
        yield found
