"""The front as a figure to hover over: one HTML file that needs no network."""

from collections.abc import Sequence
from pathlib import Path

import plotly.graph_objects as go

from nac.report.anchors import Anchor
from nac.report.figures import Split, by_bits, default_axes, drawn_column, marker_area, plot_front, staircase
from nac.report.front import Front, value_text
from nac.report.quantities import quantity
from nac.report.style import BLUE, GREY, RED, bit_colour
from nac.rundir import write_atomic

# plotly's names of the markers that matplotlib draws for the same bit width
_SYMBOLS = {
    8: "circle", 7: "hexagon", 6: "square", 5: "pentagon", 4: "triangle-up", 3: "triangle-down", 2: "diamond-tall",
}


def interactive_front(
    front: Front,
    *,
    x: str | None = None,
    y: str | None = None,
    split: Split = "validation",
    anchors: Sequence[Anchor] = (),
) -> go.Figure:
    """The figure of `plot_front` with the architecture and all numbers of a point shown when it is hovered over."""
    default_x, default_y = default_axes(front)
    x, y = x or default_x, y or default_y
    column = drawn_column(front, x, y, split)
    cost, metric = quantity(x), quantity(y)
    figure = go.Figure()
    trials = front.of("trial")
    trials = trials[trials["feasible"] != False].dropna(subset=[x, y])  # noqa: E712 - None is feasible
    if len(trials) and split == "validation":
        figure.add_scatter(
            x=trials[x], y=metric.scale * trials[y], mode="markers", name="search trial",
            marker={"color": GREY, "size": 6}, text=_hover(front, trials.index), hoverinfo="text",
        )
    designs = front.of("design")
    designs = designs.dropna(subset=[x, column]) if column in designs else designs.iloc[:0]
    if len(designs):
        corner_x, corner_y = staircase(designs, x, column)
        figure.add_scatter(
            x=corner_x, y=metric.scale * corner_y, mode="lines", name="front of the designs", hoverinfo="skip",
            line={"color": BLUE, "shape": "hv", "width": 2},
        )
    for bits, group in by_bits(designs):
        figure.add_scatter(
            x=group[x], y=metric.scale * group[column], mode="markers", name=f"design, {bits:g} bit",
            marker={"color": bit_colour(bits), "symbol": _SYMBOLS.get(int(bits) if bits == bits else 0, "cross"),
                    "size": [1.2 * marker_area(value) ** 0.5 for value in group["sparsity"]],
                    "line": {"width": 1, "color": "#222222"}},
            text=_hover(front, group.index), hoverinfo="text",
        )
    known = [anchor for anchor in anchors if x in anchor.values and y in anchor.values]
    if known:
        figure.add_scatter(
            x=[anchor.values[x] for anchor in known], y=[metric.scale * anchor.values[y] for anchor in known],
            mode="markers", name="published result", marker={"color": RED, "symbol": "star", "size": 12},
            text=[f"{anchor.label}<br>{anchor.source}<br>{anchor.note}" for anchor in known], hoverinfo="text",
        )
    figure.update_layout(
        template="plotly_white", title=f"{front.title or front.task}: {metric.label} against {cost.label}",
        xaxis={"title": cost.axis, "type": "log" if cost.role in {"cost", "hardware"} else "linear"},
        yaxis={"title": f"{metric.axis}, {split} split"},
    )
    return figure


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


def _hover(front: Front, index: object) -> list[str]:
    """One text per row: name, architecture and every number it has."""
    texts = []
    for _, row in front.table.loc[index].iterrows():  # type: ignore[call-overload]
        lines = [f"<b>{row['kind']} {row['name']}</b>", str(row["architecture"])]
        lines += [f"{name}: {value_text(row, name)}" for name in front.shown if row[name] == row[name]]
        texts.append("<br>".join(lines))
    return texts
