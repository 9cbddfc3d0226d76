"""Samplers at equal time, on the recorded table: the hypervolume that each has reached, over several seeds.

    python benchmarks/samplers.py [--trials 150] [--seeds 3] [--json]

The time is that of the trainings as they were recorded (benchmarks/record_search.py); the volume is that of accuracy
above chance and decades of BOPs (replay.py), as a share of the volume of the whole table's front. Every sampler
searches until its trials are used up; the columns are shares of the shortest such search's time.
"""

import argparse
import json
import statistics
import sys

import numpy as np
from numpy.typing import NDArray
from replay import course, replay, whole_volume
from rich.console import Console
from rich.table import Table

SAMPLERS = ("random", "nsga2", "nsga3", "tpe")
TIMES = (0.25, 0.5, 1.0)


def reached(seconds: NDArray[np.float64], volumes: NDArray[np.float64], limit: float) -> float:
    """The volume when the clock stood at the limit."""
    before = volumes[seconds <= limit]
    return float(before[-1]) if len(before) else 0.0


def main() -> None:
    """Replay and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=150)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    courses = {
        sampler: [course(replay(arguments.trials, seed, sampler=sampler)) for seed in range(arguments.seeds)]
        for sampler in SAMPLERS
    }
    limit = min(seconds[-1] for found in courses.values() for seconds, _ in found)
    table = Table("sampler", *(f"after {share * limit:,.0f} s" for share in TIMES))
    rows = []
    for sampler, found in courses.items():
        limits = [share * limit for share in TIMES]
        values = [[reached(clock, volumes, end) / whole_volume() for clock, volumes in found] for end in limits]
        rows.append({"sampler": sampler, "share_of_volume": [statistics.mean(v) for v in values]})
        table.add_row(sampler, *(f"{statistics.mean(v):.4f} ({min(v):.4f} to {max(v):.4f})" for v in values))
    if arguments.json:
        json.dump({"seconds": [share * limit for share in TIMES], "seeds": arguments.seeds, "rows": rows}, sys.stdout)
        return
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
