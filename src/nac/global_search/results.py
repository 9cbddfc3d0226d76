"""What a search has found, read from its study; a search that is still writing to it does not mind."""

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from nac import pareto
from nac.arch import Architecture, Compression
from nac.config import Folding
from nac.errors import InputError
from nac.global_search.objectives import objective_of
from nac.pareto import Direction, gains, non_dominated, oriented, representatives
from nac.space import Genotype, compression, folding
from nac.study import Trainings, averaged, counted_trainings, expecting_a_search
from nac.tasks import METRICS, Interval, read_intervals
from nac.trial import record_of

Values = Sequence[Sequence[float]]
"""Of some networks by the objectives."""


@dataclass(frozen=True)
class TrialResult:
    """One trained candidate: `values` are the objectives by name, `metrics` and `intervals` on the validation split.

    Or one network on the front of its training, `point` among those of the trial's folder.

    `costs` are those of the architecture; in a search that quantises those measured of the quantised network, the
    hardware costs among them. `genotype` is the one that was built, `repairs` say what was changed in the one that
    was drawn. A duplicate has the results, and no files, of the trial whose number it names; `network_of` names the one
    whose network it is, as another circuit. `violations` are those
    of the limits, as shares of the bound; the result is feasible when none is above zero.
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
    network_of: int | None = None
    point: int | None = None
    repairs: Mapping[str, Sequence[int | str | bool]] | None = None
    intervals: Mapping[str, Interval] = field(default_factory=dict)

    @cached_property
    def architecture(self) -> Architecture:
        """What was built, as `record` has it."""
        return Architecture.model_validate(self.record)

    @property
    def compression(self) -> Compression:
        """How much of the weights was to go."""
        return compression(self.genotype)

    @property
    def network(self) -> int:
        """The number of the trial that trained its network."""
        return self.number if self.network_of is None else self.network_of

    @property
    def folding(self) -> Folding:
        """How its circuit is folded."""
        return folding(self.genotype)

    @property
    def feasible(self) -> bool:
        """Whether every limit is kept."""
        return all(violation <= 0 for violation in self.violations.values())


def results(study: optuna.Study, trainings: Sequence[str] | None = None) -> list[TrialResult]:
    """Every trial with values, feasible or not, duplicates included, in their order.

    `trainings` names the other trainings that count, if not those that the study counts. Raises InputError where
    a trial has other attributes than a search writes.
    """
    names = objective_names(study)
    again = counted_trainings(study, trainings)
    finished = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    found = []
    for trial in finished:
        with expecting_a_search(trial):
            found.extend(_results(trial, names, again.get(trial.number, {})))
    return found


def objective_names(study: optuna.Study) -> list[str]:
    """The objectives in their order."""
    return list(study.metric_names or study.user_attrs.get("objectives", ()))


def _results(trial: FrozenTrial, names: Sequence[str], again: Trainings) -> list[TrialResult]:
    """Those of a finished trial: one for every point of its training's front, else one."""
    result, points = _result(trial, names, again), record_of(trial).points
    return [
        replace(
            result, point=point.index, values=dict(zip(names, point.values, strict=True)), metrics=point.metrics,
            costs=point.costs, intervals=read_intervals(point.intervals),
        )
        for point in points
    ] or [result]  # fmt: skip


def _result(trial: FrozenTrial, names: Sequence[str], again: Trainings) -> TrialResult:
    """The result of a finished trial; metrics of one that was trained again are the mean of all its trainings."""
    record = record_of(trial)
    if not isinstance(record.architecture, Mapping) or not record.metrics:
        raise ValueError("no architecture or no metrics")
    metrics, _ = averaged(record.metrics, [found.get("metrics", {}) for found in again.values()])
    values = dict(zip(names, trial.values, strict=True))
    return TrialResult(
        number=trial.number,
        record=record.architecture,
        genotype=record.genotype,
        values={name: metrics.get(name, value) for name, value in values.items()},
        metrics=metrics,
        costs=record.costs,
        violations=trial.constraints,
        seconds=record.training.seconds,
        baseline=record.baseline,
        duplicate_of=record.duplicate_of,
        network_of=record.network_of,
        repairs=record.repairs,
        intervals=read_intervals(record.intervals),
    )


