"""Samplers compared: the hypervolume that each has reached, over several seeds.

    python benchmarks/samplers.py [--trials 150] [--seeds 3] [--json]
    python benchmarks/samplers.py --data lhc_jets_20k.npz [--jets 4000] [--epochs 4] [--trials 40] [--seeds 3]

On the recorded table, at equal time: that of the trainings as they were recorded (benchmarks/record_search.py); every
sampler searches until its trials are used up, the columns are shares of the shortest such search's time. With --data,
in real searches of the task jets, short ones: after a half and all of their trials. The volume is that of accuracy
above chance and decades of BOPs (replay.py), as a share of that of the front of the whole table, or of all searches
together. Given are the mean and its standard error over the seeds.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from replay import course, replay, volumes, whole_volume
from rich.console import Console
from rich.table import Table

from nac.config import load_task
from nac.global_search import TrialResult, results, run_search
from nac.rundir import Run
from nac.space import SearchSpace
from nac.tasks import make_task

SAMPLERS = ("random", "nsga2", "nsga3", "tpe", "gp")
TIMES = (0.25, 0.5, 1.0)
Volumes = dict[str, list[list[float]]]
"""By sampler and column, those of every seed."""


def reached(seconds: NDArray[np.float64], volumes: NDArray[np.float64], limit: float) -> float:
    """The volume when the clock stood at the limit."""
    before = volumes[seconds <= limit]
    return float(before[-1]) if len(before) else 0.0


def on_the_table(trials: int, seeds: int) -> tuple[Volumes, list[str]]:
    """Shares of the volume, and the columns' names."""
    courses = {sampler: [course(replay(trials, seed, sampler=sampler)) for seed in range(seeds)]
               for sampler in SAMPLERS}
    limit = min(seconds[-1] for found in courses.values() for seconds, _ in found)
    whole = whole_volume()
    shares = {sampler: [[reached(clock, grown, share * limit) / whole for clock, grown in found] for share in TIMES]
              for sampler, found in courses.items()}
    return shares, [f"after {share * limit:,.0f} s" for share in TIMES]


def searched(file: Path, jets: int, epochs: int, trials: int, sampler: str, seed: int) -> list[TrialResult]:
    """What a real search finds; no baseline is told to it."""
    overrides = (f"data.limit={jets}", f"train.epochs={epochs}", f"search.trials={trials}", "search.population=10",
                 f"search.sampler={sampler}", "search.baselines=false")
    config = load_task("jets", "default", overrides)
    task = make_task(config)
    space = SearchSpace.load(config.space, task.input_shape, task.outputs)
    with TemporaryDirectory() as folder:
        study = run_search(task, space, task.load([file], 0), Run(Path(folder)), config.search, seed)
        return results(study)


def in_real_searches(file: Path, jets: int, epochs: int, trials: int, seeds: int) -> tuple[Volumes, list[str]]:
    """The same, of real searches."""
    found = {sampler: [searched(file, jets, epochs, trials, sampler, seed) for seed in range(seeds)]
             for sampler in SAMPLERS}
    whole = volumes([result for one in found.values() for each in one for result in each])[-1]
    parts = (trials // 2, trials)
    shares = {sampler: [[volumes([r for r in each if r.number < part])[-1] / whole for each in one] for part in parts]
              for sampler, one in found.items()}
    return shares, [f"after {part} trials" for part in parts]


def error(values: Sequence[float]) -> float:
    """The standard error of the mean."""
    return statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else float("nan")


def main() -> None:
    """Search and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, help="150, of real searches 40")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", type=Path, help="jets for real searches")
    parser.add_argument("--jets", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.data is None:
        shares, columns = on_the_table(given.trials or 150, given.seeds)
    else:
        shares, columns = in_real_searches(given.data, given.jets, given.epochs, given.trials or 40, given.seeds)
    if given.json:
        json.dump({"columns": columns, "seeds": given.seeds, "share_of_volume": shares}, sys.stdout)
        return
    table = Table("sampler", *columns)
    for sampler, rows in shares.items():
        table.add_row(sampler, *(f"{statistics.mean(row):.4f} ± {error(row):.4f}" for row in rows))
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
