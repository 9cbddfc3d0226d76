"""How far predicted positions are from the truth: percentiles, residuals and the patches themselves."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nac.report.style import BLUE, GREY, ORANGE, PALETTE, RED, save, style, subplots
from nac.tasks import values_of
from nac.tasks.metrics import POSITION, distances, estimates

FloatArray = NDArray[np.floating]


def distances_px(predicted_px: FloatArray, true_px: FloatArray) -> NDArray[np.float64]:
    """Euclidean distance (N,) in pixels between positions (N, 2)."""
    return distances(np.asarray(predicted_px, dtype=np.float64), np.asarray(true_px, dtype=np.float64))


def percentile_table(predictions_px: Mapping[str, FloatArray], true_px: FloatArray) -> pd.DataFrame:
    """Mean, median, 75th and 95th percentile of the distance in pixels: one row per entry of `predictions_px`."""
    names, true = [metric.name for metric in POSITION], np.asarray(true_px, dtype=np.float64)
    rows = {name: values_of(estimates(names, predicted, true)) for name, predicted in predictions_px.items()}
    table = pd.DataFrame(rows).T
    return table.rename_axis("prediction")


def plot_percentiles(
    predictions_px: Mapping[str, FloatArray],
    true_px: FloatArray,
    path: Path | None = None,
    *,
    reference_px: Mapping[str, float] | None = None,
) -> Figure:
    """The share of peaks (y) found within a distance (x), one line per prediction.

    Args:
        predictions_px: predicted (col, row), (N, 2) in pixels, by name.
        true_px: (N, 2).
        path: where the figure is also written.
        reference_px: published medians, marked as points at 50 %.
    """
    with style():
        figure, (axes,) = subplots(width=6.4, height=4.0)
        furthest = 0.0
        for k, (name, values) in enumerate(predictions_px.items()):
            d = np.sort(distances_px(values, true_px))
            axes.step(d, 100 * np.arange(1, len(d) + 1) / len(d), where="post", color=PALETTE[k % len(PALETTE)],
                      linewidth=1.8, label=f"{name}, median {np.median(d):.3f} px")
            furthest = max(furthest, float(np.percentile(d, 99)))
        for name, value in (reference_px or {}).items():
            axes.plot([value], [50], marker="*", markersize=11, linestyle="none", color=RED,
                      label=f"{name}, median {value:g} px")
        for share in (50, 75, 95):
            axes.axhline(share, color=GREY, linewidth=0.7, linestyle=":")
        axes.set(xlim=(0, max(furthest, 1e-3)), ylim=(0, 100), xlabel="distance from the fitted centre [px]",
                 ylabel="peaks within it [%]", title="Error percentiles")
        axes.legend(loc="lower right")
    if path is not None:
        save(figure, path)
    return figure


def plot_residuals(predicted_px: FloatArray, true_px: FloatArray, path: Path | None = None) -> Figure:
    """Residuals (column, row) in pixels: a scatter with the median circle, and a histogram of each."""
    residual = np.asarray(predicted_px, dtype=np.float64) - np.asarray(true_px, dtype=np.float64)
    reach = float(np.percentile(np.abs(residual), 99)) * 1.2 or 1.0
    with style():
        figure, (scatter, histogram) = subplots(1, 2, width=8.0, height=3.8)
        scatter.scatter(residual[:, 0], residual[:, 1], s=7, color=BLUE, alpha=0.45, linewidths=0)
        angle = np.linspace(0, 2 * np.pi, 100)
        radius = float(np.median(np.linalg.norm(residual, axis=1)))
        scatter.plot(radius * np.cos(angle), radius * np.sin(angle), color=RED, linewidth=1.4,
                     label=f"half of the peaks: {radius:.3f} px")
        scatter.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel="column residual [px]",
                    ylabel="row residual [px]", title="Predicted minus true")
        scatter.legend(loc="upper right", fontsize=7.5)
        bins = np.linspace(-reach, reach, 41)
        for k, (name, colour) in enumerate((("column", BLUE), ("row", ORANGE))):
            histogram.hist(residual[:, k], bins=list(bins), histtype="step", color=colour, linewidth=1.6,
                           label=f"{name}: mean {residual[:, k].mean():+.3f}, spread {residual[:, k].std():.3f} px")
        histogram.set(xlabel="residual [px]", ylabel="peaks", title="Projections")
        histogram.set_ylim(0, histogram.get_ylim()[1] * 1.25)
        histogram.legend(loc="upper left", fontsize=7.5)
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
