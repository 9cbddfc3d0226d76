"""Trials whose training gives a front: what is judged, and kept of it, is all of its networks."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from optuna.trial import Trial, TrialState

from nac.arch import Network
from nac.config import FrontsConfig
from nac.design import save_float
from nac.global_search.candidate import Examiner, training_seed, written
from nac.global_search.deployment import Fronts, Infeasible
from nac.global_search.objectives import Candidate
from nac.global_search.results import Values, added, front_of
from nac.space import changes
from nac.tasks import intervals_of, read_intervals, values_of
from nac.train import estimate, fit
from nac.trial import Measured, Point, Training, keep, record_of

ENOUGH = 3
"""Short trainings before one of them decides that a whole one is not worth it."""
NEAR = 2
"""Genes in which neighbours differ, at most."""


@dataclass(frozen=True)
class FrontExaminer(Examiner):
    """Judges candidates by trainings of learned widths."""

    settings: FrontsConfig = field(default_factory=FrontsConfig)

    def training_of(self, candidate: Candidate) -> str:
        """What its circuit costs is a part of what the training makes small."""
        return super().training_of(candidate) + candidate.folding.suffix

    def train(self, trial: Trial, candidate: Candidate) -> Candidate:
        """Train a front, keep its networks, and return the candidate with what the best in the first objective has."""
        begun, folder = time.perf_counter(), self.run.trial(trial.number)
        seed = training_seed(self.seed, candidate.architecture)
        network = self.network(candidate.architecture, seed)
        fit(network, self.dataset, self.task, self.task.config.train, seed=seed)
        save_float(folder, network)
        parent = self._parent(trial, candidate) if self.settings.warm_start else None
        keep(trial, parent=parent)
        share = self.settings.short if self.settings.short and parent is None else 1.0
        points = self._front(trial, candidate, network, share, parent)
        if share < 1:
            values = [point.values for point in points]
            keep(trial, short=values)
            if self._promises(trial.number, values):
                share = 1.0
                points = self._front(trial, candidate, network, share)
        leader = self._leader(points)
        keep(trial, points=points, leader=leader, rescored=points[leader].rescored, training=Training(
            seconds=round(time.perf_counter() - begun, 3), stopped=share < 1, device=self.dataset.device.type,
        ))  # fmt: skip
        best = points[leader]
        found = read_intervals(best.intervals)
        return replace(candidate, metrics=best.metrics, intervals=found, measured=best.costs)

    def _parent(self, trial: Trial, candidate: Candidate) -> int | None:
        """The trial that a candidate's training goes on from: the nearest, of those the one whose front adds most.

        From each only one goes on: what a search finds would otherwise all come from its first trainings.
        """
        others = [other for other in self.others() if other.number != trial.number]
        taken = {record_of(other).parent for other in others}
        known = [other for other in others if other.number not in taken and other.state == TrialState.COMPLETE
                 and record_of(other).points]  # fmt: skip
        worth = added([front_of(other) for other in known], self.goals.names, self.goals.directions)
        own = record_of(trial).genotype
        near = sorted(
            (distance, -gain, other.number) for other, gain in zip(known, worth, strict=True)
            if (distance := len(changes(own, record_of(other).genotype))) <= NEAR
        )  # fmt: skip
        deployment = cast(Fronts, self.deployment)
        return next((number for *_, number in near
                     if deployment.follows(candidate.architecture, self.run.trial(number))), None)  # fmt: skip

    def _front(
        self, trial: Trial, candidate: Candidate, network: Network, share: float, parent: int | None = None
    ) -> list[Point]:
        """The points of a training; of those that keep the limits, if any does."""
        seed = training_seed(self.seed, candidate.architecture)
        networks = cast(Fronts, self.deployment).front(
            network, seed, share, self.run.trial(trial.number), candidate.folding,
            None if parent is None else self.run.trial(parent),
        )  # fmt: skip
        points, kept = [], []
        for index, found in enumerate(networks):
            try:
                made = self._point(candidate, found, index)
            except Infeasible:
                continue
            points.append(made)
            kept.append(not any(limit.violation(limit.objective.value(self._judged(candidate, made))) > 0
                                for limit in self.goals.limits_of("dear")))  # fmt: skip
        if not points:
            trial.set_constraint("buildable", 1.0)
            raise Infeasible("no network of its front can become a circuit")
        return [point for point, within in zip(points, kept, strict=True) if within] or points

    def _point(self, candidate: Candidate, network: Network, index: int) -> Point:
        assert self.deployment is not None
        found = estimate(network, self.dataset.validation, self.task)
        again = estimate(network, self.dataset.judging, self.task)
        point = Point(
            index=index, metrics=values_of(found), intervals=written(intervals_of(found)), values=(),
            architecture=network.architecture.model_dump(mode="json"),
            costs=self.deployment.measure(network, candidate.folding),
            rescored=Measured(metrics=values_of(again), intervals=written(intervals_of(again))),
        )  # fmt: skip
        return point.model_copy(update={"values": tuple(self.goals.values(self._judged(candidate, point)))})

    def _judged(self, candidate: Candidate, point: Point) -> Candidate:
        return replace(candidate, metrics=point.metrics, measured=point.costs)

    def _leader(self, points: Sequence[Point]) -> int:
        """The best in the first objective, of equal ones the cheapest."""
        sign = -1 if self.goals.directions[0] == "maximize" else 1
        return min(range(len(points)), key=lambda index: sign * points[index].values[0])

    def _promises(self, number: int, own: Values) -> bool:
        """Whether a short front adds as much to all of them as half of those of the others do."""
        others = [record.short for trial in self.others() if trial.number != number
                  for record in [record_of(trial)] if record.short]  # fmt: skip
        if len(others) < ENOUGH:
            return True
        *known, mine = added([*others, own], self.goals.names, self.goals.directions)
        return mine >= statistics.median(known)
