"""Mixed precision: a width for every layer's weights and activations, the network no dearer than a uniform one.

An evolutionary local search in which children inherit weights: every round a few neighbours of the best network so
far, some widths raised and others lowered until the cost fits, train on for a little while, and the best of them and
of the parent, which trains on as well, is the next parent. What a width costs is thus judged after the weights have
adapted to it; sensitivities of a network that has not (HAWQ, arXiv 1905.03696) misjudge narrow activations.
"""

import logging
from collections.abc import Callable, Mapping

import numpy as np

from nac.arch import Network, copied, widths, workload
from nac.cost import COSTS
from nac.tasks import Split, Task
from nac.train import validation_loss

logger = logging.getLogger(__name__)

NARROWEST, WIDEST = 2, 8
CHILDREN = 3
LARGEST_RAISE = 2

Recover = Callable[[Network], object]
"""Trains a network in place for a little while."""


def redistribute(
    network: Network, split: Split, task: Task, recover: Recover, *, rounds: int, seed: int,
    cost: str = "bops", density: Mapping[str, float] | None = None,
) -> Network:
    """A network at widths of its own for every layer that costs no more than the one given.

    Values that no product reads, which cost nothing by this count, keep their width, and so does the input.

    Args:
        network: quantised at uniform widths, trained or at least calibrated; left as it is.
        split: what networks are compared on, the validation split.
        task: loss.
        recover: called with every candidate.
        rounds: how often a parent is chosen.
        seed: of the neighbours.
        cost: `bops` or `ebops`.
        density: share of weights kept by node name; layers that are not named are dense.
    """
    uniform = network.architecture.with_bits()

    def price(layer_bits: Mapping[str, int]) -> float:
        return COSTS[cost].measure(workload(uniform.with_layer_bits(layer_bits), density or {}))

    budget = price({})
    current = {
        name: bits for name, bits in widths(uniform).items() if name != "input" and price({name: bits + 1}) > budget
    }  # fmt: skip
    random = np.random.default_rng(seed)
    for _ in range(rounds):
        listed = [current, *(neighbour(current, price, budget, random) for _ in range(CHILDREN))]
        networks = [copied(network, uniform.with_layer_bits(layer_bits)) for layer_bits in listed]
        for candidate in networks:
            recover(candidate)
        losses = [validation_loss(candidate, split, task) for candidate in networks]
        best = int(np.argmin(losses))
        network, current = networks[best], listed[best]
        logger.info("mixed precision: loss %.4f at %s", losses[best], dict(network.architecture.layer_bits))
    return network


def neighbour(
    current: Mapping[str, int], price: Callable[[Mapping[str, int]], float], budget: float, random: np.random.Generator
) -> dict[str, int]:
    """Widths with one of them raised, and others, drawn one by one, lowered until the price is within the budget."""
    widths_ = dict(current)
    raised = str(random.choice([name for name, bits in current.items() if bits < WIDEST]))
    widths_[raised] = min(WIDEST, widths_[raised] + int(random.integers(1, LARGEST_RAISE + 1)))
    while price(widths_) > budget:
        lowerable = [name for name, bits in widths_.items() if bits > NARROWEST and name != raised]
        if not lowerable:
            return dict(current)
        widths_[str(random.choice(lowerable))] -= 1
    return widths_
