"""How much of a metric survives flipped bits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nac.errors import WorkError
from nac.hardware.circuit import Circuit
from nac.hardware.circuit.upsets import Upsets
from nac.tasks.metrics import METRICS

Metrics = Callable[[NDArray[np.float64], NDArray[Any]], Mapping[str, float]]


@dataclass(frozen=True)
class Flips:
    """Every bit flips with probability `rate`; `repeats` times, with seeds from `seed` on."""

    rate: float
    seed: int = 0
    repeats: int = 5


@dataclass(frozen=True)
class Change:
    """A metric without flips, and over the repeats with them. `loss` is how much worse the mean is.

    `standard_error` is that of the mean, and of the loss, over repeats on the same samples; None of a single one.
    """

    without: float
    mean: float
    deviation: float
    worst: float
    loss: float
    standard_error: float | None


@dataclass(frozen=True)
class Robustness:
    """What flips did: metrics by name, and how many bits of weights and values were flipped per repeat."""

    flips: Flips
    flipped_bits: float
    metrics: dict[str, Change]

    @property
    def rows(self) -> list[list[object]]:
        """One row per metric."""
        return [
            [name, c.without, c.mean, c.deviation, c.worst, c.loss, c.standard_error]
            for name, c in self.metrics.items()
        ]


def robustness(
    circuit: Circuit,
    x: NDArray[np.float32],
    y: NDArray[Any],
    metrics: Metrics,
    without: Mapping[str, float],
    flips: Flips,
) -> Robustness:
    """Metrics of a circuit whose bits flip.

    Args:
        circuit: of the design.
        x: inputs (N, *input) on the input's grid.
        y: targets (N, ...).
        metrics: of outputs (N, outputs) against targets.
        without: the metrics without flips.
        flips: rate, seed and repeats.

    Raises:
        WorkError: without flips the circuit's metrics are others.
    """
    if dict(metrics(Upsets(circuit, 0.0, flips.seed).predict(x), y)) != dict(without):
        raise WorkError("the circuit without flipped bits has other metrics than the engine")
    found: dict[str, list[float]] = {name: [] for name in without}
    flipped = 0
    for repeat in range(flips.repeats):
        upsets = Upsets(circuit, flips.rate, flips.seed + repeat)
        for name, value in metrics(upsets.predict(x), y).items():
            found[name].append(value)
        flipped += upsets.flipped
    changes = {name: _change(name, without[name], values) for name, values in found.items()}
    return Robustness(flips, flipped / flips.repeats, changes)


def _change(name: str, without: float, values: list[float]) -> Change:
    maximised = METRICS[name].direction == "maximize"
    mean = float(np.mean(values))
    return Change(
        without, mean, float(np.std(values)), min(values) if maximised else max(values),
        without - mean if maximised else mean - without,
        float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None,
    )  # fmt: skip
