"""Training the promising only, against training all: hypervolume and time on the recorded table.

    python benchmarks/multi_fidelity.py [--trials 150] [--seeds 10 11 12] [--rungs 0] [--json]

A plain search trains every candidate for all epochs. The other one, with the same sampler and seed, asks after as many
epochs as the rungs say (0: before the first) whether a candidate is worth more. Both run on the recorded table by its
clock (benchmarks/record_search.py, replay.py). Printed are, as shares of the plain search's time: when the plain search
itself had reached its final hypervolume, when the other had reached it; and the volumes of both at half of the time as
shares of that final one. (The rule was chosen on the seeds 0 to 9 and 20 to 39.)
"""

import argparse
import json
import statistics
import sys

import numpy as np
from numpy.typing import NDArray
from replay import course, replay
from rich.console import Console
from rich.table import Table

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


def main() -> None:
    """Replay and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=150)
    parser.add_argument("--seeds", type=int, nargs="+", default=[10, 11, 12])
    parser.add_argument("--rungs", type=int, nargs="+", default=[0])
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
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
