"""How well a number measured on some samples is known: its 95 % interval and its standard error.

Samples are taken as independent draws from those that the number is about. Measured on ruby Bragg peaks, the blocks of
frames that stay together in a split do not widen the standard error of a trained network's mean distance (variance
times 0.95); other detector panels are other data, which no interval of one's own can tell. What a network owes to its
training (its seed, its samples) is not in an interval either.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

CONFIDENCE = 0.95
Z = float(stats.norm.ppf(0.5 + CONFIDENCE / 2))
RESAMPLES = 400
"""Draws of a bootstrap: so many cost half a second for a function of a millisecond."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """Bounds at a confidence, and half the width of the interval at that of one standard deviation (68.3 %)."""

    low: float
    high: float
    standard_error: float
    confidence: float = CONFIDENCE


class Estimate(Protocol):
    """A number measured on N samples."""

    @property
    def value(self) -> float:
        """The number."""

    def bounds(self, z: float) -> tuple[float, float] | None:
        """What it lies between, with the confidence of `z` standard deviations; None where nothing can be said."""


@dataclass(frozen=True)
class Share:
    """The share of samples that are right, `hits` (N,) bool. Interval of Wilson (1927): never empty, within 0 to 1."""

    hits: NDArray[np.bool_]

    @property
    def value(self) -> float:
        """Right ones of all."""
        return float(self.hits.mean())

    def bounds(self, z: float) -> tuple[float, float]:
        """See Estimate."""
        return wilson(self.value, len(self.hits), z)


@dataclass(frozen=True)
class Mean:
    """The mean of `values` (N,), none below 0.

    Student's interval, its skewness removed by Hall's cubic transformation (J. R. Stat. Soc. B 54, 221, 1992): errors
    have long tails on one side only.
    """

    values: Array

    @property
    def value(self) -> float:
        """Their mean."""
        return float(self.values.mean())

    def bounds(self, z: float) -> tuple[float, float] | None:
        """See Estimate."""
        n, mean = len(self.values), self.value
        if n < 2:
            return None
        error = self.values.std(ddof=1) / np.sqrt(n)
        if not error:
            return mean, mean
        skew = float(stats.skew(self.values)) / np.sqrt(n)
        t = stats.t.ppf(stats.norm.cdf((z, -z)), n - 1)
        if abs(skew) > 1e-6:
            t = (np.cbrt(1 + skew * (t - skew / 6)) - 1) * 3 / skew
        low, high = mean - t * error
        return max(float(low), 0.0), float(high)


@dataclass(frozen=True)
class RootMean:
    """The root of the mean of `squares` (N,), none below 0. Bounds are the roots of the mean's."""

    squares: Array

    @property
    def value(self) -> float:
        """The root of their mean."""
        return float(np.sqrt(self.squares.mean()))

    def bounds(self, z: float) -> tuple[float, float] | None:
        """See Estimate."""
        found = Mean(self.squares).bounds(z)
        return None if found is None else (float(np.sqrt(found[0])), float(np.sqrt(found[1])))


@dataclass(frozen=True)
class Percentile:
    """The value that a `share` of `values` (N,) lies below.

    Bounds are fractional order statistics, interpolated between two samples (Hutson, J. Appl. Stat. 26, 343, 1999):
    exact but for that, whatever the distribution. They end at the smallest and the largest sample.
    """

    values: Array
    share: float

    @property
    def value(self) -> float:
        """Interpolated between two samples."""
        return float(np.quantile(self.values, self.share))

    def bounds(self, z: float) -> tuple[float, float] | None:
        """See Estimate."""
        n, tail = len(self.values), float(stats.norm.sf(z))
        if n < 2:
            return None
        ranks = [_rank(self.share, n, 1 - tail), _rank(self.share, n, tail)]
        low, high = np.interp(ranks, np.arange(1, n + 1), np.sort(self.values))
        return float(low), float(high)


