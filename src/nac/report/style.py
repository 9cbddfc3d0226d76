"""One look for all figures: readable in print, on a screen and with a colour-vision deficiency."""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from textwrap import fill
from types import MappingProxyType
from typing import Any

import matplotlib
from cycler import cycler
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nac.errors import InputError
from nac.rundir import write_atomic

# Okabe and Ito's palette: distinct under every common colour-vision deficiency.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442",
)
PALETTE = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, "#7F7F7F", "#B8860B")
INK, GREY, FAINT = "#222222", "#9A9A9A", "#DDDDDD"

# Bits are ordered, so their colours are: dark for wide, light for narrow; the shape says it a second time.
BIT_COLOURS: Mapping[int, str] = MappingProxyType(
    {8: "#440154", 7: "#443A83", 6: "#31688E", 5: "#21908C", 4: "#35B779", 3: "#8FD744", 2: "#E3C800"}
)
BIT_MARKERS: Mapping[int, str] = MappingProxyType({8: "o", 7: "h", 6: "s", 5: "p", 4: "^", 3: "v", 2: "d"})

# Text over points and lines stays readable.
HALO = [patheffects.withStroke(linewidth=2.2, foreground="white")]

_SETTINGS: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.5,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelcolor": INK,
    "axes.edgecolor": "#666666",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.prop_cycle": cycler(color=PALETTE),
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.hashsalt": "nac",
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
}


@contextmanager
def style() -> Iterator[None]:
    """Matplotlib's settings for the time of one figure; whatever the caller has set comes back."""
    with matplotlib.rc_context(_SETTINGS):  # type: ignore[arg-type]
        yield


def new_figure(width: float = 6.4, height: float = 3.8) -> Figure:
    """An empty figure of `width` x `height` inches, outside pyplot's global state."""
    return Figure(figsize=(width, height), layout="constrained")


def subplots(rows: int = 1, columns: int = 1, *, width: float = 7.6, height: float = 4.8) -> tuple[Figure, list[Axes]]:
    """A figure and its `rows` x `columns` axes as one flat list."""
    figure = new_figure(width, height)
    grid = figure.subplots(rows, columns, squeeze=False)
    return figure, list(grid.ravel())


def legend_item(label: str, **look: Any) -> Line2D:
    """An entry of a legend; without a `linestyle` it is a marker alone."""
    return Line2D([], [], label=label, **{"linestyle": "none", **look})


def add_legend(figure: Figure, items: Sequence[Line2D], *, columns: int = 3, wrap: int = 26) -> None:
    """A legend below the axes, which keep their size: the figure grows by as many rows as it has."""
    labels = [fill(str(item.get_label()), wrap) for item in items]
    lines = sum(label.count("\n") + 1 for label in labels)
    figure.set_figheight(figure.get_figheight() + 0.17 * (lines / columns + 1))
    figure.legend(items, labels, loc="outside lower left", ncols=columns, columnspacing=1.4, handlelength=2.2)


def bit_colour(bits: float) -> str:
    """The colour of a bit width; grey for mixed or unknown ones."""
    return BIT_COLOURS.get(int(bits), GREY) if bits == bits else GREY


def bit_marker(bits: float) -> str:
    """The marker of a bit width; a plus for mixed or unknown ones."""
    return BIT_MARKERS.get(int(bits), "P") if bits == bits else "P"


def save(figure: Figure, path: Path) -> Path:
    """Write a figure as PNG, SVG or PDF by its extension, whole or not at all; returns `path`.

    Raises:
        InputError: another extension.
    """
    form = path.suffix.lower().removeprefix(".")
    if form not in {"png", "svg", "pdf"}:
        raise InputError(f"{path}: cannot write a figure as {path.suffix or 'a file without extension'}, "
                         "expected .png, .svg, .pdf or .html")
    write_atomic(path, render(figure, form))
    return path


def render(figure: Figure, form: str) -> bytes:
    """The bytes of a figure; the same figure gives the same bytes (no dates inside)."""
    buffer = io.BytesIO()
    dates = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[form]
    with style():
        figure.savefig(buffer, format=form, dpi=160, metadata=dates or None)
    return buffer.getvalue()


_IDENTIFIER = re.compile(r'\b(id="|href="#|url\(#)')


def inline_svg(figure: Figure, name: str) -> str:
    """A figure as an `<svg>` element to be put into a page.

    Every identifier inside starts with `name`, so that several figures can share a page, and nothing outside the page
    is referred to.
    """
    text = render(figure, "svg").decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r'\s+xmlns(:xlink)?="[^"]*"', "", text).replace("xlink:href", "href")
    text = re.sub(r'(<svg[^>]*?)\s+width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?)\s+height="[^"]*"', r"\1", text, count=1)
    text = text.replace("*{", f".{name} *{{", 1).replace("<svg", f'<svg class="{name}"', 1)
    return _IDENTIFIER.sub(lambda found: f"{found[1]}{name}-", text)
