"""What a classifier confuses: ROC curves per class and confusion matrices, for several engines at once."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.metrics import auc, roc_curve

from nac.report.quantities import with_error
from nac.report.style import PALETTE, save, style, subplots
from nac.tasks.intervals import RankedAreas, interval

LINES = ("-", "--", ":", "-.")


class Roc(NamedTuple):
    """One class against the rest: background efficiency at each signal efficiency, the area and its standard error."""

    background: NDArray[np.float64]
    signal: NDArray[np.float64]
    area: float
    error: float


def roc_curves(
    outputs: NDArray[np.floating], labels: NDArray[np.integer], classes: Sequence[str]
) -> dict[str, Roc]:
    """ROC of every class from logits (N, C) and labels (N,); classes without both kinds of samples are left out."""
    probabilities = softmax(np.asarray(outputs, dtype=np.float64), axis=1)
    curves = {}
    for k, name in enumerate(classes):
        signal = np.asarray(labels) == k
        if signal.any() and not signal.all():
            background_efficiency, signal_efficiency, _ = roc_curve(signal, probabilities[:, k])
            area = float(auc(background_efficiency, signal_efficiency))
            known = interval(RankedAreas(probabilities[:, [k]], np.where(signal, 0, 1)))
            error = known.standard_error if known else math.nan
            curves[name] = Roc(background_efficiency, signal_efficiency, area, error)
    return curves


def plot_roc(
    outputs: Mapping[str, NDArray[np.floating]],
    labels: NDArray[np.integer],
    classes: Sequence[str],
    path: Path | None = None,
) -> Figure:
    """Background against signal efficiency: one colour per class, one line style per entry of `outputs`.

    Args:
        outputs: logits (N, C) by name, e.g. `{"float": ..., "quantised": ..., "hls": ...}`.
        labels: (N,) class numbers.
        classes: C names.
        path: where the figure is also written.
    """
    with style():
        figure, (axes,) = subplots(width=7.6, height=4.4)
        colours = [PALETTE[k % len(PALETTE)] for k in range(len(classes))]
        for line, (name, values) in zip(LINES, outputs.items(), strict=False):
            for label, curve in roc_curves(values, labels, classes).items():
                colour = colours[list(classes).index(label)]
                axes.plot(curve.signal, curve.background, linestyle=line, color=colour, linewidth=1.4,
                          label=f"{label}, {name}: AUC {with_error(curve.area, curve.error)}")
        axes.set_yscale("log")
        axes.set(xlim=(0, 1), ylim=(1e-3, 1), xlabel="signal efficiency", ylabel="background efficiency (mistag rate)")
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    if path is not None:
        save(figure, path)
    return figure


def confusion(
    outputs: NDArray[np.floating], labels: NDArray[np.integer], classes: Sequence[str]
) -> NDArray[np.float64]:
    """(C, C): the share of the jets of class i (row) that is called j (column); a row without samples is zero."""
    n = len(classes)
    called = np.asarray(outputs).argmax(axis=1)
    counts = np.bincount(np.asarray(labels) * n + called, minlength=n * n).reshape(n, n).astype(np.float64)
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0), dtype=np.float64)


def plot_confusion(
    outputs: NDArray[np.floating], labels: NDArray[np.integer], classes: Sequence[str], path: Path | None = None
) -> Figure:
    """The confusion matrix of logits (N, C), in per cent of each true class."""
    matrix = 100 * confusion(outputs, labels, classes)
    with style():
        figure, (axes,) = subplots(width=4.6, height=4.2)
        image = axes.imshow(matrix, cmap="Blues", vmin=0, vmax=100)
        for (row, column), value in np.ndenumerate(matrix):
            axes.text(column, row, f"{value:.0f}", ha="center", va="center", color="white" if value > 55 else "#222222")
        axes.set_xticks(range(len(classes)), list(classes))
        axes.set_yticks(range(len(classes)), list(classes))
        axes.grid(visible=False)
        axes.set(xlabel="called", ylabel="is")
        figure.colorbar(image, ax=axes, shrink=0.8, label="share of each true class [%]")
    if path is not None:
        save(figure, path)
    return figure
