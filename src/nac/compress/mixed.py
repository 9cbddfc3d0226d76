"""Mixed precision: a width for every layer's weights and activations, the network no dearer than a uniform one.

Weights pay for activations. A network that trains on adapts to narrower weights, wherever they are, so that the layer
whose weights cost most gives a bit of each; it does not adapt to narrower activations. How the loss changes when one
width alone is changed (as HAWQ asks of curvatures, arXiv 1905.03696) says which of these gain most for their price.
"""

import logging
from collections.abc import Callable, Collection, Mapping

from nac.arch import Network, bit_widths, copied, workload
from nac.cost import COSTS
from nac.errors import InputError
from nac.tasks import Split, Task
from nac.train import validation_loss

logger = logging.getLogger(__name__)

NARROWEST, WIDEST = 2, 8
LARGEST_RAISE = 2
"""Bits that one exchange gives a width at most: what more of them bring is not seen before the network trains on."""

OfWidths = Callable[[Mapping[str, int]], float]
"""A loss or a price at the given widths."""


def redistribute(
    network: Network, split: Split, task: Task, *, rounds: int = 1, cost: str = "bops",
    density: Mapping[str, float] | None = None,
) -> Network:
    """A network at widths of its own for every layer that costs no more than the one given, its weights carried over.

    Values that no product reads, which cost nothing by this count, keep their width, and so does the input.

    Args:
        network: quantised at uniform widths, trained; left as it is.
        split: what losses are measured on.
        task: loss.
        rounds: how many exchanges are made, each of one bit of one layer's weights.
        cost: by name, one that changes with widths.
        density: share of weights kept by node name; layers that are not named are dense.

    Raises InputError for a cost that no width changes.
    """
    uniform = network.architecture.with_bits()

    def price(layer_bits: Mapping[str, int]) -> float:
        return COSTS[cost].measure(workload(uniform.with_layer_bits(layer_bits), density or {}))

    def loss(layer_bits: Mapping[str, int]) -> float:
        return validation_loss(copied(network, uniform.with_layer_bits(layer_bits)), split, task)

    budget = price({})
    current = {
        name: bits for name, bits in bit_widths(uniform).items() if name != "input" and price({name: bits + 1}) > budget
    }  # fmt: skip
    if not current:
        raise InputError(f"compress.mixed_cost: {cost} does not change with bit widths, expected a cost that does")
    for _ in range(rounds):
        current = exchange(current, network.weighted, loss, price, budget)
    logger.info("mixed precision: %s", current)
    return copied(network, uniform.with_layer_bits(current))


def exchange(
    current: Mapping[str, int], weighted: Collection[str], loss: OfWidths, price: OfWidths, budget: float
) -> dict[str, int]:
    """Widths with a bit less for the weights that cost most, and what it pays for in activations.

    Args:
        current: widths by node name.
        weighted: the nodes whose width is that of their weights; the others' is that of their values.
        loss: of the network at other widths, its weights as they are.
        price: of a network at other widths.
        budget: what the price must not exceed.
    """
    lowered: dict[str, int] = {}
    if candidates := [name for name in weighted if current.get(name, NARROWEST) > NARROWEST]:
        dearest = min(candidates, key=lambda name: price({**current, name: current[name] - 1}))
        lowered = {dearest: current[dearest] - 1}
    raised = dict(current)  # judged without what is lowered, whose harm before any training would drown the rest
    while affordable := [
        name for name, bits in raised.items()
        if name not in weighted and bits < min(WIDEST, current[name] + LARGEST_RAISE)
        and price({**raised, **lowered, name: bits + 1}) <= budget
    ]:  # fmt: skip
        here, paid = loss(raised), price(raised)
        wider = {name: {**raised, name: raised[name] + 1} for name in affordable}
        slope, best = min(((loss(to) - here) / (price(to) - paid), name) for name, to in wider.items())
        if slope >= 0:
            break
        raised = wider[best]
    return {**raised, **lowered} if raised != current else dict(current)
