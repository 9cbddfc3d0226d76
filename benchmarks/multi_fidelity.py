"""Few epochs for all, more for the promising, against full trainings: hypervolume and time on the recorded table.

    python benchmarks/multi_fidelity.py [--trials 150] [--seeds 3] [--rungs 3] [--keep 0.25] [--json]

A plain search trains every candidate for all epochs. The other one, with the same sampler and seed, looks at each
training at the rungs, and may draw twice as many candidates. Both run on the recorded table by its clock
(benchmarks/record_search.py, replay.py). Printed are, as shares of the plain search's time: when the plain search
itself had reached its final hypervolume, when the other had reached it, and the ratio of the volumes at half the time.
"""

import argparse
import json
import sys

import numpy as np
from numpy.typing import NDArray
from replay import course, replay
from rich.console import Console
from rich.table import Table

SAMPLERS = ("nsga2", "tpe")


def when(seconds: NDArray[np.float64], volumes: NDArray[np.float64], volume: float) -> float | None:
    """The time at which a volume was reached; None when it was not."""
    there = np.flatnonzero(volumes >= volume)
    return float(seconds[there[0]]) if len(there) else None


def compare(sampler: str, seed: int, trials: int, rungs: list[int], keep: float) -> dict[str, object]:
    """One pair of searches."""
    seconds, volumes = course(replay(trials, seed, sampler=sampler))
    end = float(seconds[-1])
    quick, found = course(replay(2 * trials, seed, sampler=sampler, fidelity={"rungs": rungs, "keep": keep}))
    own, other = when(seconds, volumes, volumes[-1]), when(quick, found, volumes[-1])
    at_half = [float(v[t <= end / 2][-1]) for t, v in ((seconds, volumes), (quick, found))]
    return {
        "sampler": sampler, "seed": seed, "plain_seconds": end, "plain_reached": None if own is None else own / end,
        "reached": None if other is None else other / end, "plain_at_half": at_half[0] / volumes[-1],
        "at_half": at_half[1] / volumes[-1],
    }  # fmt: skip


def main() -> None:
    """Replay and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=150)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rungs", type=int, nargs="+", default=[3])
    parser.add_argument("--keep", type=float, default=0.25)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rows = [
        compare(sampler, seed, given.trials, given.rungs, given.keep)
        for sampler in SAMPLERS
        for seed in range(given.seeds)
    ]
    if given.json:
        json.dump({"rungs": given.rungs, "keep": given.keep, "rows": rows}, sys.stdout)
        return
    table = Table("sampler", "seed", "plain search", "it had its volume at", "reached by rungs at",
                  "plain at half its time", "rungs at half its time")
    for row in rows:
        shares = ("plain_reached", "reached", "plain_at_half", "at_half")
        shown = ["never" if row[name] is None else f"{row[name]:.3f}" for name in shares]
        table.add_row(str(row["sampler"]), str(row["seed"]), f"{row['plain_seconds']:,.0f} s", *shown)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
