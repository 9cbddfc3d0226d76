"""Figures of samples themselves: distilled ones beside real ones."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nac.config import DataConfig
from nac.report.style import BLUE, RED, style, subplots
from nac.report.style import save as save_figure
from nac.tasks.layouts import layout_of

Samples = tuple[NDArray[Any], NDArray[Any]]


def plot_samples(
    rows: Mapping[str, Samples], config: DataConfig, path: Path | None = None, *, columns: int = 8
) -> Figure:
    """Samples in rows, drawn as their layout has it: the first of every class, or the first ones of a regression.

    Args:
        rows: by name, raw samples (N, *raw) and labels (N,) or targets (N, T).
        config: of their data.
        path: where the figure is also written (.png, .svg or .pdf), if anywhere.
        columns: how many of each are drawn of a regression.
    """
    layout, classes = layout_of(config), len(config.classes)
    across = classes or columns
    with style():
        figure, grid = subplots(len(rows), across, width=1.9 * across, height=2.1 * len(rows))
        for index, (raw, y) in enumerate(rows.values()):
            chosen = [int(np.argmax(y == label)) for label in range(classes)] if classes else range(min(across, len(y)))
            for column, sample in enumerate(chosen):
                layout.draw(grid[index * across + column], raw[sample], y[sample], RED if index else BLUE)
        _label(grid, across, rows, *layout.axes)
        if path is not None:
            save_figure(figure, path)
    return figure


def _label(grid: Sequence[Axes], columns: int, rows: Iterable[str], x: str, y: str) -> None:
    """Say once for all panels what their axes are, at the left and at the bottom, and beside each row what it is of."""
    for axes in grid:
        axes.tick_params(labelsize="x-small")
        axes.label_outer()
    for index, name in enumerate(rows):
        grid[index * columns].set_ylabel(f"{name}\n{y}".rstrip(), fontsize="small")
    for axes in grid[-columns:]:
        axes.set_xlabel(x, fontsize="small")
