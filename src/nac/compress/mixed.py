"""Mixed precision: a width for every layer's weights and activations, the network as dear as a uniform one.

Starting from a wide network, the widths that cost the loss least for what they save are lowered bit by bit, and the
weights recover in between: sensitivity is measured on a network that has already adapted to the widths so far, which
a table of sensitivities measured once (HAWQ, arXiv 1905.03696) cannot know.
"""

import logging
from collections.abc import Callable, Mapping

from nac.arch import Architecture, Network, widths, workload
from nac.cost import COSTS
from nac.tasks import Split, Task
from nac.train import validation_loss

logger = logging.getLogger(__name__)

NARROWEST, WIDEST = 2, 8
MOVES_PER_RECOVERY = 3
JUDGED_SAMPLES = 4096

Recover = Callable[[Network], object]
"""Trains a network in place for a little while."""


def lower_widths(
    network: Network, bits: int, split: Split, task: Task, recover: Recover, *,
    cost: str = "bops", density: Mapping[str, float] | None = None,
) -> Network:
    """The network at widths of its own for every layer, at most as dear as at `bits` everywhere.

    Values that no product reads, which cost nothing by this count, have `bits` too.

    Args:
        network: quantised and calibrated at `WIDEST` bits; left as it is.
        bits: the uniform width whose cost is the budget.
        split: samples that the loss is measured on (at most `JUDGED_SAMPLES`), of the training split.
        task: loss.
        recover: called after every few steps with the narrower network.
        cost: `bops` or `ebops`.
        density: share of weights kept by node name; layers that are not named are dense.

    """
    judged = Split(split.x[:JUDGED_SAMPLES], split.y[:JUDGED_SAMPLES])
    uniform = network.architecture.with_bits(weights=bits, activations=bits)

    def price(layer_bits: Mapping[str, int]) -> float:
        return COSTS[cost].measure(workload(uniform.with_layer_bits(layer_bits), density or {}))

    budget = price({})
    current = {
        name: WIDEST for name in widths(uniform) if name != "input" and price({name: WIDEST}) > budget
    }  # fmt: skip
    network = at_widths(network, uniform.with_layer_bits(current))
    while (before := price(current)) > budget:
        loss = validation_loss(network, judged, task)
        scores = {}
        for name, width in current.items():
            if width == NARROWEST:
                continue
            narrower = {**current, name: width - 1}
            lost = validation_loss(at_widths(network, uniform.with_layer_bits(narrower)), judged, task) - loss
            saved = before - price(narrower)
            scores[name] = max(lost, 0.0) / saved, -saved
        for name in sorted(scores, key=scores.__getitem__)[:MOVES_PER_RECOVERY]:
            current[name] -= 1
            if price(current) <= budget:
                break
        network = at_widths(network, uniform.with_layer_bits(current))
        recover(network)
    logger.info("mixed precision: %s", network.architecture.summary())
    return network


def at_widths(network: Network, architecture: Architecture) -> Network:
    """A calibrated network at other widths, its weights and the ranges of its values carried over."""
    other = Network(architecture, quantised=True)
    other.load_state_dict(network.state_dict())
    other.train(network.training)
    return other
