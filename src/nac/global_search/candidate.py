"""One trial: from the genes that were drawn to the values that are recorded."""

import hashlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

import numpy as np
from optuna.trial import FrozenTrial, Trial, TrialState

from nac.arch import Architecture, Network, initialised, workload
from nac.cost import costs
from nac.design import load_float, load_quantised, save_float, save_quantised
from nac.errors import InputError
from nac.global_search.deployment import Deployment, Infeasible
from nac.global_search.fidelity import PASSED_IN_A_ROW, Climb, Ladder, Unpromising, climbed, passed_in_a_row
from nac.global_search.objectives import Candidate, Goals, Price
from nac.rundir import Run
from nac.space import Genotype, SearchSpace, Unbuildable, changes, compression, folding
from nac.tasks import Dataset, Interval, Task, intervals_of, read_intervals, values_of
from nac.train import FitResult, estimate, evaluate, fit
from nac.trial import Measured, Training, keep, record_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Examiner:
    """What every candidate of a search is judged with; a search of quantised networks has a `deployment`."""

    task: Task
    space: SearchSpace
    dataset: Dataset
    run: Run
    goals: Goals
    seed: int
    deployment: Deployment | None = None
    ladder: Ladder | None = None
    others: Callable[[], list[FrozenTrial]] = list

    @property
    def rungs(self) -> tuple[int, ...]:
        """The epochs after which a training may end."""
        return () if self.ladder is None else tuple(rung for rung in self.ladder.settings.rungs if rung)

    def require_measurable(self, names: Sequence[str]) -> None:
        """Raises InputError when a metric that the search is for cannot be measured on the validation split."""
        validation = self.dataset.validation
        outputs = np.zeros((len(validation), self.task.outputs))
        measured = self.task.metrics(outputs, validation.y.numpy(), self.dataset.preprocessing)
        for name in names:
            if name in self.task.metric_names and name not in measured:
                raise InputError(f"{self.task.config.name}: {name} cannot be measured on the {len(validation):,} "
                                 "samples of the validation split, expected another objective or a larger share "
                                 "(data.split)")

    def draw(self, trial: Trial) -> Genotype:
        """Suggest every gene, active or not: a genetic sampler can then inherit all of them."""
        drawn = {name: trial.suggest_categorical(name, choices) for name, choices in self.space.genes.items()}
        return cast(Genotype, drawn)

    def judge(self, trial: Trial, genotype: Genotype, known: Callable[[str], Sequence[FrozenTrial]]) -> list[float]:
        """The objectives of a candidate, everything found out on the way recorded as attributes of the trial.

        Args:
            trial: running.
            genotype: as drawn; the repaired one is recorded.
            known: the finished trials with a hash, waited for where another worker is at one.

        Raises:
            Infeasible: a limit on a cost is broken, or nothing can be built; the violation is recorded.
                Found before training, unless it took the trained network to see that it cannot be built.
            Unpromising: it is expected to end behind others.
            WorkError: the training diverged or a metric could not be measured.
        """
        architecture = self._build(trial, genotype)
        repaired = record_of(trial).genotype
        candidate = Candidate(architecture, compression=compression(repaired), folding=folding(repaired))
        hash_ = self.training_of(candidate)
        keep(trial, architecture=architecture.model_dump(mode="json"), hash=hash_)
        candidate = self._forecast(trial, candidate)
        keep(trial, costs=costs(candidate.workload))
        if broken := [*self._limit(trial, candidate, "cheap"), *self._hopeless(trial, candidate)]:
            raise Infeasible(", ".join(broken))
        twins = known(hash_)
        if (original := next(filter(self._same_circuit(candidate), twins), None)) is not None:
            keep(trial, duplicate_of=original.number)
            found = record_of(original)
            intervals = read_intervals(found.intervals)
            candidate = replace(candidate, metrics=found.metrics, intervals=intervals, measured=found.costs)
        elif twins:
            candidate = self._refolded(trial, candidate, twins[0])
        else:
            self._require_promise(trial, candidate)
            candidate = self.train(trial, candidate)
        keep(trial, metrics=candidate.metrics, intervals=written(candidate.intervals))
        if self.deployment is not None:
            keep(trial, costs=candidate.measured)
        values = self.goals.values(candidate)
        self._limit(trial, candidate, "dear")
        return values

    def _build(self, trial: Trial, genotype: Genotype) -> Architecture:
        try:
            repaired = self.space.repair(genotype)
        except Unbuildable as error:
            trial.set_constraint("buildable", 1.0)
            raise Infeasible(str(error)) from error
        keep(trial, genotype=repaired)
        if repaired != genotype:
            keep(trial, repairs=changes(genotype, repaired))
        return self.space.decode(repaired)

    def training_of(self, candidate: Candidate) -> str:
        """A hash that candidates have in common whose training is the same."""
        return candidate.architecture.hash + candidate.compression.suffix

    def _forecast(self, trial: Trial, candidate: Candidate) -> Candidate:
        """The candidate with what is forecast of it."""
        architecture = candidate.architecture
        if self.deployment is None:
            return Candidate(architecture)
        try:
            hardware = self.deployment.forecast(architecture, candidate.compression, candidate.folding)
        except Infeasible:
            trial.set_constraint("buildable", 1.0)
            raise
        # Quantisation can only set more weights to zero: without any, all costs are at their lowest.
        lowest = costs(workload(architecture, density=0.0))
        return replace(candidate, forecasts={**lowest, **hardware})

    def _hopeless(self, trial: Trial, candidate: Candidate) -> list[str]:
        """Record the limits that even the forecast breaks; return them in words."""
        broken = []
        for limit, best in self.goals.hopeless(candidate):
            trial.set_constraint(limit.name, limit.violation(best))
            broken.append(f"{limit.objective.name} is at least {best:.4g} as forecast, expected {limit.name}")
        return broken

    def _limit(self, trial: Trial, candidate: Candidate, price: Price) -> list[str]:
        """Record every limit of this price; return the broken ones in words."""
        broken = []
        for limit in self.goals.limits_of(price):
            value = limit.objective.value(candidate)
            violation = limit.violation(value)
            if limit.name not in trial.constraints:  # it is there when a trial is taken up again
                trial.set_constraint(limit.name, violation)
            if violation > 0:
                broken.append(f"{limit.objective.name} is {value:g}, expected {limit.name}")
        return broken

    def train(self, trial: Trial, candidate: Candidate) -> Candidate:
        """Train, keep the weights, and return the candidate with what it measures on the validation split."""
        start = time.perf_counter()
        architecture, folder = candidate.architecture, self.run.trial(trial.number)
        seed = training_seed(self.seed, architecture)
        network = self.network(architecture, seed)
        climb = Climb(
            self.rungs, lambda: evaluate(network, self.dataset.validation, self.task),
            lambda epochs, metrics: self.ends(trial, candidate, epochs, metrics),
        )  # fmt: skip
        result = self.fitted(network, seed, climb)
        measured = None
        if self.deployment is not None:
            deployed = self.deployment.quantised(network, candidate.compression, seed)
            measured = self._measured(trial, candidate, deployed)
            save_quantised(folder, deployed)
        save_float(folder, network)
        judged = network if self.deployment is None else deployed
        found = estimate(judged, self.dataset.validation, self.task)
        again = estimate(judged, self.dataset.judging, self.task)
        keep(trial, rescored=Measured(metrics=values_of(again), intervals=written(intervals_of(again))))
        seconds = round(time.perf_counter() - start, 3)
        keep(trial, training=Training(
            seconds=seconds, epochs=len(result.history), best=result.best_epoch, stopped=climb.stopped,
            device=self.dataset.device.type,
        ))  # fmt: skip
        return replace(
            candidate, metrics=values_of(found), intervals=intervals_of(found), network=judged, measured=measured
        )  # fmt: skip

    def _measured(self, trial: Trial, candidate: Candidate, network: Network) -> Mapping[str, float]:
        """The costs of a quantised network. Raises Infeasible, which is recorded."""
        assert self.deployment is not None
        try:
            return self.deployment.measure(network, candidate.folding)
        except Infeasible:
            trial.set_constraint("buildable", 1.0)
            raise

    def _same_circuit(self, candidate: Candidate) -> Callable[[FrozenTrial], bool]:
        """Whether a trial with the same training has the same circuit, too; float networks have none."""
        return lambda twin: self.deployment is None or folding(record_of(twin).genotype) == candidate.folding

    def _refolded(self, trial: Trial, candidate: Candidate, trained: FrozenTrial) -> Candidate:
        """The candidate with the network of a trial from which only its circuit differs; this trial keeps it too."""
        start, found = time.perf_counter(), record_of(trained)
        source, folder = self.run.trial(trained.number), self.run.trial(trial.number)
        network = load_quantised(source)
        measured = self._measured(trial, candidate, network)
        save_quantised(folder, network)
        save_float(folder, load_float(source))
        seconds = round(time.perf_counter() - start, 3)
        keep(trial, rescored=found.rescored, training=found.training.model_copy(update={"seconds": seconds}),
             network_of=trained.number if found.network_of is None else found.network_of)  # fmt: skip
        intervals = read_intervals(found.intervals)
        return replace(candidate, metrics=found.metrics, intervals=intervals, network=network, measured=measured)

    def network(self, architecture: Architecture, seed: int) -> Network:
        """What a training starts from."""
        return initialised(architecture, seed)

    def fitted(self, network: Network, seed: int, climb: Climb) -> FitResult:
        """Train a candidate's network in place."""
        settings, on_epoch = self.task.config.train, climb if self.rungs else None
        return fit(network, self.dataset, self.task, settings, seed=seed, on_epoch=on_epoch)

    def _require_promise(self, trial: Trial, candidate: Candidate) -> None:
        """Raises Unpromising when the candidate is not worth its first epoch."""
        if self.ladder is None or 0 not in self.ladder.settings.rungs:
            return
        known = [objective.forecast(candidate) for objective in self.goals.objectives]
        if self._hopeless_at(trial, 0, known) and passed_in_a_row(self.others()) < PASSED_IN_A_ROW:
            raise Unpromising("it is expected to end behind a candidate that was trained")

    def ends(self, trial: Trial, candidate: Candidate, epochs: int, metrics: Mapping[str, float]) -> bool:
        """Record what a training has reached at a rung, and say whether it ends there."""
        return self._hopeless_at(trial, epochs, self.goals.values(replace(candidate, metrics=metrics)))

    def _hopeless_at(self, trial: Trial, epochs: int, known: Sequence[float | None]) -> bool:
        assert self.ladder is not None
        so_far = record_of(trial)
        keep(trial, rungs={**so_far.rungs, str(epochs): known})
        return self.ladder.hopeless(so_far.genotype, known, climbed(self.others(), epochs))


def training_seed(seed: int, architecture: Architecture) -> int:
    """The same training for the same architecture, whenever in a search of this seed it comes up."""
    digest = hashlib.sha256(f"{seed}/{architecture.hash}".encode()).digest()
    return int.from_bytes(digest[:4], "little")


def known_results(trials: list[FrozenTrial], hash_: str) -> list[FrozenTrial]:
    """The trials that have a network of their own and this hash, of their architecture and what is to go of it."""
    finished = ((trial, record_of(trial)) for trial in trials if trial.state == TrialState.COMPLETE)
    return [trial for trial, record in finished if record.duplicate_of is None and record.hash == hash_]


def written(intervals: Mapping[str, Interval]) -> dict[str, Any]:
    """Intervals as they are kept."""
    return {name: asdict(known) for name, known in intervals.items()}
