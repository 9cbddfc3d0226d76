"""The front as a static figure."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from nac.report.anchors import Anchor
from nac.report.front import Front
from nac.report.labels import Label, place_labels
from nac.report.quantities import Quantity, short
from nac.report.style import (
    BLUE,
    GREY,
    INK,
    RED,
    add_legend,
    bit_colour,
    bit_marker,
    legend_item,
    new_figure,
    style,
)
from nac.report.style import save as save_figure
from nac.report.view import Scale, Split, View, by_bits, marker_area

DASHED = (0, (4, 2))
BASELINE_STYLES = {"constant": (0, (1, 1.5)), "linear": (0, (6, 2))}
EDGES = {"bottom": "v", "top": "^", "left": "<", "right": ">"}


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

    Designs are filled where every engine agreed bit for bit, and have 95 % intervals where those are known. The axes
    are scaled to the front (`Scale.of`): points beyond them are arrows at the edge. A constant answer and a linear
    model are dashed lines.

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
    view = View.of(front, x, y, split, anchors)
    with style():
        figure = new_figure()
        axes = figure.add_subplot()
        scale_axis(axes, "x", view.x, view.horizontal)
        scale_axis(axes, "y", view.y, view.vertical)
        _trials(axes, view)
        _designs(axes, view)
        _beyond(axes, view)
        _baselines(axes, view)
        _published(axes, view)
        _dress(axes, view)
        _legend(figure, axes, view)
        place_labels(axes, _labels(view))
    if path is not None:
        save_figure(figure, path)
    return figure


def scale_axis(axes: Axes, which: str, known: Quantity, scale: Scale) -> None:
    """Limits, ticks and label of one axis (`x` or `y`) for a quantity."""
    axis: Axis = axes.xaxis if which == "x" else axes.yaxis
    if scale.log:
        axes.set(**{f"{which}scale": "log"})
        text = short if known.role in {"cost", "hardware"} else "{:g}".format
        axis.set_major_formatter(FuncFormatter(lambda value, _: text(value)))
        axis.set_minor_formatter(FuncFormatter(lambda value, _: text(value) if _labelled(scale, value) else ""))
        axes.tick_params(axis="x" if which == "x" else "y", which="minor", labelsize=7.5)
    axes.set(**{f"{which}lim": (scale.low, scale.high), f"{which}label": known.axis})


def _labelled(scale: Scale, value: float) -> bool:
    """Whether a minor tick has a number: all on a short logarithmic axis, twos and fives on one of few decades."""
    digit, span = round(value / 10 ** np.floor(np.log10(value) + 1e-9)), scale.high / scale.low
    return span < 4 or (span < 50 and digit in {2, 5})


def draw_bars(axes: Axes, rows: pd.DataFrame, colour: str, gid: str) -> None:
    """The 95 % intervals (`low` to `high`) of rows of a view, thin enough to leave their points the eye."""
    known = rows.dropna(subset=["low", "high"])
    if len(known):
        axes.vlines(known["cost"], known["low"], known["high"], colors=colour, linewidth=0.9, alpha=0.75,
                    gid=gid, zorder=4)


def _trials(axes: Axes, view: View) -> None:
    """Grey points for what the search tried, their front, and the named networks of the space."""
    if view.trials.empty:
        return
    shown = view.inside(view.trials)
    plain, named = shown[shown["baseline"].isna()], shown[shown["baseline"].notna()]
    axes.scatter(plain["cost"], plain["value"], s=16, color=GREY, alpha=0.65, linewidths=0, gid="trials", zorder=2)
    axes.step(*view.corners(view.trials), where="post", color=GREY, linewidth=1.1, linestyle=DASHED, gid="trial-front")
    axes.scatter(named["cost"], named["value"], s=40, marker="D", facecolor="none", edgecolor=INK, linewidth=1.0,
                 gid="named", zorder=3)


def _designs(axes: Axes, view: View) -> None:
    """Coloured points for designs, filled where every engine agreed bit for bit, with their intervals."""
    if view.designs.empty:
        return
    axes.step(*view.corners(view.designs), where="post", color=BLUE, linewidth=1.6, gid="design-front", zorder=3)
    for bits, group in by_bits(view.inside(view.designs)):
        colour = bit_colour(bits)
        draw_bars(axes, group, colour, f"bars-{bits:g}")
        axes.scatter(
            group["cost"], group["value"], s=[marker_area(value) for value in group["sparsity"]],
            marker=bit_marker(bits), zorder=5, gid=f"designs-{bits:g}", edgecolors=colour, linewidths=1.4,
            facecolors=[colour if exact is True else "white" for exact in group["exact"]], clip_on=False,
        )


def _beyond(axes: Axes, view: View) -> None:
    """An arrow at the edge for every point outside the axes."""
    for edge, rows in view.beyond.groupby("edge"):
        colours = [bit_colour(row["bits"]) if row["kind"] == "design" else GREY for _, row in rows.iterrows()]
        axes.scatter(rows["cost"], rows["value"], s=24, marker=EDGES[str(edge)], c=colours, linewidths=0,
                     gid=f"beyond-{edge}", clip_on=False, zorder=6)


def _baselines(axes: Axes, view: View) -> None:
    """A dashed line for each answer that needs no network."""
    for _, row in view.baselines.iterrows():
        dashes = BASELINE_STYLES.get(row["name"], DASHED)
        axes.axhline(row["value"], color=INK, linewidth=1.0, linestyle=dashes, gid=f"baseline-{row['name']}", zorder=1,
                     label=view.told_baseline(row))


def _published(axes: Axes, view: View) -> None:
    """Published results: a star where the cost is known, a dotted line where only the metric is."""
    scale = view.y.scale
    if view.stars:
        axes.scatter([anchor.values[view.x.name] for anchor in view.stars],
                     [scale * anchor.values[view.y.name] for anchor in view.stars],
                     marker="*", s=95, color=RED, edgecolor="white", linewidth=0.6, gid="anchors", zorder=8)
    for k, anchor in enumerate(view.lines):
        value = anchor.values[view.y.name]
        axes.axhline(scale * value, color=RED, linewidth=1.0, linestyle=":", gid=f"anchor-line-{k}", zorder=1,
                     label=f"published: {anchor.label}, {view.told(scale * value)}")


def _labels(view: View) -> list[Label]:
    """Names of the published results and of the space's own networks that are drawn as points."""
    found = [
        Label(anchor.label, anchor.values[view.x.name], view.y.scale * anchor.values[view.y.name], RED)
        for anchor in view.stars
    ]
    shown = view.inside(view.trials)
    named = shown[shown["baseline"].notna()]
    return found + [Label(str(row["baseline"]), row["cost"], row["value"], "#555555") for _, row in named.iterrows()]


