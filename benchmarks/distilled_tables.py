"""What distilled pruning is compared with, and the tables of it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from nac.config import TrainConfig
from nac.report.barriers import DENSE, StabilityRow

ROUNDS = {0.8: 4, 0.95: 7, 0.98: 9}  # a third of what is left goes in every round, roughly
STABILITY_SPARSITY = 0.8
DISTILLED = {
    "distilled": "soft_labels",
    "distilled_then_real": "soft_labels",
    "distilled, unrolled": "unrolled",
    "distilled, trajectories": "trajectories",
    "distilled, k_centre": "k_centre",
    "distilled, random": "random",
}
"""The distiller by way; the last two choose real samples, as many as the others have: what those have to beat."""
CONTROL = "distilled, random"
REAL, REAL_STEPS = "distilled, all real", "distilled, all real, as few steps"
"""The same criterion on all real samples: with a whole training in every round, and in as many steps as `distilled`."""
WAYS = ("gradual", "lamp", "global_magnitude", *DISTILLED, REAL, REAL_STEPS, "synflow", "random")
STABLE_WAYS = ("lamp", "distilled", "random")
Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A network with its data and the budget of every training on them."""

    name: str
    task: str
    baseline: str
    settings: tuple[str, ...]
    train: TrainConfig
    scale: float
    unit: str
    digits: int


JETS = TrainConfig(optimiser="adamw", learning_rate=1e-2, epochs=20, batch_size=256, patience=20)
PATCHES = TrainConfig(optimiser="adamw", learning_rate=5e-3, epochs=15, batch_size=256, patience=15)
SPLIT = ("data.split.train=0.7", "data.split.validation=0.1", "data.split.test=0.2")
FEW_PATCHES = ("data.split.train=0.6", "data.split.validation=0.15", "data.split.test=0.25", "data.simulate=6000",
               "data.repeat=5")
CASES = (
    Case("jets medium", "jets", "medium", SPLIT, JETS, 100, "accuracy %", 2),
    Case("jets base", "jets", "base", SPLIT, JETS, 100, "accuracy %", 2),
    Case("bragg fine", "bragg", "fine", FEW_PATCHES, PATCHES, 1, "distance px", 4),
    Case("bragg small", "bragg", "small", FEW_PATCHES, PATCHES, 1, "distance px", 4),
)


def tables(rows: Sequence[Row]) -> Iterator[str]:
    """Lines of Markdown: pruners by case and sparsity, then barriers."""
    for case in CASES:
        mine = [row for row in rows if row["case"] == case.name and "metric" in row]
        if not mine:
            continue
        dense = [case.scale * row["metric"] for row in mine if row["way"] == DENSE]
        yield f"**{case.name}** ({case.unit} on the test split, mean ± standard deviation; "
        yield f"dense {spread(dense, case.digits)}, {len(dense)} trainings)\n"
        yield (f"| pruner | sparsity % | trainings | {case.unit} | less {CONTROL} | mask s | distillation s | "
               "paid after | points in the loop |")
        yield "|---|---|---|---|---|---|---|---|---|"
        for sparsity in sorted({row["sparsity"] for row in mine if row["way"] != DENSE}):
            of = {way: [row for row in mine if row["way"] == way and row["sparsity"] == sparsity] for way in WAYS}
            for way, chosen in of.items():
                if chosen:
                    yield line(case, way, sparsity, chosen, of)
        yield ""
    if barriers := stability_rows(rows):
        seeds = len({row["seed"] for row in rows if "stability" in row})
        yield f"Error barrier (percentage points on the test split; {seeds} seeds):\n"
        sparsities = sorted({round(row.sparsity, 2) for row in barriers if row.pruner != DENSE})
        yield "| masks | " + " | ".join(f"{100 * sparsity:.0f} %" for sparsity in sparsities) + " |"
        yield "|---|" + "---|" * len(sparsities)
        for name in dict.fromkeys(row.pruner for row in barriers):
            cells = [
                [100 * row.barrier for row in barriers
                 if row.pruner == name and (name == DENSE or round(row.sparsity, 2) == sparsity)]
                for sparsity in sparsities
            ]  # fmt: skip
            yield f"| {name} | " + " | ".join(spread(cell, 2) for cell in cells) + " |"


def line(case: Case, way: str, sparsity: float, rows: Sequence[Row], of: Mapping[str, Sequence[Row]]) -> str:
    """One row of a table; `of` are the rows of all ways at this sparsity."""
    metric = spread([case.scale * row["metric"] for row in rows], case.digits)
    control = {pair_of(row): row["metric"] for row in of[CONTROL]}
    gains = [case.scale * (row["metric"] - control[pair_of(row)]) for row in rows if pair_of(row) in control]
    gain = mean_and_error(gains, case.digits) if way != CONTROL else "-"
    seconds = fmean(row["seconds"] for row in rows)
    few = f"{rows[0]['points']:,} of {rows[0]['of']:,}" if "points" in rows[0] else "-"
    apart, paid = "-", "-"
    if "points" in rows[0]:
        apart = f"{(cost := fmean(row['distil_seconds'] for row in rows)):.1f}"
        if of[REAL] and (saved := fmean(row["seconds"] for row in of[REAL]) - seconds) > 0:
            paid = f"{math.ceil(cost / saved)}"
    cells = (way, f"{100 * sparsity:.0f}", len(rows), metric, gain, f"{seconds:.1f}", apart, paid, few)
    return f"| {' | '.join(map(str, cells))} |"


def pair_of(row: Row) -> tuple[int, int | None]:
    """What masks that are compared have in common: the seed and the network."""
    return row["seed"], row.get("network")


def mean_and_error(values: Sequence[float], digits: int) -> str:
    """Mean and its standard error."""
    if len(values) < 2:
        return "-"
    return f"{fmean(values):+.{digits}f} ± {stdev(values) / math.sqrt(len(values)):.{digits}f}"


def spread(values: Sequence[float], digits: int) -> str:
    """Mean and standard deviation."""
    if not values:
        return "-"
    deviation = f" ± {stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{fmean(values):.{digits}f}{deviation}"


def stability_rows(rows: Sequence[Row]) -> list[StabilityRow]:
    """The measured barriers, as the figure takes them."""
    return [
        StabilityRow(row["way"], number, sparsity, error, barrier)
        for row in rows if "stability" in row
        for number, (sparsity, error, barrier) in enumerate(row["rounds"], start=0 if row["way"] == DENSE else 1)
    ]  # fmt: skip
