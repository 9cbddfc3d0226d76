"""Few epochs for all candidates, more for the promising: a training is looked at on its way and may end there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from optuna.trial import FrozenTrial

from nac.config import FidelityConfig
from nac.pareto import Direction, non_dominated

RUNGS = "rungs"


@dataclass(frozen=True)
class Ladder:
    """The rungs of a search: the epochs at which a training must be promising to go on.

    What a training has reached at a rung is compared with what the others had reached there: values of equal
    fidelity only. A training that goes on does so in place, as if nobody had looked, and one that does not keeps what
    it has: the network of its best epoch, with its values. (Successive halving in its stopping form, asynchronous as
    in arXiv 1810.05934, with non-dominated ranks for a value.)
    """

    settings: FidelityConfig
    directions: Sequence[Direction]

    def promising(self, values: Sequence[float], others: Sequence[Sequence[float]]) -> bool:
        """Whether a candidate with these objectives goes on, given those of the others at the same rung.

        It does when it is on their front, or when the fronts better than its own hold less than the share `keep` of
        all.
        """
        points: NDArray[np.float64] = np.array([*others, values], dtype=np.float64)
        places = self.settings.keep * len(points)
        left = np.ones(len(points), dtype=bool)
        while True:
            on_front = np.zeros(len(points), dtype=bool)
            on_front[left] = non_dominated(points[left], self.directions)
            if on_front[-1]:
                return True
            left &= ~on_front
            if (~left).sum() >= places:
                return False


def reached(trials: Sequence[FrozenTrial], epochs: int, but: int) -> list[list[float]]:
    """The objectives that every trial but one had after so many epochs."""
    found = (trial.user_attrs.get(RUNGS, {}).get(str(epochs)) for trial in trials if trial.number != but)
    return [values for values in found if values is not None]


@dataclass
class Climb:
    """One training on its way up: called after every epoch, it says whether that was the last one.

    Args:
        rungs: rising epochs.
        measure: metrics of the network as it is.
        decide: whether a training that reached these metrics after so many epochs ends.
    """

    rungs: Sequence[int]
    measure: Callable[[], Mapping[str, float]]
    decide: Callable[[int, Mapping[str, float]], bool]
    best_loss: float = float("inf")
    best: Mapping[str, float] | None = None

    def __call__(self, epoch: int, figures: Mapping[str, float]) -> bool:
        """Whether to end after this epoch (from 0). The network of the best epoch so far is what counts."""
        if epoch < self.rungs[-1] and (self.best is None or figures["validation_loss"] < self.best_loss):
            self.best_loss, self.best = figures["validation_loss"], self.measure()
        return epoch + 1 in self.rungs and self.best is not None and self.decide(epoch + 1, self.best)