def _dress(axes: Axes, view: View) -> None:
    """What is shown of which split, and which corner is better."""
    axes.set_title(view.heading)
    axes.set_ylabel(f"{view.y.axis}, {view.split} split")
    up = view.y.direction == "maximize"
    axes.annotate("better", xy=(0.012, 0.985 if up else 0.015), xytext=(0.075, 0.90 if up else 0.10),
                  xycoords="axes fraction", textcoords="axes fraction", fontsize=8, color="#777777", va="center",
                  arrowprops={"arrowstyle": "->", "color": "#999999"})


def _legend(figure: Figure, axes: Axes, view: View) -> None:
    """What colours, shapes and sizes mean, only for what is drawn, below the axes."""
    designs = view.inside(view.designs)
    items: list[Line2D] = []

    def item(label: str, **look: object) -> None:
        items.append(legend_item(label, **look))

    if len(view.trials):
        item("search trial", marker="o", color=GREY, markersize=4)
        item("front of the search", color=GREY, linestyle=DASHED, linewidth=1.1)
    if view.inside(view.trials)["baseline"].notna().any():
        item("named in the space", marker="D", markerfacecolor="none", color=INK, markersize=5.5)
    for bits, _ in by_bits(designs):
        words = f"design, {bits:g} bit" if bits == bits else "design, mixed widths"
        item(words, marker=bit_marker(bits), color=bit_colour(bits), markersize=7)
    if len(designs):
        item("front of the designs", color=BLUE, linestyle="-", linewidth=1.6)
        verified = {value is True for value in designs["exact"]}
        if True in verified:
            item("verified bit for bit", marker="o", color=INK, markersize=6.5)
        if False in verified:
            item("not verified", marker="o", markerfacecolor="white", color=INK, markersize=6.5)
        sparse = sorted(designs["sparsity"].dropna().unique())
        if sparse and sparse[-1] - sparse[0] > 0.1:
            for value in (sparse[0], sparse[-1]):
                item(f"{100 * (1 - value):.0f} % of weights kept", marker="o", color=GREY,
                     markersize=float(np.sqrt(marker_area(value))))
    if view.has_bars:
        item("95 % interval", marker="|", color=INK, markersize=9, markeredgewidth=0.9)
    if len(view.beyond):
        worse = "bottom" if view.y.direction == "maximize" else "top"
        item(view.told_beyond(), marker=EDGES[worse], color=GREY, markersize=5)
    if view.stars:
        item("published result", marker="*", color=RED, markersize=9)
    items += [line for line in axes.lines if not str(line.get_label()).startswith("_")]
    add_legend(figure, items)
