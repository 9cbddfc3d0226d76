"""How stable training is under the masks of pruners: a figure along the rounds."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nac.report.style import BLUE, GREY, INK, RED, style, subplots
from nac.report.style import save as save_figure
from nac.tasks import METRICS

DENSE = "dense"
COLOURS = {"lamp": BLUE, "distilled": RED, "random": GREY}
MARKERS = "osD^v"


class StabilityRow(NamedTuple):
    """Two trainings under one mask: the mean error of both, and the error barrier between them.

    Errors are 1 - metric where more is better, else the metric itself. Round 0 is the dense network.
    """

    pruner: str
    round: int
    sparsity: float
    error: float
    barrier: float


def plot_connectivity(rows: Sequence[StabilityRow], path: Path | None = None, *, metric: str) -> Figure:
    """Error barrier and error against sparsity, one line per pruner, the dense network as a dashed line.

    Rows of several seeds are averaged, small dots are the single ones.

    Args:
        rows: as `nac connectivity` makes them, of one or more seeds.
        path: where the figure is also written (.png, .svg or .pdf), if anywhere.
        metric: that the errors are of.
    """
    known = METRICS[metric]
    share = known.direction == "maximize"
    unit, factor = ("percentage points", 100.0) if share else (known.unit or metric, 1.0)
    with style():
        figure, (left, right) = subplots(1, 2, width=9.6, height=4.2)
        _lines(left, rows, "barrier", factor)
        _lines(right, rows, "error", factor)
        left.set_ylabel(f"error barrier [{unit}]")
        right.set_ylabel(f"error of the ends [{'%' if share else unit}]")
        for axes in (left, right):
            axes.set_xlabel("sparsity [%]")
        left.legend()
        if path is not None:
            save_figure(figure, path)
    return figure


def _lines(axes: Axes, rows: Sequence[StabilityRow], field: str, factor: float) -> None:
    dense = [factor * getattr(row, field) for row in rows if row.pruner == DENSE]
    if dense:
        axes.axhline(sum(dense) / len(dense), color=INK, linestyle="--", label=DENSE)
    names = dict.fromkeys(row.pruner for row in rows if row.pruner != DENSE)
    for index, name in enumerate(names):
        points: dict[float, list[float]] = {}
        for row in rows:
            if row.pruner == name:
                points.setdefault(round(100 * row.sparsity, 1), []).append(factor * getattr(row, field))
        x = sorted(points)
        colour, marker = COLOURS.get(name, f"C{index}"), MARKERS[index % len(MARKERS)]
        axes.plot(x, [sum(points[at]) / len(points[at]) for at in x], color=colour, marker=marker, label=name)
        for at in x:
            axes.scatter([at] * len(points[at]), points[at], color=colour, s=8, alpha=0.5)
