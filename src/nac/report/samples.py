"""Figures of samples themselves: distilled ones beside real ones."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nac.report.style import BLUE, RED, style, subplots
from nac.report.style import save as save_figure

Samples = tuple[NDArray[Any], NDArray[Any]]
LARGEST_DOT = 260.0  # points², of the hardest particle of a jet


def plot_jets(
    rows: Mapping[str, Samples], classes: Sequence[str], path: Path | None = None, *, reach: float = 0.4
) -> Figure:
    """One jet of every class per row: its particles in the (Δη, Δφ) plane, their area their share of pT.

    Args:
        rows: by name, raw jets (N, 3, P) = pT [GeV], Δη, Δφ and labels (N,); the first jet of each class is drawn.
        classes: their names, in the order of the labels.
        path: where the figure is also written (.png, .svg or .pdf), if anywhere.
        reach: how far the axes go on every side.
    """
    with style():
        figure, grid = subplots(len(rows), len(classes), width=1.9 * len(classes), height=2.1 * len(rows))
        for index, (raw, labels) in enumerate(rows.values()):
            for label, kind in enumerate(classes):
                axes = grid[index * len(classes) + label]
                jet = raw[int(np.argmax(labels == label))]
                _jet(axes, jet, RED if index else BLUE)
                ticks = (-reach, 0.0, reach)
                axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xticks=ticks, yticks=ticks)
                axes.set_title(f"{kind}, {jet[0].sum():,.0f} GeV", fontsize="small")
        _label(grid, len(classes), rows, "Δη", "Δφ [rad]")
        if path is not None:
            save_figure(figure, path)
    return figure


def _jet(axes: Axes, jet: NDArray[Any], colour: str) -> None:
    pt, eta, phi = jet
    axes.scatter(eta, phi, s=LARGEST_DOT * pt / max(float(pt.max()), 1e-9), color=colour, alpha=0.6, linewidths=0)


def _label(grid: Sequence[Axes], columns: int, rows: Iterable[str], x: str, y: str) -> None:
    """Say once for all panels what their axes are, at the left and at the bottom, and beside each row what it is of."""
    for axes in grid:
        axes.tick_params(labelsize="x-small")
        axes.label_outer()
    for index, name in enumerate(rows):
        grid[index * columns].set_ylabel(f"{name}\n{y}", fontsize="small")
    for axes in grid[-columns:]:
        axes.set_xlabel(x, fontsize="small")


def plot_counts(rows: Mapping[str, Samples], path: Path | None = None, *, columns: int = 8) -> Figure:
    """Patches in rows, a cross at the position that each is labelled with.

    Args:
        rows: by name, raw patches (N, S, S) and positions (N, 2) = (col, row) in pixels.
        path: where the figure is also written (.png, .svg or .pdf), if anywhere.
        columns: how many of each are drawn.
    """
    with style():
        figure, grid = subplots(len(rows), columns, width=1.3 * columns, height=1.5 * len(rows))
        for index, (patches, positions) in enumerate(rows.values()):
            for column, (patch, position) in enumerate(zip(patches[:columns], positions[:columns], strict=True)):
                axes = grid[index * columns + column]
                axes.imshow(patch, cmap="viridis")
                axes.plot(*position, "x", color="white", markersize=7)
                last = len(patch) - 1
                axes.set(xticks=(0, last), yticks=(0, last))
                axes.grid(False)
                axes.set_title(f"to {patch.max():,.0f}", fontsize="x-small")
        _label(grid, columns, rows, "col [px]", "row [px]")
        if path is not None:
            save_figure(figure, path)
    return figure
