"""Names beside points, each on the side where it covers least."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

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


def place_labels(axes: Axes, labels: Sequence[Label], points: np.ndarray) -> None:
    """Write every label beside its point where it covers least of the `points` (N, 2), of other labels and the frame.

    Call it last: it needs the final limits and layout of the axes.
    """
    figure = axes.figure.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    scale = 72.0 / figure.dpi
    corners = np.asarray(axes.transAxes.transform([(0, 0), (1, 1)])) * scale
    inside = _Box(*corners.ravel())
    own = np.array([(label.x, label.y) for label in labels]).reshape(-1, 2)
    marks = np.asarray(axes.transData.transform(np.vstack([points.reshape(-1, 2), own]))) * scale
    taken = [_Box(x - 4, y - 4, x + 4, y + 4) for x, y in marks]
    for label in labels:
        x, y = np.asarray(axes.transData.transform((label.x, label.y))) * scale
        boxes = [_box(label.text, x, y, *side) for side in _SIDES]
        costs = [sum(box.overlap(other) for other in taken) + 2 * _outside(box, inside) for box in boxes]
        best = int(np.argmin(np.array(costs) + 2.0 * np.arange(len(costs))))
        box = boxes[best]
        taken.append(box)
        axes.annotate(label.text, (label.x, label.y), xytext=(box.left - x, box.bottom - y + 2),
                      textcoords="offset points", fontsize=SIZE, color=label.colour, path_effects=HALO, zorder=7)


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
