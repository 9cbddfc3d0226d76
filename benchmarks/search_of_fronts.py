"""A search over fronts of learned widths against restarts of its best training: hypervolume over CPU seconds.

    python benchmarks/search_of_fronts.py --data train.npz [--task jets_features] [--seed 0]... [--set KEY=VALUE]...

Searches as the task's preset `hardware` says, then trains the architecture whose front alone was the best with other
seeds, from as many CPU seconds as the search took. Networks are chosen by the samples that choose; volumes are those of
what they reach on a fifth of the file that chooses nothing, above the search's least accuracy and below the logarithm
of its most LUTs. Given are the seconds until a volume is reached as large as that of the best single training, and the
volumes in the end.
"""

import argparse
import json
import math
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from nac.arch import Architecture, Network, initialised
from nac.config import AS_TARGET, Folding, SearchConfig, load_task
from nac.global_search import run_search
from nac.pareto import Direction, hypervolume, non_dominated
from nac.pipeline.deployment import LearnedFronts, deployment_for
from nac.rundir import Run
from nac.space import SearchSpace
from nac.tasks import make_task
from nac.train import evaluate, fit
from nac.trial import record_of

DIRECTIONS: tuple[Direction, Direction] = ("maximize", "minimize")
SPLIT = "data.split={train: 0.64, validation: 0.35, test: 0.01, rescore: 0.6, by: event}"
"""A fifth of all samples judges and takes part in no choice."""


class Reached(NamedTuple):
    """A network: its accuracy where choices are made and where none was, and its LUTs."""

    choice: float
    held: float
    lut: float


class Front(NamedTuple):
    """What a training gave, and the CPU seconds from the beginning until then."""

    seconds: float
    networks: list[Reached]
    architecture: Architecture


class Limits(NamedTuple):
    """The least accuracy, and the most LUTs, that are of any use."""

    accuracy: float
    lut: float

    @classmethod
    def of(cls, search: SearchConfig) -> "Limits":
        """Those of a search for both."""
        accuracy, lut = search.objectives
        if (accuracy.name, lut.name) != ("accuracy", "lut") or accuracy.min is None or lut.max is None:
            raise SystemExit("search.objectives: expected accuracy with min and lut with max")
        return cls(accuracy.min, lut.max)


def volume(networks: Sequence[Reached], limits: Limits, *, chosen_by_it: bool = False) -> float:
    """The hypervolume of the networks that no other beats by choice, by their accuracies where none was chosen.

    With `chosen_by_it` by those that choose, which flatters: to choose among trainings.
    """
    if not networks:
        return 0.0
    front = non_dominated(np.array([[known.choice, known.lut] for known in networks]), DIRECTIONS)
    reached = [[known.choice if chosen_by_it else known.held, math.log(known.lut)]
               for known, on in zip(networks, front, strict=True) if on]  # fmt: skip
    return hypervolume(np.array(reached), DIRECTIONS, (limits.accuracy, math.log(limits.lut)))


def best_of(fronts: Sequence[Front], limits: Limits) -> Front:
    """The training whose front alone is the largest where choices are made."""
    return max(fronts, key=lambda front: volume(front.networks, limits, chosen_by_it=True))


def course(fronts: Sequence[Front], limits: Limits) -> list[tuple[float, float]]:
    """Seconds and the volume of all networks so far, after every training."""
    return [(front.seconds, volume([known for each in fronts[: k + 1] for known in each.networks], limits))
            for k, front in enumerate(fronts)]  # fmt: skip


@dataclass(frozen=True)
class Timed(LearnedFronts):
    """The same with the CPU seconds at which every front was measured, by trial."""

    ends: dict[str, float] = field(default_factory=dict)
    at: list[str] = field(default_factory=list)

    def front(
        self, network: Network, seed: int, share: float, folder: Path, folding: Folding = AS_TARGET,
        parent: Path | None = None,
    ) -> list[Network]:
        """See LearnedFronts."""
        self.at.append(folder.name)
        return super().front(network, seed, share, folder, folding, parent)

    def measure(self, network: Network, folding: Folding = AS_TARGET) -> Mapping[str, float]:
        """See ShortDeployment."""
        found = super().measure(network, folding)
        self.ends[self.at[-1]] = time.process_time()
        return found


