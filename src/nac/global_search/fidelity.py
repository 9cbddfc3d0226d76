"""Little work for all candidates, all of it for the promising: who is expected to end behind others is passed over."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from optuna.trial import FrozenTrial, TrialState

from nac.config import FidelityConfig
from nac.global_search.objectives import Goals
from nac.pareto import oriented
from nac.space import Genotype, SearchSpace, Value
from nac.tasks import METRICS
from nac.trial import record_of

# Trainings that went on to the end before a forecast is made of them.
ENOUGH = 8
# Candidates passed over in a row: the next one is trained whatever is expected of it, and the forecast learns from it.
PASSED_IN_A_ROW = 20
# Of a ridge regression on genes coded as +-1/2 and other features of unit variance: a prior of one sample.
PENALTY = 1.0

Values = NDArray[np.float64]


class Unpromising(Exception):  # noqa: N818 - a state of a candidate, not an error of the program
    """The candidate is not worth a training."""


class Climbed(NamedTuple):
    """A candidate that was trained to the end: its genes, what was known of its objectives at a rung, how it ended."""

    genotype: Genotype
    known: Sequence[float | None]
    ended: Sequence[float]


@dataclass(frozen=True)
class Ladder:
    """The rungs of a search: the epochs after which a training must be promising to go on; 0 is before the first one.

    How a candidate will end is forecast from its genes and from what is known of its objectives at the rung, by those
    that were trained to the end. It goes on unless it will end no better in any objective than one of those did. A
    training that goes on does so in place, as if nobody had looked, and one that does not keeps what it has: the
    network of its best epoch, with its values. (Rungs as in successive halving, arXiv 1810.05934; a regression on
    configurations and learning curves in place of ranks, as in arXiv 1705.10823.)
    """

    settings: FidelityConfig
    goals: Goals
    space: SearchSpace

    def hopeless(self, genotype: Genotype, known: Sequence[float | None], others: Sequence[Climbed]) -> bool:
        """Whether a candidate of which so much is known will end behind one of the others.

        Args:
            genotype: its genes.
            known: its objectives by then, or the best that they can become; None where that is not known either.
            others: those that were trained to the end, with what was known of them at the same rung.
        """
        if len(others) < ENOUGH:
            return False
        numbers = self._levels([*(other.known for other in others), known])
        ended = self._levels([other.ended for other in others])
        genes = self._coded([*(other.genotype for other in others), genotype])
        features = np.hstack([genes, standardised(numbers[:, np.isfinite(numbers).all(axis=0)])])
        exact = [objective.price == "cheap" for objective in self.goals.objectives]
        forecast = np.where(exact, numbers[-1], ridge(features[:-1], ended, features[-1]))
        ends, end = (oriented(values, self.goals.directions) for values in (ended, forecast[None]))
        return bool((ends <= end).all(axis=1).any())

    @cached_property
    def _choices(self) -> dict[str, Sequence[Value]]:
        return {name: choices for name, choices in self.space.genes.items() if len(choices) > 1}

    def _coded(self, genotypes: Sequence[Genotype]) -> Values:
        """One column for every choice of every gene (N, choices): 1/2 where it was made, -1/2 elsewhere."""
        canonical = [self.space.canonical(genotype) for genotype in genotypes]
        columns = [
            [float(genotype[name] == choice) - 0.5 for genotype in canonical]
            for name, choices in self._choices.items()
            for choice in choices
        ]
        return np.array(columns, dtype=np.float64).reshape(-1, len(canonical)).T

    def _levels(self, rows: Sequence[Sequence[float | None]]) -> Values:
        """Objectives (N, K), costs by their logarithm; NaN where one is not known."""
        values = np.array(rows, dtype=np.float64)
        costs = [objective.name not in METRICS for objective in self.goals.objectives]
        values[:, costs] = np.log1p(values[:, costs])
        return values


def standardised(values: Values) -> Values:
    """Columns (N, K) with zero mean and unit variance."""
    spread = values.std(axis=0)
    return np.asarray((values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def ridge(features: Values, values: Values, own: Values) -> Values:
    """Values (K,) at features `own` (F,), by ridge regression of `values` (N, K) on `features` (N, F)."""
    centre, mean = features.mean(axis=0), values.mean(axis=0)
    features, own = features - centre, own - centre
    kernel = features @ features.T + PENALTY * np.eye(len(features))
    return np.asarray(mean + np.linalg.solve(kernel, features @ own) @ (values - mean))


def climbed(trials: Sequence[FrozenTrial], epochs: int) -> list[Climbed]:
    """The trials that passed the rung after so many epochs and were trained to the end."""
    return [
        Climbed(record.genotype, record.rungs[str(epochs)], trial.values)
        for trial in trials
        if trial.state == TrialState.COMPLETE
        for record in [record_of(trial)]
        if str(epochs) in record.rungs and not record.training.stopped
    ]


def passed_in_a_row(trials: Sequence[FrozenTrial]) -> int:
    """How many candidates were passed over since the last one that was trained."""
    count = 0
    for trial in reversed(trials):
        if trial.state == TrialState.COMPLETE:
            break
        count += record_of(trial).unpromising is not None
    return count


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
    stopped: bool = False

    def __call__(self, epoch: int, figures: Mapping[str, float]) -> bool:
        """Whether to end after this epoch (from 0). The network of the best epoch so far is what counts."""
        if epoch < self.rungs[-1] and (self.best is None or figures["validation_loss"] < self.best_loss):
            self.best_loss, self.best = figures["validation_loss"], self.measure()
        self.stopped = epoch + 1 in self.rungs and self.best is not None and self.decide(epoch + 1, self.best)
        return self.stopped
