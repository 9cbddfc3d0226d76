"""One trial: from the genes that were drawn to the values that are recorded."""

import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import torch
from optuna.trial import FrozenTrial, Trial, TrialState

from nac.arch import Architecture, Network
from nac.cost import costs
from nac.design import save_float
from nac.rundir import Run
from nac.search.objectives import Candidate, Goals, Price
from nac.space import Genotype, SearchSpace, Unbuildable, changes
from nac.tasks import Dataset, Task
from nac.train import evaluate, fit

logger = logging.getLogger(__name__)


class Infeasible(Exception):  # noqa: N818 - a state of a candidate, not an error of the program
    """The candidate breaks a limit that is known before training, and is not trained."""


@dataclass(frozen=True)
class Bench:
    """What every candidate of a search is judged with."""

    task: Task
    space: SearchSpace
    dataset: Dataset
    run: Run
    goals: Goals
    seed: int

    def draw(self, trial: Trial) -> Genotype:
        """Suggest every gene, active or not: a genetic sampler can then inherit all of them."""
        drawn = {name: trial.suggest_categorical(name, choices) for name, choices in self.space.genes.items()}
        return cast(Genotype, drawn)

    def judge(self, trial: Trial, genotype: Genotype, twin: Callable[[str], FrozenTrial | None]) -> list[float]:
        """The objectives of a candidate, everything found out on the way recorded as attributes of the trial.

        Args:
            trial: running.
            genotype: as drawn; the repaired one is recorded.
            twin: the trained trial with a hash, waited for where another worker is at it; None when there is none.

        Raises:
            Infeasible: a limit on a cost is broken, or nothing can be built; the violation is recorded.
            WorkError: the training diverged or a metric could not be measured.
        """
        architecture = self._build(trial, genotype)
        trial.set_user_attr("architecture", architecture.model_dump(mode="json"))
        trial.set_user_attr("hash", architecture.hash)
        candidate = Candidate(architecture)
        trial.set_user_attr("costs", costs(candidate.workload))
        if broken := self._limit(trial, candidate, "cheap"):
            raise Infeasible(", ".join(broken))
        original = twin(architecture.hash)
        if original is not None:
            trial.set_user_attr("duplicate_of", original.number)
            metrics = original.user_attrs["metrics"]
        else:
            metrics = self._train(trial, architecture)
        trial.set_user_attr("metrics", metrics)
        candidate = Candidate(architecture, metrics)
        values = self.goals.values(candidate)
        self._limit(trial, candidate, "dear")
        return values

    def _build(self, trial: Trial, genotype: Genotype) -> Architecture:
        try:
            repaired = self.space.repair(genotype)
        except Unbuildable as error:
            trial.set_constraint("buildable", 1.0)
            raise Infeasible(str(error)) from error
        trial.set_user_attr("genotype", repaired)
        if repaired != genotype:
            trial.set_user_attr("repairs", {name: list(pair) for name, pair in changes(genotype, repaired).items()})
        return self.space.decode(repaired)

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

    def _train(self, trial: Trial, architecture: Architecture) -> dict[str, float]:
        """Train, keep the weights, and return the metrics on the validation split."""
        start = time.perf_counter()
        seed = training_seed(self.seed, architecture)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = Network(architecture)
        result = fit(network, self.dataset, self.task, self.task.config.train, seed=seed)
        metrics = evaluate(network, self.dataset.validation, self.task)
        save_float(self.run.trial(trial.number), network)
        seconds = round(time.perf_counter() - start, 3)
        trial.set_user_attr("training", {"seconds": seconds, "epochs": len(result.history), "best": result.best_epoch})
        return metrics


def training_seed(seed: int, architecture: Architecture) -> int:
    """The same training for the same architecture, whenever in a search of this seed it comes up."""
    digest = hashlib.sha256(f"{seed}/{architecture.hash}".encode()).digest()
    return int.from_bytes(digest[:4], "little")


def known_results(trials: list[FrozenTrial]) -> dict[str, FrozenTrial]:
    """The trials that were trained to the end, by the hash of their architecture."""
    known: dict[str, FrozenTrial] = {}
    for trial in trials:
        attributes: dict[str, Any] = trial.user_attrs
        if trial.state == TrialState.COMPLETE and "duplicate_of" not in attributes and "hash" in attributes:
            known.setdefault(attributes["hash"], trial)
    return known
