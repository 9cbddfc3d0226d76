"""Mixed precision: a width for every layer's weights and activations, the network no dearer than a uniform one.

A local search in which children inherit weights. Every round measures how the loss changes when one width alone is
raised or lowered (as HAWQ does with curvatures, arXiv 1905.03696), trains a few exchanges that these sensitivities
propose on for a little while, and the best of them and of the parent, which trains on as well, is the next parent.
The short training decides because sensitivities alone mislead: weights adapt to fewer bits, activations hardly do.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from nac.arch import Network, copied, widths, workload
from nac.cost import COSTS
from nac.tasks import Split, Task
from nac.train import validation_loss

logger = logging.getLogger(__name__)

NARROWEST, WIDEST = 2, 8
RAISE = 2
"""Bits that a width is raised by; others are lowered one by one."""
EXCHANGES = ((0, 0), (0, 1), (1, 0))
"""Ranks, by sensitivity for the price, of the width that is raised and of the first one that is lowered."""

Measure = Callable[[Mapping[str, int]], float]
"""A loss or a price at the given widths."""
Recover = Callable[[Network], object]
"""Trains a network in place for a little while."""


def redistribute(
    network: Network, split: Split, task: Task, recover: Recover, *, rounds: int,
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
    for _ in range(rounds):
        loss = partial(_loss_at, network, split, task)
        listed = [current, *neighbours(current, loss, price, budget)]
        networks = [copied(network, uniform.with_layer_bits(layer_bits)) for layer_bits in listed]
        for candidate in networks:
            recover(candidate)
        losses = [validation_loss(candidate, split, task) for candidate in networks]
        best = losses.index(min(losses))
        network, current = networks[best], listed[best]
        logger.info("mixed precision: loss %.4f at %s", losses[best], dict(network.architecture.layer_bits))
    return network


def _loss_at(network: Network, split: Split, task: Task, layer_bits: Mapping[str, int]) -> float:
    return validation_loss(copied(network, network.architecture.with_layer_bits(layer_bits)), split, task)


def neighbours(current: Mapping[str, int], loss: Measure, price: Measure, budget: float) -> list[dict[str, int]]:
    """Exchanges: widths with one that helps most for its price raised, and those that harm least for theirs lowered.

    Args:
        current: widths by node name.
        loss: of the network at other widths, its weights as they are.
        price: of a network at other widths.
        budget: what the price must not exceed.
    """
    here, paid = loss(current), price(current)

    def slope(name: str, step: int) -> float:
        """Change of the loss for the change of the price, as a positive amount."""
        changed = {**current, name: current[name] + step}
        return (loss(changed) - here) / abs(price(changed) - paid)

    helpful = sorted((n for n, bits in current.items() if bits + RAISE <= WIDEST), key=lambda n: slope(n, RAISE))
    harmless = sorted((n for n, bits in current.items() if bits > NARROWEST), key=lambda n: slope(n, -1))
    found: list[dict[str, int]] = []
    for up, down in EXCHANGES:
        for raised in helpful[up : up + 1]:
            exchanged = _exchange(current, raised, harmless[down:] + harmless[:down], price, budget)
            if exchanged is not None and exchanged not in found:
                found.append(exchanged)
    return found


def _exchange(
    current: Mapping[str, int], raised: str, lowered: Sequence[str], price: Measure, budget: float
) -> dict[str, int] | None:
    """One width raised, others lowered by a bit each, in the order given, until it is paid for; None if it is not."""
    widths_ = {**current, raised: current[raised] + RAISE}
    for name in lowered:
        if price(widths_) <= budget:
            break
        if name != raised:
            widths_[name] -= 1
    return widths_ if price(widths_) <= budget else None