@dataclass(frozen=True)
class RankedAreas:
    """Mean over the classes of the area under the ROC curve of one against the rest: `scores` (N, C), `labels` (N,).

    The variance is that of DeLong et al. (1988), by ranks (Sun and Xu 2014), with what the classes' areas have in
    common: a sample enters all of them. Bounds are Wilson's for a share of that variance. Every class has a sample.
    The value is scikit-learn's roc_auc_score(multi_class="ovr"), which does not give the samples' shares in it.
    """

    scores: Array
    labels: NDArray[np.integer]

    @cached_property
    def _parts(self) -> Array:
        """(C, N): the areas' shares of each sample, their means over a class or its rest being the class' area."""
        return np.stack([_placements(self.scores[:, k], self.labels == k) for k in range(self.scores.shape[1])])

    @property
    def value(self) -> float:
        """The mean area."""
        return float(np.mean([part[self.labels == k].mean() for k, part in enumerate(self._parts)]))

    def bounds(self, z: float) -> tuple[float, float]:
        """See Estimate."""
        influence, pairs = np.zeros(len(self.labels)), len(self.labels)
        for k, part in enumerate(self._parts):
            for side in (self.labels == k, self.labels != k):
                n = int(side.sum())
                influence[side] += (part[side] - part[side].mean()) / np.sqrt(n * max(n - 1, 1)) / len(self._parts)
                pairs = min(pairs, n)
        value, variance = self.value, float(influence @ influence)
        # As many independent samples as would be known as well; `pairs` of a class and its rest share no sample.
        n_eff = value * (1 - value) / variance if variance > 0 else 0.0
        return wilson(value, max(n_eff, pairs), z)


@dataclass(frozen=True)
class Resampled:
    """Any function of predictions and targets (N, ...). Bootstrap of the samples, percentiles of the draws."""

    function: Callable[[NDArray[Any], NDArray[Any]], float]
    predicted: NDArray[Any]
    true: NDArray[Any]

    @property
    def value(self) -> float:
        """The function of all samples."""
        return float(self.function(self.predicted, self.true))

    @cached_property
    def _draws(self) -> Array:
        rows = np.random.default_rng(0).integers(len(self.true), size=(RESAMPLES, len(self.true)))
        return np.array([self.function(self.predicted[some], self.true[some]) for some in rows], dtype=np.float64)

    def bounds(self, z: float) -> tuple[float, float] | None:
        """See Estimate."""
        if len(self.true) < 2:
            return None
        low, high = np.nanquantile(self._draws, stats.norm.cdf((-z, z)))
        return float(low), float(high)


@cache
def _rank(share: float, n: int, confidence: float) -> float:
    """The rank, a real number from 1 to n, whose order statistic lies below the percentile with this confidence."""

    def too_sure(rank: float) -> float:
        return float(special.betainc(rank, n + 1 - rank, share)) - confidence

    if too_sure(1.0) <= 0:
        return 1.0
    return n if too_sure(float(n)) >= 0 else float(optimize.brentq(too_sure, 1.0, float(n)))


def wilson(share: float, n: float, z: float) -> tuple[float, float]:
    """The score interval of a share of n samples (Wilson 1927)."""
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return min(float(max(centre - half, 0.0)), share), max(float(min(centre + half, 1.0)), share)


def _placements(scores: Array, inside: NDArray[np.bool_]) -> Array:
    """(N,): for a sample inside the share of those outside that score lower, for one outside that of higher ones."""
    ranks = stats.rankdata(scores)
    placed = np.empty(len(scores))
    own = stats.rankdata(scores[inside])
    other = stats.rankdata(scores[~inside])
    placed[inside] = (ranks[inside] - own) / len(other)
    placed[~inside] = 1 - (ranks[~inside] - other) / len(own)
    return placed


def interval(estimate: Estimate) -> Interval | None:
    """The interval of an estimate; None where too few samples say nothing."""
    wide, narrow = estimate.bounds(Z), estimate.bounds(1.0)
    return None if wide is None or narrow is None else Interval(*wide, (narrow[1] - narrow[0]) / 2)


def values_of(estimates: Mapping[str, Estimate]) -> dict[str, float]:
    """The numbers by name."""
    return {name: estimate.value for name, estimate in estimates.items()}


def read_intervals(stored: Mapping[str, Mapping[str, float]]) -> dict[str, Interval]:
    """The intervals by name of what was written as JSON. Raises TypeError where it was something else."""
    return {name: Interval(**known) for name, known in stored.items()}


def intervals_of(estimates: Mapping[str, Estimate]) -> dict[str, Interval]:
    """The intervals by name, of those that have one."""
    found = {name: interval(estimate) for name, estimate in estimates.items()}
    return {name: known for name, known in found.items() if known is not None}
