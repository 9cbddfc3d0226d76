"""What compression gains and costs: metric against cost for every width, sparsity and pruner, and the float model."""

from collections.abc import Iterable
from itertools import cycle
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nac.config import DEFAULT_PRUNER, FORMER_PRUNERS
from nac.design import Design
from nac.errors import InputError
from nac.report.collect import design_row, measured
from nac.report.figures import draw_bars, scale_axis
from nac.report.front import FIXED
from nac.report.quantities import quantity
from nac.report.style import GREY, INK, add_legend, bit_colour, legend_item, new_figure, style
from nac.report.style import save as save_figure
from nac.report.view import Scale, placed, staircase
from nac.rundir import Run

COST = "bops"
COLUMNS = ("design", "trial", "width", "bits", "channels_removed", "sparsity", "pruner", "order")
DENSE = "none"
"""What the pruner of a design is called that has all of its weights."""


def compression_frame(run: Run) -> pd.DataFrame:
    """One row for each design: how it was made, its costs, and its metrics beside those of its float network.

    Columns: COLUMNS, every number that the row of a design in a front has (`bops`, `lut`, `accuracy`,
    `test_accuracy`, ...), and for every metric `M` (validation) `float_M` and `float_test_M` with their errors; `width`
    is `4`, or `mixed 4` for mixed precision at the cost of 4 bits. Sorted by trial, then from dear to cheap.
    """
    rows = []
    for path in run.design_paths():
        record = Design.load(path).record
        origin = record.origin
        reference = measured(origin.get("float", {}), origin.get("float_intervals", {}), "float_")
        numbers = {name: value for name, value in design_row(path).items() if name not in FIXED}
        called = origin.get("pruning", {}).get("pruner", DEFAULT_PRUNER)
        pruner = FORMER_PRUNERS.get(called, called) if origin.get("sparsity") else DENSE
        rows.append({
            "design": record.name, "trial": origin.get("trial"),
            "width": f"mixed {record.bits}" if origin.get("mixed") else str(record.bits), "bits": record.bits,
            "channels_removed": origin.get("removed", 0.0), "sparsity": record.sparsity, "pruner": pruner,
            "order": origin.get("compress", {}).get("order"), **numbers, **reference,
        })  # fmt: skip
    table = pd.DataFrame(rows, columns=None if rows else [*COLUMNS, COST])
    return table.sort_values(["trial", COST], ascending=[True, False], ignore_index=True) if rows else table


def plot_compression(run: Run, metric: str, path: Path | None = None, *, cost: str = COST) -> Figure:
    """Metric on the validation split against a cost: designs by width (colour) and pruner (marker), with their front.

    Mixed precision is drawn hollow, 95 % intervals as bars. A grey line for each trial is its float network.

    Args:
        run: with designs.
        metric: `accuracy`, `distance_px`, ...
        path: where the figure is also written (.png, .svg or .pdf), if anywhere.
        cost: `bops`, `lut`, ...; designs without a value are left out.

    Raises:
        InputError: the run has no designs, or none with this metric and cost.
    """
    table = compression_frame(run)
    for name in (metric, cost):
        if name not in table or table[name].isna().all():
            raise InputError(f"{run.path}: no design has the value {name!r}")
    x, y = quantity(cost), quantity(metric)
    table = placed(table, cost, metric, y.scale).dropna(subset=["cost", "value"])
    reference = y.scale * table.groupby("trial")[f"float_{metric}"].first().dropna()
    markers = pruner_markers(table["pruner"])
    with style():
        figure = new_figure()
        axes = figure.add_subplot()
        scale_axis(axes, "x", x, Scale.of(x, table["cost"]))
        scale_axis(axes, "y", y, Scale.of(y, pd.concat([table["value"], table["low"], table["high"], reference])))
        for (width, pruner), group in table.groupby(["width", "pruner"], sort=False):
            colour = bit_colour(int(group["bits"].iloc[0]))
            hollow = str(width).startswith("mixed")
            draw_bars(axes, group, colour, f"bars-{width}-{pruner}")
            axes.scatter(
                group["cost"], group["value"], marker=markers[str(pruner)], zorder=5, s=34, edgecolors=colour,
                facecolors="white" if hollow else colour, gid=f"designs-{width}-{pruner}",
            )  # fmt: skip
        axes.step(*staircase(table, x, y), where="post", color=GREY, linewidth=1.1, gid="front")
        for trial, value in reference.items():
            axes.axhline(value, color=GREY, linewidth=0.9, linestyle=":", gid=f"float-{trial}")
        axes.set_ylabel(f"{y.axis}, validation split")
        _legend(figure, axes, table)
    if path is not None:
        save_figure(figure, path)
    return figure


def pruner_markers(pruners: Iterable[str]) -> dict[str, str]:
    """The markers of designs by pruner: first dense ones, then those of the usual pruner, the others by name."""
    found = set(pruners) - {DENSE, DEFAULT_PRUNER}
    return dict(zip((DENSE, DEFAULT_PRUNER, *sorted(found)), cycle("oXsD^vP<>p"), strict=False))


def _legend(figure: Figure, axes: Axes, table: pd.DataFrame) -> None:
    """Colours by width and markers by pruner, each once."""
    items: list[Line2D] = []

    def item(label: str, **look: object) -> None:
        items.append(legend_item(label, **look))

    widths = table.drop_duplicates("width").sort_values(["bits", "width"], ascending=[False, True])
    for _, row in widths.iterrows():
        colour = bit_colour(row["bits"])
        hollow = str(row["width"]).startswith("mixed")
        item(f"{row['width']} bits", marker="o", color=colour, markerfacecolor="white" if hollow else colour)
    for pruner, marker in pruner_markers(table["pruner"]).items():
        if pruner not in set(table["pruner"]):
            continue
        words = "not pruned" if pruner == DENSE else f"pruned: {pruner.replace('_', ' ')}"
        item(words, marker=marker, color=INK, markerfacecolor="white")
    item("front", color=GREY, linestyle="-", linewidth=1.1)
    if any(str(line.get_gid()).startswith("float-") for line in axes.lines):
        item("float network", color=GREY, linestyle=":", linewidth=0.9)
    if table["low"].notna().any():
        item("95 % interval", marker="|", color=INK, markersize=9, markeredgewidth=0.9)
    add_legend(figure, items)
