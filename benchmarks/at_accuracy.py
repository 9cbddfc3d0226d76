"""What fronts of circuits cost at given accuracies, for the benchmarks that compare them."""

import argparse
import json
import math
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import BadZipFile

import numpy as np
from alkaid.types import CombLogic
from pydantic import ValidationError
from rich.table import Table
from scipy.optimize import isotonic_regression

from nac.errors import NacError
from nac.hardware.rtl.luts import PASSED, alone, luts

Row = Mapping[str, float]
"""`lut` and `older` of a circuit, `choice`, minus its loss where choices are made, and `held`, its accuracy elsewhere.

By the loss, since of some circuits that are all measured on so few jets the best by accuracy is a lucky one.
"""
ORDER = 77
"""Seed of the samples' order before a file is cut into parts, one of which is held out."""
SPLIT = "data.split={train: 0.84, validation: 0.155, test: 0.005, rescore: 0}"
"""Of what is not held out: most of it trains, the rest chooses."""
LEVELS = {
    "jets_features": (0.75, 0.76, 0.77, 0.775, 0.78, 0.785),
    "jets": (0.631, 0.647, 0.653, 0.663, 0.67, 0.68),
}


def arguments(description: str | None) -> argparse.ArgumentParser:
    """What is given to a benchmark of fronts: files, task, seeds."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--held", type=Path)
    parser.add_argument("--fold", type=int, default=0)
    parser.add_argument("--parts", type=int, default=4)
    parser.add_argument("--task", default="jets_features")
    parser.add_argument("--seed", type=int, action="append")
    parser.add_argument("--set", action="append", default=[], dest="overrides")
    parser.add_argument("--json", action="store_true")
    return parser


@contextmanager
def one_line() -> Iterator[None]:
    """Around a benchmark: what was given and is wrong ends it with a sentence instead of a traceback."""
    try:
        yield
    except (NacError, ValidationError, FileNotFoundError) as error:
        sys.exit(f"error: {' '.join(str(error).split())}")


@contextmanager
def files(data: Path, held: Path | None, fold: int, parts: int = 4) -> Iterator[tuple[Path, Path]]:
    """A file to train with and one whose samples choose nothing: `held`, or part `fold` of so many of `data` (npz)."""
    if held is not None:
        yield data, held
        return
    if parts < 2:
        sys.exit(f"--parts {parts}: expected 2 or more, one of which is held out")
    if not 0 <= fold < parts:
        sys.exit(f"--fold {fold}: expected one of the {parts} parts, 0 to {parts - 1}")
    try:
        with np.load(data) as stored:
            arrays = dict(stored)
    except (ValueError, TypeError, EOFError, BadZipFile):
        sys.exit(f"error: {data}: expected arrays that numpy.savez wrote")
    order = np.random.default_rng(ORDER).permutation(len(next(iter(arrays.values()))))
    cut = np.array_split(order, parts)
    with TemporaryDirectory() as folder:
        made = Path(folder) / "train.npz", Path(folder) / "held.npz"
        for file, part in zip(made, (np.concatenate([*cut[:fold], *cut[fold + 1 :]]), cut[fold]), strict=True):
            np.savez(file, **{key: array[part] for key, array in arrays.items()})
        yield made


def write_json(task: str, network: str, rows: Sequence[Row]) -> None:
    """Print the rows as one object, which another benchmark may read."""
    sys.stdout.write(json.dumps({"task": task, "network": network, "rows": rows}) + "\n")


def levels_of(task: str) -> Sequence[float]:
    """The accuracies of a task's table."""
    return LEVELS.get(task, LEVELS["jets_features"])


def counted(graph: CombLogic) -> dict[str, float]:
    """LUTs of an adder graph; `older`: without bits that carry chains pass on, the rule of tables of before."""
    present = luts(graph)
    return {"lut": present, "older": present - PASSED * sum(alone(op, graph.ops) for op in graph.ops)}


def at(rows: Sequence[Row], level: float, cost: str) -> float:
    """The cost at which a front reaches an accuracy; infinite where it does not.

    The front are the circuits that no other beats in `cost` and `choice`; its held-out accuracies are made to rise with
    the cost (isotonic regression: single lucky circuits count for little), and read between two circuits by the
    logarithm of the cost. Below its cheapest circuit there is nothing: then that one's cost is meant.
    """
    front: list[Row] = []
    for row in sorted(rows, key=lambda row: (row[cost], -row["choice"])):
        if not front or row["choice"] > front[-1]["choice"]:
            front.append(row)
    reached = isotonic_regression([row["held"] for row in front]).x
    costs = [math.log(row[cost]) for row in front]
    if reached[0] >= level:
        return math.exp(costs[0])
    for (low, high), (cheap, dear) in zip(pairwise(reached), pairwise(costs), strict=True):
        if low < level <= high:
            return math.exp(cheap + (dear - cheap) * (level - low) / (high - low))
    return math.inf


def summary(title: str, rows: Sequence[Row], levels: Sequence[float]) -> Table:
    """Median and range over the seeds of what every accuracy costs, by both rules, and with all fronts together."""
    seeds: defaultdict[float, list[Row]] = defaultdict(list)
    for row in rows:
        seeds[row["seed"]].append(row)
    table = Table("LUT", *(f"{100 * level:g} %" for level in levels), title=title)
    for cost, name in (("older", "older rule"), ("lut", "present rule")):
        costs = [[at(each, level, cost) for each in seeds.values()] for level in levels]
        table.add_row(f"{name}, median of {len(seeds)}", *map(_spread, costs))
        table.add_row(f"{name}, one front of all", *(_shown(at(rows, level, cost)) for level in levels))
    return table


def _spread(costs: Sequence[float]) -> str:
    low, high = float(np.min(costs)), float(np.max(costs))
    middle = _shown(statistics.median(costs))
    return middle if low == high else f"{middle} ({_shown(low)}-{_shown(high)})"


def _shown(cost: float) -> str:
    return f"{cost:,.0f}" if math.isfinite(cost) else "–"
