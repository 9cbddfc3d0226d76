"""What compression gains and costs: metric against BOPs for every width, sparsity and pruner, and the float model."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from nac.config import DEFAULT_PRUNER, FORMER_PRUNERS
from nac.design import Design
from nac.errors import InputError
from nac.report.figures import staircase
from nac.report.quantities import quantity
from nac.report.style import GREY, bit_colour, new_figure, style
from nac.report.style import save as save_figure
from nac.rundir import Run

COST = "bops"
COLUMNS = ("design", "trial", "width", "bits", "channels_removed", "sparsity", "pruner", "order")
MARKERS = {
    "gradual": "o", "lamp": "P", "global_magnitude": "X", "distilled": "s", "distilled_then_real": "D",
    "synflow": "^", "random": "v",
}  # fmt: skip
"""Of designs by pruner; a dense design has the first."""


def compression_frame(run: Run) -> pd.DataFrame:
    """One row for each design: how it was made, BOPs, and its metrics beside those of its float network.

    Columns: COLUMNS, `bops`, and for every metric `M` (validation), `float_M`, `test_M` and `float_test_M`; `width`
    is `4`, or `mixed 4` for mixed precision at the cost of 4 bits. Sorted by trial, then from dear to cheap.
    """
    rows = []
    for path in run.design_paths():
        record = Design.load(path).record
        origin = record.origin
        made = origin.get("pruning") or {}
        reference = origin.get("float") or {}
        metrics = {
            f"{own}{'test_' if split == 'test' else ''}{name}": value
            for own, measured in (("", record.metrics), ("float_", reference))
            for split in ("validation", "test")
            for name, value in measured.get(split, {}).items()
        }
        called = made.get("pruner", DEFAULT_PRUNER)
        pruner = FORMER_PRUNERS.get(called, called) if origin.get("sparsity") else "none"
        rows.append({
            "design": record.name, "trial": origin.get("trial"),
            "width": f"mixed {record.bits}" if origin.get("mixed") else str(record.bits), "bits": record.bits,
            "channels_removed": origin.get("removed", 0.0), "sparsity": record.sparsity, "pruner": pruner,
            "order": origin.get("compress", {}).get("order"), COST: record.costs[COST], **metrics,
        })  # fmt: skip
    table = pd.DataFrame(rows, columns=None if rows else [*COLUMNS, COST])
    return table.sort_values(["trial", COST], ascending=[True, False], ignore_index=True) if rows else table


def plot_compression(run: Run, metric: str, path: Path | None = None) -> Figure:
    """Metric on the validation split against BOPs: designs by width (colour) and pruner (marker), the front as a line.

    Mixed precision is drawn hollow. A grey line for each trial is its float network.

    Args:
        run: with designs.
        metric: `accuracy`, `distance_px`, ...
        path: where the figure is also written (.png, .svg or .pdf), if anywhere.

    Raises:
        InputError: the run has no designs, or none with this metric.
    """
    table = compression_frame(run)
    if metric not in table:
        raise InputError(f"{run.path}: no design has the metric {metric!r}")
    scale = quantity(metric).scale
    with style():
        figure = new_figure()
        axes = figure.add_subplot()
        axes.set_xscale("log")
        for (width, pruner), group in table.groupby(["width", "pruner"], sort=False):
            colour = bit_colour(int(group["bits"].iloc[0]))
            hollow = str(width).startswith("mixed")
            words = f"{width} bits" + (f", {str(pruner).replace('_', ' ')}" if pruner != "none" else "")
            axes.scatter(
                group[COST], scale * group[metric], marker=MARKERS.get(str(pruner), "o"), label=words, zorder=3, s=34,
                facecolors="none" if hollow else colour, edgecolors=colour,
            )  # fmt: skip
        corner_x, corner_y = staircase(table, COST, metric)
        axes.step(corner_x, scale * corner_y, where="post", color=GREY, linewidth=1.1, gid="front")
        for trial, value in table.groupby("trial")[f"float_{metric}"].first().items():
            axes.axhline(scale * value, color=GREY, linewidth=0.8, linestyle=":", gid=f"float-{trial}")
        axes.set_xlabel(quantity(COST).axis)
        axes.set_ylabel(quantity(metric).axis)
        axes.legend(loc="best")
    if path is not None:
        save_figure(figure, path)
    return figure
