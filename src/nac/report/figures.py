"""Static figures of a search: the front, its convergence, what mattered."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from nac.errors import InputError
from nac.pareto import hypervolume_history, non_dominated
from nac.report.anchors import Anchor
from nac.report.front import Front
from nac.report.labels import Label, place_labels
from nac.report.quantities import direction_of, quantity, short
from nac.report.style import BLUE, GREY, INK, RED, bit_colour, bit_marker, new_figure, style, subplots
from nac.report.style import save as save_figure

Split = Literal["validation", "test"]
DASHED = (0, (4, 2))


def default_axes(front: Front) -> tuple[str, str]:
    """(x, y): the first cost and the first metric among the objectives, else BOPs and the first metric."""
    costs = [name for name in front.objectives if quantity(name).role != "metric"]
    metrics = [name for name in front.objectives if quantity(name).role == "metric"] or list(front.metrics)
    if not metrics:
        raise InputError("the run has no metric to draw: no trial has finished")
    return (costs or ["bops"])[0], metrics[0]


def drawn_column(front: Front, x: str, y: str, split: Split) -> str:
    """The column that holds `y` on a split. Raises InputError when it or `x` is not in the table."""
    column = f"test_{y}" if split == "test" else y
    for name in (x, column):
        if name not in front.table:
            raise InputError(f"no value named {name!r} to draw, expected one of: {', '.join(front.names)}")
    return column


def plot_front(
    front: Front,
    path: Path | None = None,
    *,
    x: str | None = None,
    y: str | None = None,
    split: Split = "validation",
    anchors: Sequence[Anchor] = (),
) -> Figure:
    """Metric against cost: trials in grey, designs coloured by bits and sized by density, the front as a line.

    Args:
        front: the table of a run.
        path: where the figure is also written (.png, .svg or .pdf), if anywhere.
        x: a cost, the first one among the objectives by default.
        y: a metric, the first one among the objectives by default.
        split: which split the designs' metric is from; trials have been measured on validation only, so they are
            left out with `test`.
        anchors: published results that are marked beside ours.

    Raises:
        InputError: nothing to draw, an unknown column, or another file extension.
    """
    default_x, default_y = default_axes(front)
    x, y = x or default_x, y or default_y
    column = drawn_column(front, x, y, split)
    with style():
        figure = new_figure()
        axes = figure.add_subplot()
        if quantity(x).role in {"cost", "hardware"}:
            axes.set_xscale("log")
        if split == "validation":
            _trials(axes, front, x, y)
        _designs(axes, front.of("design"), x, column)
        _anchors(axes, anchors, x, y)
        _dress(axes, front, x, y, split)
        _legend(axes, front)
        place_labels(axes, _labels(front, anchors, x, y, split), _positions(front, x, y, column))
    if path is not None:
        save_figure(figure, path)
    return figure


def staircase(values: pd.DataFrame, x: str, y: str) -> tuple[np.ndarray, np.ndarray]:
    """The corners (x, y) of the front of `values` in columns `x` and `y`, for `Axes.step(where="post")`."""
    points = values[[x, y]].dropna().to_numpy(dtype=float)
    points = points[non_dominated(points, [direction_of(x), direction_of(y)])]
    points = points[np.argsort(points[:, 0], kind="stable")]
    return points[:, 0], points[:, 1]


def _trials(axes: Axes, front: Front, x: str, y: str) -> None:
    """Grey points for what the search tried, their front, and the baselines by name."""
    trials = front.of("trial")
    trials = trials[trials["feasible"] != False].dropna(subset=[x, y])  # noqa: E712 - None is feasible
    if trials.empty:
        return
    scale = quantity(y).scale
    plain = trials[trials["baseline"].isna()]
    axes.scatter(plain[x], scale * plain[y], s=16, color=GREY, alpha=0.65, linewidths=0, gid="trials", zorder=2)
    corner_x, corner_y = staircase(trials, x, y)
    axes.step(corner_x, scale * corner_y, where="post", color=GREY, linewidth=1.1, linestyle=DASHED, gid="trial-front")
    named = trials[trials["baseline"].notna()]
    axes.scatter(named[x], scale * named[y], s=46, marker="D", facecolor="none", edgecolor=INK, linewidth=1.1,
                 gid="baselines", zorder=4)

def _labels(front: Front, anchors: Sequence[Anchor], x: str, y: str, split: Split) -> list[Label]:
    """Names of the baselines and of the published results that are drawn as points."""
    scale = quantity(y).scale
    found = [
        Label(anchor.label, anchor.values[x], scale * anchor.values[y], RED)
        for anchor in anchors
        if x in anchor.values and y in anchor.values
    ]
    if split == "validation":
        trials = front.of("trial")
        named = trials[trials["baseline"].notna() & (trials["feasible"] != False)].dropna(subset=[x, y])  # noqa: E712
        found += [Label(str(row["baseline"]), row[x], scale * row[y], "#555555") for _, row in named.iterrows()]
    return found


def _positions(front: Front, x: str, y: str, column: str) -> np.ndarray:
    """Where designs stand (N, 2), so that labels keep away from them."""
    designs = front.of("design").dropna(subset=[x, column])
    return designs[[x, column]].to_numpy(dtype=float) * [1.0, quantity(y).scale]


def by_bits(designs: pd.DataFrame) -> list[tuple[float, pd.DataFrame]]:
    """Designs grouped by weight bits, the widest first, those of mixed width (NaN) last."""
    widths = sorted({float(bits) for bits in designs["bits"].dropna()}, reverse=True)
    groups = [(bits, designs[designs["bits"] == bits]) for bits in widths]
    mixed = designs[designs["bits"].isna()]
    return [*groups, (float("nan"), mixed)] if len(mixed) else groups


def marker_area(sparsity: float) -> float:
    """Area in points² of a design's marker: proportional to its density, with a floor that can be seen."""
    density = 1.0 - (sparsity if sparsity == sparsity else 0.0)
    return 18.0 + 82.0 * density


