"""Names beside points, each on the side where it covers least.

One pass over a fixed list of sides, so that a figure drawn twice is the same, which adjustText's random shifts are not.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cbook import STEP_LOOKUP_MAP
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from nac.report.style import HALO

SIZE = 7.5
_GAP = 6.0
# (horizontal, vertical) side of the point, the favourite first
_SIDES = ((1, 0), (1, -1), (1, 1), (-1, 0), (-1, 1), (-1, -1), (0, 1), (0, -1), (1, -2), (1, 2), (-1, 2), (-1, -2))


class Label(NamedTuple):
    """A name for the point (x, y) in data coordinates."""

    text: str
    x: float
    y: float
    colour: str


class _Box(NamedTuple):
    """A rectangle in points (1/72 inch) on the page."""

    left: float
    bottom: float
    right: float
    top: float

    def overlap(self, other: "_Box") -> float:
        """The area that two boxes share."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.top, other.top) - max(self.bottom, other.bottom)
        return max(width, 0.0) * max(height, 0.0)


def place_labels(axes: Axes, labels: Sequence[Label]) -> None:
    """Write every label beside its point where it covers least of what is drawn, of other labels and the frame.

    Call it last: it needs the final limits and layout of the axes.
    """
    figure = axes.figure.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    scale = 72.0 / figure.dpi
    corners = np.asarray(axes.transAxes.transform([(0, 0), (1, 1)])) * scale
    inside = _Box(*corners.ravel())
    taken = [_Box(x - 4, y - 4, x + 4, y + 4) for x, y in scale * _points(axes)]
    paths = np.vstack([np.empty((0, 2)), *(_along(scale * _corners(line)) for line in axes.lines)])
    taken += [_Box(x - 1.5, y - 1.5, x + 1.5, y + 1.5) for x, y in paths]
    taken += [_Box(*(scale * text.get_window_extent().get_points()).ravel()) for text in axes.texts]
    for label in labels:
        x, y = np.asarray(axes.transData.transform((label.x, label.y))) * scale
        boxes = [_box(label.text, x, y, *side) for side in _SIDES]
        costs = [sum(box.overlap(other) for other in taken) + 2 * _outside(box, inside) for box in boxes]
        best = int(np.argmin(np.array(costs) + 2.0 * np.arange(len(costs))))
        box = boxes[best]
        taken.append(box)
        axes.annotate(label.text, (label.x, label.y), xytext=(box.left - x, box.bottom - y + 2),
                      textcoords="offset points", fontsize=SIZE, color=label.colour, path_effects=HALO, zorder=7)


def _points(axes: Axes) -> NDArray[np.float64]:
    """Where markers stand (N, 2), in pixels."""
    found = [np.asarray(artist.get_offsets(), dtype=float).reshape(-1, 2) for artist in axes.collections]
    return np.asarray(axes.transData.transform(np.vstack([np.empty((0, 2)), *found])), dtype=float)


def _corners(line: Line2D) -> NDArray[np.float64]:
    """The corners of a line as it is drawn (N, 2), in pixels."""
    steps = STEP_LOOKUP_MAP[line.get_drawstyle()]
    corners = np.transpose(steps(*np.transpose(line.get_xydata())))
    return np.asarray(line.get_transform().transform(corners), dtype=float)


def _along(corners: NDArray[np.float64], spacing: float = 4.0) -> NDArray[np.float64]:
    """Points (N, 2) at most `spacing` apart along a line through `corners`."""
    parts = [
        np.linspace(start, end, 1 + int(np.linalg.norm(end - start) / spacing), endpoint=False)
        for start, end in pairwise(corners)
    ]
    return np.vstack([np.empty((0, 2)), *parts])


def _box(text: str, x: float, y: float, horizontal: int, vertical: int) -> _Box:
    """Where `text` would stand on a side of the point (x, y), in points."""
    width, height = 0.62 * SIZE * len(text), 1.25 * SIZE
    left = x + (_GAP if horizontal > 0 else -width - _GAP if horizontal < 0 else -width / 2)
    shift = abs(vertical) * (_GAP if horizontal == 0 else 0.75 * height)
    bottom = y - height / 2 + np.sign(vertical) * (shift + (height / 2 if horizontal == 0 else 0))
    return _Box(left, bottom, left + width, bottom + height)


def _outside(box: _Box, frame: _Box) -> float:
    """The area of `box` that is not within `frame`."""
    return (box.right - box.left) * (box.top - box.bottom) - box.overlap(frame)
