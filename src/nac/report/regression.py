"""How far a regression's predictions are from the truth: percentiles, residuals and, of patches, the samples."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nac.config import DataConfig
from nac.report.quantities import with_error
from nac.report.style import BLUE, GREY, ORANGE, PALETTE, RED, save, style, subplots
from nac.tasks.intervals import Estimate, Mean, Percentile, interval
from nac.tasks.layouts import layout_of
from nac.tasks.metrics import distances

FloatArray = NDArray[np.floating]
SLICES = 12  # of a target's range, in which residuals are summarised


class Target(NamedTuple):
    """One output of a regression: its name and unit."""

    name: str
    unit: str = ""

    def axis(self, words: str = "{}") -> str:
        """`words` with the name in it, and the unit."""
        return words.format(self.name) + (f" [{self.unit}]" if self.unit else "")


POSITION = (Target("column", "px"), Target("row", "px"))
"""The targets of a position in pixels."""


def targets_of(config: DataConfig) -> tuple[Target, ...]:
    """The targets of a regression by the names of their columns; those of one array are numbered."""
    layout = layout_of(config)
    names = tuple(layout.target_names)
    units = config.units or (layout.target_unit,) * len(names)
    return tuple(Target(name, unit) for name, unit in zip(names, units, strict=True))


def errors(predicted: FloatArray, true: FloatArray) -> NDArray[np.float64]:
    """How far predictions (N, T) are off: absolute error (N,) of a single target, Euclidean distance of several."""
    return distances(np.asarray(predicted, dtype=np.float64), np.asarray(true, dtype=np.float64))


def percentile_table(predictions: Mapping[str, FloatArray], true: FloatArray) -> pd.DataFrame:
    """Mean, median, 75th and 95th percentile of `errors`, each with its standard error, as texts.

    One row per entry of `predictions`, values (N, T) like `true`.
    """
    return pd.DataFrame({
        name: {words: _told(estimate) for words, estimate in _summary(errors(values, true)).items()}
        for name, values in predictions.items()
    }).T.rename_axis("prediction")


def _summary(found: NDArray[np.float64]) -> dict[str, Estimate]:
    percentiles = {"median": 0.5, "75 % within": 0.75, "95 % within": 0.95}
    return {"mean": Mean(found), **{words: Percentile(found, share) for words, share in percentiles.items()}}


def _told(estimate: Estimate) -> str:
    known = interval(estimate)
    return with_error(estimate.value, known.standard_error) if known else f"{estimate.value:.4g}"


def plot_percentiles(
    predictions: Mapping[str, FloatArray],
    true: FloatArray,
    path: Path | None = None,
    *,
    unit: str = "",
    reference: Mapping[str, float] | None = None,
) -> Figure:
    """The share of samples (y) whose error is at most x, one line per prediction.

    Args:
        predictions: values (N, T) by name.
        true: (N, T).
        path: where the figure is also written.
        unit: of the targets.
        reference: published medians, marked as points at 50 %.
    """
    with style():
        figure, (axes,) = subplots(width=6.4, height=4.0)
        furthest = 1e-3
        for k, (name, values) in enumerate(predictions.items()):
            found = np.sort(errors(values, true))
            axes.step(found, 100 * np.arange(1, len(found) + 1) / len(found), where="post", linewidth=1.8,
                      color=PALETTE[k % len(PALETTE)],
                      label=f"{name}, median {_told(Percentile(found, 0.5))} {unit}".rstrip())
            furthest = max(furthest, float(np.percentile(found, 99)))
        for name, value in (reference or {}).items():
            axes.plot([value], [50], marker="*", markersize=11, linestyle="none", color=RED,
                      label=f"{name}, median {value:g} {unit}".rstrip())
            furthest = max(furthest, 1.05 * value)
        for share in (50, 75, 95):
            axes.axhline(share, color=GREY, linewidth=0.7, linestyle=":")
        what = "distance from the truth" if true.shape[1] > 1 else "absolute error"
        axes.set(xlim=(0, furthest), ylim=(0, 100), xlabel=Target(what, unit).axis(), ylabel="samples within it [%]")
        axes.legend(loc="lower right")
    if path is not None:
        save(figure, path)
    return figure


def plot_residuals(
    predicted: FloatArray, true: FloatArray, targets: Sequence[Target], path: Path | None = None
) -> Figure:
    """Residuals, predicted minus true, one row per target: against the true value, and how they are distributed.

    The line is the median in slices of the true value, the band holds the central 68 %.

    Args:
        predicted: (N, T) in the targets' units.
        true: (N, T).
        targets: their T names and units.
        path: where the figure is also written.
    """
    residual = np.asarray(predicted, dtype=np.float64) - np.asarray(true, dtype=np.float64)
    with style():
        figure, grid = subplots(len(targets), 2, width=7.2, height=0.5 + 2.6 * len(targets))
        for k, target in enumerate(targets):
            left, right = grid[2 * k : 2 * k + 2]
            reach = _reach(residual[:, k])
            _against(left, np.asarray(true)[:, k], residual[:, k])
            left.set(ylim=(-reach, reach), xlabel=target.axis("true {}"), ylabel=target.axis("residual of {}"))
            mean = with_error(float(residual[:, k].mean()), float(residual[:, k].std() / len(residual) ** 0.5))
            bins = list(np.linspace(-reach, reach, 41))
            right.hist(residual[:, k], bins=bins, histtype="step", color=BLUE, linewidth=1.6,
                       label=f"mean {mean}\nspread {residual[:, k].std():.3g}")
            right.set(xlabel=target.axis("residual of {}"), ylabel="samples", ylim=(0, right.get_ylim()[1] * 1.3))
            right.legend(loc="upper left", handlelength=0)
    if path is not None:
        save(figure, path)
    return figure


def _reach(residual: NDArray[np.float64]) -> float:
    """How far an axis of residuals goes on either side, a few outliers left out."""
    return float(np.percentile(np.abs(residual), 99)) * 1.2 or 1.0


def _against(axes: Axes, true: FloatArray, residual: NDArray[np.float64]) -> None:
    """Residuals over true values, their median and central 68 % in slices of as many samples each."""
    axes.scatter(true, residual, s=5, color=GREY, alpha=0.5, linewidths=0, gid="samples")
    slices = np.array_split(np.argsort(true, kind="stable"), min(SLICES, len(true)))
    middle = [float(np.mean(true[rows])) for rows in slices]
    low, median, high = np.transpose([np.percentile(residual[rows], (16, 50, 84)) for rows in slices])
    axes.fill_between(middle, low, high, color=BLUE, alpha=0.25, linewidth=0, label="central 68 %")
    axes.plot(middle, median, color=BLUE, linewidth=1.6, label="median")
    axes.axhline(0, color="#666666", linewidth=0.7)
    axes.legend(loc="upper right", ncols=2)


def plot_plane(
    predicted: FloatArray, true: FloatArray, path: Path | None = None, *, targets: Sequence[Target] = POSITION
) -> Figure:
    """Residuals of two targets in one unit, such as a position, in their plane; half of the samples are in the circle.

    Args:
        predicted: (N, 2).
        true: (N, 2).
        path: where the figure is also written.
        targets: the names and units of the two.
    """
    residual = np.asarray(predicted, dtype=np.float64) - np.asarray(true, dtype=np.float64)
    reach, first, second = _reach(residual), *targets
    with style():
        figure, (axes,) = subplots(width=4.4, height=4.2)
        axes.scatter(residual[:, 0], residual[:, 1], s=7, color=BLUE, alpha=0.45, linewidths=0)
        angle = np.linspace(0, 2 * np.pi, 100)
        half = Percentile(errors(predicted, true), 0.5)
        axes.plot(half.value * np.cos(angle), half.value * np.sin(angle), color=ORANGE, linewidth=1.6,
                  label=f"half of the samples: {_told(half)} {first.unit}".rstrip())
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel=first.axis("residual of {}"),
                 ylabel=second.axis("residual of {}"))
        axes.legend(loc="upper right")
    if path is not None:
        save(figure, path)
    return figure


def plot_patches(
    patches: FloatArray,
    true_px: FloatArray | None = None,
    predictions_px: Mapping[str, FloatArray] | None = None,
    path: Path | None = None,
    *,
    columns: int = 6,
    limit: int = 12,
) -> Figure:
    """A gallery of the first `limit` patches (N, S, S) with the true and the predicted centres (col, row) in pixels."""
    patches = np.asarray(patches)[:limit]
    rows = -(-len(patches) // columns)
    marks: list[tuple[str, FloatArray, str, str]] = []
    if true_px is not None:
        marks.append(("true", np.asarray(true_px), "+", BLUE))
    for k, (name, values) in enumerate((predictions_px or {}).items()):
        marks.append((name, np.asarray(values), "x", (RED, "black")[k % 2]))
    with style():
        figure, axes = subplots(rows, columns, width=1.35 * columns, height=1.4 * rows + 0.35)
        for k, ax in enumerate(axes):
            ax.set_axis_off()
            if k >= len(patches):
                continue
            ax.imshow(patches[k], cmap="cividis", interpolation="nearest")
            for name, values, marker, colour in marks:
                ax.plot(values[k, 0], values[k, 1], marker=marker, color=colour, markersize=7, markeredgewidth=1.2,
                        linestyle="none", label=name)
        if marks:
            handles, labels = axes[0].get_legend_handles_labels()
            figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    if path is not None:
        save(figure, path)
    return figure