def _designs(axes: Axes, designs: pd.DataFrame, x: str, column: str) -> None:
    """Coloured points for designs; a dark edge where every engine agreed bit for bit."""
    designs = designs.dropna(subset=[x, column])
    if designs.empty:
        return
    scale = quantity(column).scale
    corner_x, corner_y = staircase(designs, x, column)
    axes.step(corner_x, scale * corner_y, where="post", color=BLUE, linewidth=1.6, gid="design-front", zorder=3)
    for bits, group in by_bits(designs):
        exact = [value is True for value in group["exact"]]
        axes.scatter(
            group[x], scale * group[column], s=[marker_area(value) for value in group["sparsity"]],
            color=bit_colour(bits), marker=bit_marker(bits), zorder=5, gid=f"designs-{bits:g}",
            edgecolors=[INK if same else "white" for same in exact],
            linewidths=[1.1 if same else 0.6 for same in exact],
        )


def _anchors(axes: Axes, anchors: Sequence[Anchor], x: str, y: str) -> None:
    """Published results: a star where the cost is known, a dotted line where only the metric is."""
    scale = quantity(y).scale
    for anchor in (anchor for anchor in anchors if y in anchor.values):
        value = scale * anchor.values[y]
        if x in anchor.values:
            axes.scatter([anchor.values[x]], [value], marker="*", s=105, color=RED, edgecolor="white", linewidth=0.6,
                         gid="anchors", zorder=8)
        elif anchor.line:
            axes.axhline(value, color=RED, linewidth=1.0, linestyle=":", gid="anchor-lines", zorder=1,
                         label=f"{anchor.label}: {quantity(y).text(anchor.values[y])}")


def _dress(axes: Axes, front: Front, x: str, y: str, split: Split) -> None:
    """Axes, units, title and which way is better."""
    cost, metric = quantity(x), quantity(y)
    if cost.role in {"cost", "hardware"}:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
        axes.xaxis.set_minor_formatter(FuncFormatter(lambda value, _: _minor(axes, value)))
        axes.tick_params(axis="x", which="minor", labelsize=7.5)
    axes.set_xlabel(cost.axis)
    axes.set_ylabel(f"{metric.axis}, {split} split")
    axes.set_title(f"{front.title or front.task or 'run'}: {metric.label} against {cost.label}")
    up = metric.direction == "maximize"
    axes.annotate("better", xy=(0.012, 0.985 if up else 0.015), xytext=(0.075, 0.90 if up else 0.10),
                  xycoords="axes fraction", textcoords="axes fraction", fontsize=8, color="#777777", va="center",
                  arrowprops={"arrowstyle": "->", "color": "#999999"})


def _minor(axes: Axes, value: float) -> str:
    """The number at a minor tick: twos and fives, where the x axis has few decades of its own."""
    low, high = axes.get_xlim()
    digit = round(value / 10 ** np.floor(np.log10(value) + 1e-9)) if value > 0 else 0
    return short(value) if low > 0 and high / low < 50 and digit in {2, 5} else ""