def compared(file: Path, name: str, overrides: Sequence[str], seed: int) -> dict[str, float]:
    """Seconds and volumes of one seed."""
    config = load_task(name, preset="hardware", overrides=[SPLIT, *overrides])
    limits = Limits.of(config.search)
    task = make_task(config)
    dataset = task.load([file], seed)
    given = deployment_for(task, dataset)
    assert isinstance(given, LearnedFronts)
    space = SearchSpace.load(config.space, task.input_shape, task.outputs)
    timed = Timed(task, dataset, given.budget, given.learned)
    with TemporaryDirectory() as folder:
        begun = time.process_time()
        study = run_search(task, space, dataset, Run(Path(folder)), config.search, seed, deployment=timed)
        searched = []
        for trial in study.trials:
            record = record_of(trial)
            if record.points:
                networks = [
                    Reached(point.metrics["accuracy"], point.rescored.metrics["accuracy"], point.costs["lut"])
                    for point in record.points if point.rescored is not None
                ]  # fmt: skip
                architecture = Architecture.model_validate(record.architecture)
                searched.append(Front(timed.ends[f"{trial.number:04d}"] - begun, networks, architecture))
    best = best_of(searched, limits)
    restarted: list[Front] = []
    begun = time.process_time()
    with TemporaryDirectory() as folder:  # one for all, as a run has: networks that teach are trained once
        while not restarted or restarted[-1].seconds < searched[-1].seconds:
            own = 1000 * (seed + 1) + len(restarted)
            network = initialised(best.architecture, own)
            fit(network, dataset, task, config.train, seed=own)
            networks = []
            for found in given.front(network, own, 1.0, Path(folder) / "trials" / f"{len(restarted):04d}"):
                choice, held = (evaluate(found, split, task)["accuracy"]
                                for split in (dataset.validation, dataset.judging))  # fmt: skip
                networks.append(Reached(choice, held, given.measure(found)["lut"]))
            restarted.append(Front(time.process_time() - begun, networks, best.architecture))
    courses = {"search": course(searched, limits), "restarts": course(restarted, limits)}
    goal = volume(best_of([*searched, *restarted], limits).networks, limits)
    reached = {
        key: next((seconds for seconds, grown in known if grown >= goal), math.inf) for key, known in courses.items()
    }
    return {
        "seed": seed, "goal": goal, **{f"{key}_reached": seconds for key, seconds in reached.items()},
        **{f"{key}_volume": known[-1][1] for key, known in courses.items()},
        **{f"{key}_seconds": known[-1][0] for key, known in courses.items()},
        **{f"{key}_trainings": len(known) for key, known in courses.items()},
    }  # fmt: skip


def main() -> None:
    """Print a table, or with --json one object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--task", default="jets_features")
    parser.add_argument("--seed", type=int, action="append")
    parser.add_argument("--set", action="append", default=[], dest="overrides")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rows = [compared(given.data, given.task, given.overrides, seed) for seed in given.seed or [0]]
    if given.json:
        sys.stdout.write(json.dumps({"rows": rows}) + "\n")
        return
    table = Table("seed", "best training", "reached by search", "by restarts", "search in the end", "restarts", "CPU s")
    for row in rows:
        table.add_row(f"{row['seed']}", f"{row['goal']:.4f}", f"{row['search_reached']:.0f} s",
                      f"{row['restarts_reached']:.0f} s", f"{row['search_volume']:.4f}",
                      f"{row['restarts_volume']:.4f}", f"{row['search_seconds']:.0f}")  # fmt: skip
    gain = statistics.fmean(row["search_volume"] - row["restarts_volume"] for row in rows)
    Console().print(table, f"search above restarts by {gain:.4f} in the mean")


if __name__ == "__main__":
    main()