def front_of(trial: FrozenTrial) -> Values:
    """The objectives of the networks of a finished trial: of one, or of those on its training's front."""
    points = record_of(trial).points
    return [point.values for point in points] if points else [trial.values]


def added(fronts: Sequence[Values], names: Sequence[str], directions: Sequence[Direction]) -> list[float]:
    """What each of some fronts adds to the hypervolume of all others (nac.pareto.gains), costs by their logarithm."""
    costs = [name not in METRICS for name in names]
    return gains([np.array(values, dtype=np.float64) for values in fronts], directions, costs)


def ranked(study: optuna.Study, trainings: Sequence[str] | None = None) -> list[list[TrialResult]]:
    """Feasible results without duplicates: the front, the front without the first, and so on; trainings as `results`.

    Within a front the best in the first objective comes first.
    """
    left = _candidates(study, trainings)
    ranks: list[list[TrialResult]] = []
    while left:
        on_front = non_dominated(_values(left, study), directions_of(study))
        ranks.append([result for result, on in zip(left, on_front, strict=True) if on])
        left = [result for result, on in zip(left, on_front, strict=True) if not on]
    return ranks


def front(study: optuna.Study, trainings: Sequence[str] | None = None) -> list[TrialResult]:
    """The feasible results that no feasible result is better than in every objective; equal ones all stay.

    `trainings` as `results` takes them.
    """
    return next(iter(ranked(study, trainings)), [])


def select(
    study: optuna.Study, n: int, key: Callable[[TrialResult], Hashable] = lambda result: (result.number, result.point)
) -> list[TrialResult]:
    """`n` results to go on with, spread along the front (`nac.pareto.representatives`, costs by their logarithm).

    When a front is used up the next one follows; fewer than `n` come back when there are no more. Of results with
    equal keys one is chosen at most: of the best front, the best in the first objective.
    """
    costs = [name not in METRICS for name in objective_names(study)]
    chosen: dict[Hashable, TrialResult] = {}
    for rank in ranked(study):
        if len(chosen) == n:
            break
        new: dict[Hashable, TrialResult] = {}
        for result in rank:
            if (name := key(result)) not in chosen:
                new.setdefault(name, result)
        names, values = list(new), _values(list(new.values()), study)
        for i in representatives(values, directions_of(study), costs, min(n - len(chosen), len(new))):
            chosen[names[i]] = new[names[i]]
    return list(chosen.values())


def hypervolume(study: optuna.Study, reference: Mapping[str, float]) -> float:
    """The volume that the feasible front dominates, up to a value of every objective that is just no longer of use.

    Raises InputError when `reference` misses an objective.
    """
    names = objective_names(study)
    if missing := [name for name in names if name not in reference]:
        raise InputError(f"hypervolume: no reference value for {', '.join(missing)}")
    return pareto.hypervolume(_values(front(study), study), directions_of(study), [reference[name] for name in names])


def _candidates(study: optuna.Study, trainings: Sequence[str] | None) -> list[TrialResult]:
    """Feasible results without duplicates, the best in the first objective first."""
    found = [result for result in results(study, trainings) if result.feasible and result.duplicate_of is None]
    losses = oriented(_values(found, study), directions_of(study))
    return [found[i] for i in sorted(range(len(found)), key=lambda i: (tuple(losses[i]), found[i].number))]


def directions_of(study: optuna.Study) -> list[Direction]:
    """Of the objectives, in their order."""
    return ["minimize" if direction == StudyDirection.MINIMIZE else "maximize" for direction in study.directions]


def _values(found: Sequence[TrialResult], study: optuna.Study) -> NDArray[np.float64]:
    """Objectives (results, objectives) in their own units."""
    names = objective_names(study)
    values = [[result.values[name] for name in names] for result in found]
    return np.array(values, dtype=np.float64).reshape(len(found), len(names))


def best(found: Sequence[TrialResult], name: str) -> float:
    """The best value of one objective; NaN when nothing was found."""
    values = [result.values[name] for result in found]
    if not values:
        return math.nan
    return max(values) if objective_of(name).direction == "maximize" else min(values)
