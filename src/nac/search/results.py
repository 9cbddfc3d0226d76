"""What a search has found, read from its study; a search that is still writing to it does not mind."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna._hypervolume import compute_hypervolume  # the public API only plots it
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from nac.arch import Architecture
from nac.errors import InputError
from nac.search.objectives import OBJECTIVES
from nac.space import Genotype


@dataclass(frozen=True)
class TrialResult:
    """One trained candidate: `values` are the objectives by name, `metrics` are on the validation split.

    `genotype` is the one that was built, `repairs` say what was changed in the one that was drawn. A duplicate
    has the results, and no files, of the trial whose number it names. `violations` are those of the limits, as
    shares of the bound; the result is feasible when none is above zero.
    """

    number: int
    record: Mapping[str, Any]
    genotype: Genotype
    values: Mapping[str, float]
    metrics: Mapping[str, float]
    costs: Mapping[str, float]
    violations: Mapping[str, float]
    seconds: float
    baseline: str | None = None
    duplicate_of: int | None = None
    repairs: Mapping[str, Sequence[int | str | bool]] | None = None

    @cached_property
    def architecture(self) -> Architecture:
        """What was built, as `record` has it."""
        return Architecture.model_validate(self.record)

    @property
    def feasible(self) -> bool:
        """Whether every limit is kept."""
        return all(violation <= 0 for violation in self.violations.values())


def results(study: optuna.Study) -> list[TrialResult]:
    """Every trial with values, feasible or not, duplicates included, in their order."""
    names = objective_names(study)
    return [_result(t, names) for t in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))]


def objective_names(study: optuna.Study) -> list[str]:
    """The objectives in their order."""
    return list(study.metric_names or study.user_attrs.get("objectives", ()))


def _result(trial: FrozenTrial, names: Sequence[str]) -> TrialResult:
    attributes = trial.user_attrs
    return TrialResult(
        number=trial.number,
        record=attributes["architecture"],
        genotype=attributes["genotype"],
        values=dict(zip(names, trial.values, strict=True)),
        metrics=attributes["metrics"],
        costs=attributes["costs"],
        violations=trial.constraints,
        seconds=attributes.get("training", {}).get("seconds", 0.0),
        baseline=attributes.get("baseline"),
        duplicate_of=attributes.get("duplicate_of"),
        repairs=attributes.get("repairs"),
    )


def ranked(study: optuna.Study) -> list[list[TrialResult]]:
    """Feasible results without duplicates: the front, the front without the first, and so on.

    Within a front the best in the first objective comes first.
    """
    left = _candidates(study)
    ranks: list[list[TrialResult]] = []
    while left:
        on_front = _non_dominated(_losses(left, study))
        ranks.append([result for result, on in zip(left, on_front, strict=True) if on])
        left = [result for result, on in zip(left, on_front, strict=True) if not on]
    return ranks


def front(study: optuna.Study) -> list[TrialResult]:
    """The feasible results that no feasible result is better than in every objective; equal ones all stay."""
    found = _candidates(study)
    return [result for result, on in zip(found, _non_dominated(_losses(found, study)), strict=True) if on]


def _candidates(study: optuna.Study) -> list[TrialResult]:
    """Feasible results without duplicates, the best in the first objective first."""
    found = [result for result in results(study) if result.feasible and result.duplicate_of is None]
    losses = _losses(found, study)
    return [found[i] for i in sorted(range(len(found)), key=lambda i: (tuple(losses[i]), found[i].number))]


def select(study: optuna.Study, n: int) -> list[TrialResult]:
    """`n` results to go on with: the best in the first objective, then whichever adds most to the area covered.

    Areas are those of the hypervolume over the objectives, each scaled to the range of the front, costs by their
    logarithm: the choice spreads over the front and leaves out steps that gain little. When a front is used up
    the next one follows; fewer than `n` come back when there are no more.
    """
    chosen: list[TrialResult] = []
    for rank in ranked(study):
        chosen += _spread(rank, _scaled(rank, study), min(n - len(chosen), len(rank)))
        if len(chosen) >= n:
            break
    return chosen


def hypervolume(study: optuna.Study, reference: Mapping[str, float]) -> float:
    """The volume that the feasible front dominates, up to a value of every objective that is just no longer of use.

    Raises InputError when `reference` misses an objective.
    """
    names = objective_names(study)
    if missing := [name for name in names if name not in reference]:
        raise InputError(f"hypervolume: no reference value for {', '.join(missing)}")
    signs = _signs(study)
    point = signs * np.array([reference[name] for name in names])
    losses = _losses(front(study), study)
    losses = losses[(losses < point).all(axis=1)] if losses.size else losses
    return float(compute_hypervolume(losses, point)) if losses.size else 0.0


def _signs(study: optuna.Study) -> NDArray[np.float64]:
    return np.array([1.0 if direction == StudyDirection.MINIMIZE else -1.0 for direction in study.directions])


def _losses(found: Sequence[TrialResult], study: optuna.Study) -> NDArray[np.float64]:
    """Objectives (results, objectives), all of them better when smaller."""
    names = objective_names(study)
    values = np.array([[result.values[name] for name in names] for result in found], dtype=float)
    return values.reshape(len(found), len(names)) * _signs(study)


def _non_dominated(losses: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows no other row dominates."""
    no_worse = (losses[:, None, :] <= losses[None, :, :]).all(axis=2)
    better = (losses[:, None, :] < losses[None, :, :]).any(axis=2)
    return np.asarray(~(no_worse & better).any(axis=0))


def _scaled(found: Sequence[TrialResult], study: optuna.Study) -> NDArray[np.float64]:
    """Losses with every objective scaled to [0, 1], costs by their logarithm."""
    losses = _losses(found, study)
    for k, name in enumerate(objective_names(study)):
        if OBJECTIVES[name].price == "cheap" and (losses[:, k] > 0).all():
            losses[:, k] = np.log(losses[:, k])
    low, high = losses.min(axis=0), losses.max(axis=0)
    return np.asarray((losses - low) / np.where(high > low, high - low, 1.0))


def _spread(found: Sequence[TrialResult], points: NDArray[np.float64], n: int) -> list[TrialResult]:
    """`n` of `found`, the first (best in the first objective) and then greedily by hypervolume."""
    reference = np.full(points.shape[1], 1.1)
    chosen = [0][:n]
    while len(chosen) < n:
        rest = [i for i in range(len(found)) if i not in chosen]
        gains = [compute_hypervolume(points[[*chosen, i]], reference) for i in rest]
        chosen.append(rest[int(np.argmax(gains))])
    return [found[i] for i in chosen]


def best(found: Sequence[TrialResult], name: str) -> float:
    """The best value of one objective; NaN when nothing was found."""
    values = [result.values[name] for result in found]
    if not values:
        return math.nan
    return max(values) if OBJECTIVES[name].direction == "maximize" else min(values)