def _legend(axes: Axes, front: Front) -> None:
    """What colours, shapes and sizes mean, only for what is drawn."""
    drawn = {artist.get_gid() for artist in axes.get_children()}
    items: list[Line2D] = []

    def item(label: str, **look: object) -> None:
        items.append(Line2D([], [], label=label, **{"linestyle": "none", **look}))  # type: ignore[arg-type]

    if "trials" in drawn:
        item("search trial", marker="o", color=GREY, markersize=4)
    if "trial-front" in drawn:
        item("front of the search", color=GREY, linestyle=DASHED, linewidth=1.1)
    if "baselines" in drawn and front.of("trial")["baseline"].notna().any():
        item("baseline of the space", marker="D", markerfacecolor="none", color=INK, markersize=6)
    designs = front.of("design")
    for bits in sorted(designs["bits"].dropna().unique(), reverse=True):
        if f"designs-{bits:g}" in drawn:
            item(f"design, {bits:g} bit", marker=bit_marker(bits), color=bit_colour(bits), markersize=7)
    if "design-front" in drawn:
        item("front of the designs", color=BLUE, linestyle="-", linewidth=1.6)
        item("dark edge: verified bit for bit", marker="o", markerfacecolor="white", color=INK, markersize=7)
        sparse = sorted(designs["sparsity"].dropna().unique())
        if sparse and sparse[-1] - sparse[0] > 0.1:
            for value in (sparse[0], sparse[-1]):
                item(f"{100 * (1 - value):.0f} % of weights kept", marker="o", color=GREY,
                     markersize=float(np.sqrt(marker_area(value))))
    if "anchors" in drawn:
        item("published result", marker="*", color=RED, markersize=9)
    for line in (line for line in axes.lines if line.get_gid() == "anchor-lines"):
        item(f"published:\n{line.get_label()}", color=RED, linestyle=":", linewidth=1.0)
    axes.legend(handles=items, loc="center left", bbox_to_anchor=(1.0, 0.5), borderaxespad=0.6)


def plot_convergence(front: Front, path: Path | None = None) -> Figure:
    """Hypervolume of the objectives after each trial; costs enter as powers of ten (their logarithm).

    The reference is just behind the worst trial, and the scale is 1 for the box between it and the best value
    of each objective alone. Raises InputError when no trial has all objectives.
    """
    trials = front.of("trial").sort_values("trial")
    feasible = trials["feasible"] != False  # noqa: E712 - None is feasible
    values = trials[feasible].dropna(subset=list(front.objectives))
    if values.empty:
        raise InputError("no trial has finished: nothing to draw the convergence of")
    points = values[list(front.objectives)].to_numpy(dtype=float).copy()
    for k, name in enumerate(front.objectives):
        if quantity(name).role in {"cost", "hardware"}:
            points[:, k] = np.log10(np.maximum(points[:, k], 1.0))
    history = hypervolume_history(points, front.directions)
    with style():
        figure, (axes,) = subplots(width=6.4, height=3.4)
        axes.step(values["trial"], history / _ideal(points, front), where="post", color=BLUE, linewidth=1.8)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("trial")
        axes.set_ylabel("hypervolume (share of the ideal box)")
        axes.set_title("Convergence of the search")
    if path is not None:
        save_figure(figure, path)
    return figure


def _ideal(points: np.ndarray, front: Front) -> float:
    """Hypervolume if one trial were best in every objective at once."""
    best = [points[:, k].max() if d == "maximize" else points[:, k].min() for k, d in enumerate(front.directions)]
    return float(hypervolume_history(np.vstack([points, best]), front.directions)[-1]) or 1.0


def plot_importances(
    importances: Mapping[str, Mapping[str, float]], path: Path | None = None, *, top: int = 12
) -> Figure:
    """How much each gene explains of each objective's spread (`study.importances`): bars, largest first.

    Args:
        importances: objective name -> gene name -> share of the variance, 0 to 1.
        path: where the figure is also written.
        top: how many genes are shown.

    Raises:
        InputError: there is nothing to draw.
    """
    if not importances or not any(importances.values()):
        raise InputError("no importances to draw: they need at least two finished trials that differ")
    table = pd.DataFrame(importances).fillna(0.0)
    table = table.loc[table.max(axis=1).sort_values(ascending=False).index[:top]][::-1]
    with style():
        figure, (axes,) = subplots(width=6.4, height=0.9 + 0.34 * len(table))
        height = 0.8 / len(table.columns)
        for k, objective in enumerate(table.columns):
            offsets = np.arange(len(table)) + 0.4 - height * (k + 0.5)
            axes.barh(offsets, table[objective], height=height, label=quantity(str(objective)).label)
        axes.set_yticks(np.arange(len(table)), [str(name) for name in table.index])
        axes.set_xlabel("share of the variance explained (fANOVA)")
        axes.set_title("What mattered in the search")
        axes.grid(visible=False, axis="y")
        axes.legend(loc="lower right")
    if path is not None:
        save_figure(figure, path)
    return figure
