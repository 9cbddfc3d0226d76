"""A search on the CPU against the same one on a GPU, one candidate at a time and several at once.

    python benchmarks/devices.py --data lhc_jets_20k.npz [--trials 24] [--epochs 15] [--at-once 1 2 4 8]

Random candidates of the task jets, the same in every search; trials per hour are those of benchmarks/workers.py.
Several candidates at once are workers that share the GPU (`--workers-per-gpu`). It needs a GPU: without one it says so
and measures nothing. (No number of this program in README.md is from a GPU.)
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from rich.console import Console
from rich.table import Table
from workers import search


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 2, 4, 8])
    given = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("no GPU that torch can use is here: nothing to compare")
    table = Table("device", "at once", "trials per hour", "times the CPU")
    cpu = 0.0
    with TemporaryDirectory() as folder:
        for device, workers in [("cpu", 1), *(("cuda", count) for count in given.at_once)]:
            options = ("--device", device, "--workers-per-gpu", str(workers))
            out = Path(folder) / f"{device}{workers}"
            rate, _, _ = search(given.data.resolve(), out, workers, given.trials, given.epochs, *options)
            cpu = cpu or rate
            table.add_row(device, str(workers), f"{rate:,.0f}", f"{rate / cpu:.2f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
