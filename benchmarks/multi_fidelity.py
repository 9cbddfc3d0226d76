"""Training the promising only, against training all: hypervolume and time, on the recorded table or in real searches.

    python benchmarks/multi_fidelity.py [--trials 150] [--seeds 10 11 12] [--rungs 0] [--json]
    python benchmarks/multi_fidelity.py --data lhc_jets_20k.npz [--seconds 240] [--seeds 10 11 12]

A plain search trains every candidate for all epochs. The other one, with the same sampler and seed, asks after as many
epochs as the rungs say (0: before the first) whether a candidate is worth more. Both run on the recorded table by its
clock (benchmarks/record_search.py, replay.py). Printed are, as shares of the plain search's time: when the plain search
itself had reached its final hypervolume, when the other had reached it; and the volumes of both at half of the time as
shares of that final one. (The rule was chosen on the seeds 0 to 9 and 20 to 39.)

With --data nothing is replayed: jets are searched for so many seconds without, and for half as many with the rungs, one
after the other, on a machine that should do nothing else.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from replay import course, replay
from rich.console import Console
from rich.table import Table

from nac.global_search import results
from nac.rundir import Run
from nac.study import load_study

SETTINGS = ("train.epochs=8", "search.baselines=false", "search.trials=100000")
SAMPLERS = ("nsga2", "tpe")
SHARES = ("plain_reached", "reached", "plain_at_half", "at_half")


def when(seconds: NDArray[np.float64], volumes: NDArray[np.float64], volume: float) -> float | None:
    """The time at which a volume was reached; None when it was not."""
    there = np.flatnonzero(volumes >= volume)
    return float(seconds[there[0]]) if len(there) else None


def compare(sampler: str, seed: int, trials: int, rungs: list[int]) -> dict[str, float | str | None]:
    """One pair of searches."""
    seconds, volumes = course(replay(trials, seed, sampler=sampler))
    end = float(seconds[-1])
    quick, found = course(replay(trials, seed, sampler=sampler, fidelity={"rungs": rungs}))
    own, other = when(seconds, volumes, volumes[-1]), when(quick, found, volumes[-1])
    at_half = [float(v[t <= end / 2][-1] / volumes[-1]) for t, v in ((seconds, volumes), (quick, found))]
    return {
        "sampler": sampler, "seed": seed, "plain_seconds": end, "plain_reached": None if own is None else own / end,
        "reached": None if other is None else other / end, "plain_at_half": at_half[0], "at_half": at_half[1],
    }  # fmt: skip


def searched(data: Path, out: Path, seed: int, seconds: float, *settings: str) -> list[float]:
    """Hypervolume of a real search, networks trained and networks passed over."""
    command = [sys.executable, "-m", "nac.cli", "-q", "search", "jets", "--data", str(data), "--out", str(out)]
    command += ["--seed", str(seed), "--timeout", str(seconds)]
    command += [word for text in (*SETTINGS, *settings) for word in ("--set", text)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    study = load_study(Run(out))
    _, volumes = course(results(study))
    return [float(volumes[-1]), len(volumes), sum("unpromising" in trial.user_attrs for trial in study.get_trials())]


def race(data: Path, seeds: list[int], rungs: list[int], seconds: float) -> None:
    """Pairs of real searches."""
    table = Table("seed", "plain: hypervolume", "trained", "rungs at half the time: hypervolume", "trained",
                  "passed over", "ratio")
    for seed in seeds:
        with TemporaryDirectory() as folder:
            plain = searched(data, Path(folder) / "plain", seed, seconds)
            half = searched(data, Path(folder) / "rungs", seed, seconds / 2, f"search.fidelity={{rungs: {rungs}}}")
        table.add_row(str(seed), f"{plain[0]:.3f}", f"{plain[1]:.0f}", f"{half[0]:.3f}", f"{half[1]:.0f}",
                      f"{half[2]:.0f}", f"{half[0] / plain[0]:.3f}")
    Console(width=120).print(table)


def main() -> None:
    """Search or replay, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=150)
    parser.add_argument("--seeds", type=int, nargs="+", default=[10, 11, 12])
    parser.add_argument("--rungs", type=int, nargs="+", default=[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--seconds", type=float, default=240)
    given = parser.parse_args()
    if given.data is not None:
        race(given.data.resolve(), given.seeds, given.rungs, given.seconds)
        return
    rows = [compare(sampler, seed, given.trials, given.rungs) for sampler in SAMPLERS for seed in given.seeds]
    if given.json:
        json.dump({"rungs": given.rungs, "rows": rows}, sys.stdout)
        return
    table = Table("sampler", "seed", "plain search", "it had its volume at", "reached by rungs at",
                  "plain at half its time", "rungs at half its time")
    for row in rows:
        shown = ["never" if row[name] is None else f"{row[name]:.3f}" for name in SHARES]
        table.add_row(str(row["sampler"]), str(row["seed"]), f"{row['plain_seconds']:,.0f} s", *shown)
    for sampler in SAMPLERS:
        halves = [[float(row[name] or 0) for row in rows if row["sampler"] == sampler] for name in SHARES[2:]]
        table.add_row(sampler, "mean", "", "", "", *(f"{statistics.mean(values):.3f}" for values in halves))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
