"""The front as a figure to hover over: one HTML file that needs no network."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from nac.report.anchors import Anchor
from nac.report.figures import plot_front
from nac.report.front import Front
from nac.report.rows import value_text
from nac.report.style import BLUE, GREY, INK, RED, bit_colour
from nac.report.view import Scale, Split, View, by_bits, marker_area
from nac.rundir import write_atomic

# plotly's names of the markers that matplotlib draws for the same bit width
_SYMBOLS = {
    8: "circle", 7: "hexagon", 6: "square", 5: "pentagon", 4: "triangle-up", 3: "triangle-down", 2: "diamond-tall",
}
_EDGES = {"bottom": "triangle-down", "top": "triangle-up", "left": "triangle-left", "right": "triangle-right"}
_DASHES = {"constant": "dot", "linear": "dash"}


def interactive_front(
    front: Front,
    *,
    x: str | None = None,
    y: str | None = None,
    split: Split = "validation",
    anchors: Sequence[Anchor] = (),
) -> go.Figure:
    """The figure of `plot_front` with the architecture and all numbers of a point shown when it is hovered over."""
    view = View.of(front, x, y, split, anchors)
    figure = go.Figure()
    trials = view.inside(view.trials)
    if len(trials):
        figure.add_scatter(
            x=trials["cost"], y=trials["value"], mode="markers", name="search trial",
            marker={"color": GREY, "size": 6}, text=_hover(front, trials), hoverinfo="text",
        )
    _designs(figure, view)
    beyond = view.beyond
    if len(beyond):
        figure.add_scatter(
            x=beyond["cost"], y=beyond["value"], mode="markers", name=view.told_beyond(), cliponaxis=False,
            marker={"symbol": [_EDGES[edge] for edge in beyond["edge"]], "color": GREY, "size": 9},
            text=_hover(front, beyond), hoverinfo="text",
        )
    for _, row in view.baselines.iterrows():
        _level(figure, view, row["value"], view.told_baseline(row), INK, _DASHES.get(row["name"], "dash"))
    _published(figure, view)
    figure.update_layout(
        template="plotly_white", title=view.heading, xaxis=_axis(view.horizontal, view.x.axis),
        yaxis=_axis(view.vertical, f"{view.y.axis}, {split} split"),
    )
    return figure


def _axis(scale: Scale, title: str) -> dict[str, object]:
    """Type, range and title of an axis."""
    limits = [scale.low, scale.high]
    kind, span = ("log", list(np.log10(limits))) if scale.log else ("linear", limits)
    return {"title": title, "type": kind, "range": span}


def _designs(figure: go.Figure, view: View) -> None:
    """Designs by width, filled where verified, with their intervals and the line that no other beats."""
    if view.designs.empty:
        return
    corner_x, corner_y = view.corners(view.designs)
    figure.add_scatter(
        x=corner_x, y=corner_y, mode="lines", name="front of the designs", hoverinfo="skip",
        line={"color": BLUE, "shape": "hv", "width": 2},
    )
    for bits, group in by_bits(view.inside(view.designs)):
        colour = bit_colour(bits)
        figure.add_scatter(
            x=group["cost"], y=group["value"], mode="markers",
            name=f"design, {bits:g} bit" if bits == bits else "design, mixed widths",
            error_y={
                "type": "data", "array": (group["high"] - group["value"]).fillna(0.0),
                "arrayminus": (group["value"] - group["low"]).fillna(0.0), "color": colour, "thickness": 1, "width": 0,
                "visible": view.has_bars,
            },
            marker={"color": [colour if exact is True else "white" for exact in group["exact"]],
                    "symbol": _SYMBOLS.get(int(bits) if bits == bits else 0, "cross"),
                    "size": [1.2 * marker_area(value) ** 0.5 for value in group["sparsity"]],
                    "line": {"width": 1.5, "color": colour}, "opacity": 1},
            text=_hover(view.front, group), hoverinfo="text",
        )


    for words, exact, colour in (("verified bit for bit", True, INK), ("not verified", False, "white")):
        if exact in {value is True for value in view.designs["exact"]}:
            look = {"symbol": "circle", "size": 9, "color": colour, "line": {"width": 1.5, "color": INK}}
            figure.add_scatter(x=[None], y=[None], mode="markers", name=words, marker=look)


def _published(figure: go.Figure, view: View) -> None:
    """Published results: stars, and dotted lines for those without a cost."""
    x, y = view.x.name, view.y.name
    if view.stars:
        figure.add_scatter(
            x=[anchor.values[x] for anchor in view.stars],
            y=[view.y.scale * anchor.values[y] for anchor in view.stars],
            mode="markers", name="published result", marker={"color": RED, "symbol": "star", "size": 12},
            text=[f"{anchor.label}<br>{anchor.source}<br>{anchor.note}" for anchor in view.stars], hoverinfo="text",
        )
    for anchor in view.lines:
        words = f"published: {anchor.label}, {view.told(view.y.scale * anchor.values[y])}"
        _level(figure, view, view.y.scale * anchor.values[y], words, RED, "dot")


def _level(figure: go.Figure, view: View, value: float, name: str, colour: str, dash: str) -> None:
    """A horizontal line over the whole width, with a name in the legend."""
    figure.add_scatter(
        x=[view.horizontal.low, view.horizontal.high], y=[value, value], mode="lines", name=name, hoverinfo="name",
        line={"color": colour, "dash": dash, "width": 1.2},
    )


def write_interactive(figure: go.Figure, path: Path) -> None:
    """Write `figure` with everything it needs inside: about 5 MB, most of it plotly.js."""
    write_atomic(path, figure.to_html(include_plotlyjs=True, full_html=True))


def plot(
    front: Front,
    path: Path,
    *,
    x: str | None = None,
    y: str | None = None,
    split: Split = "validation",
    anchors: Sequence[Anchor] = (),
) -> Path:
    """Draw the front into a file by its extension: .png, .svg, .pdf, or .html to hover over (about 5 MB).

    Raises:
        InputError: another extension, an unknown column or nothing to draw.
    """
    if path.suffix.lower() == ".html":
        write_interactive(interactive_front(front, x=x, y=y, split=split, anchors=anchors), path)
    else:
        plot_front(front, path, x=x, y=y, split=split, anchors=anchors)
    return path


def _hover(front: Front, rows: pd.DataFrame) -> list[str]:
    """One text per row: name, architecture and every number it has."""
    texts = []
    for _, row in rows.iterrows():
        lines = [f"<b>{row['kind']} {row['name']}</b>", str(row["architecture"])]
        lines += [f"{name}: {value_text(row, name)}" for name in front.shown if row[name] == row[name]]
        texts.append("<br>".join(lines))
    return texts
