"""Figures of how a search went: its convergence, and what mattered."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from nac.errors import InputError
from nac.pareto import hypervolume_history
from nac.report.front import Front
from nac.report.quantities import quantity
from nac.report.style import BLUE, style, subplots
from nac.report.style import save as save_figure


def plot_convergence(front: Front, path: Path | None = None) -> Figure:
    """Hypervolume of the objectives after each trial; costs enter as powers of ten (their logarithm).

    The reference is just behind the worst trial, and the scale is 1 for the box between it and the best value
    of each objective alone. Raises InputError when no trial has all objectives.
    """
    trials = front.of("trial").sort_values("trial")
    feasible = trials["feasible"] != False  # noqa: E712 - None is feasible
    values = trials[feasible].dropna(subset=list(front.objectives))
    if values.empty:
        raise InputError("no trial has finished: nothing to draw the convergence of")
    points = values[list(front.objectives)].to_numpy(dtype=float).copy()
    for k, name in enumerate(front.objectives):
        if quantity(name).role in {"cost", "hardware"}:
            points[:, k] = np.log10(np.maximum(points[:, k], 1.0))
    history = hypervolume_history(points, front.directions)
    with style():
        figure, (axes,) = subplots(width=6.4, height=3.4)
        axes.step(values["trial"], history / _ideal(points, front), where="post", color=BLUE, linewidth=1.8)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("trial")
        axes.set_ylabel("hypervolume (share of the ideal box)")
    if path is not None:
        save_figure(figure, path)
    return figure


def _ideal(points: np.ndarray, front: Front) -> float:
    """Hypervolume if one trial were best in every objective at once."""
    best = [points[:, k].max() if d == "maximize" else points[:, k].min() for k, d in enumerate(front.directions)]
    return float(hypervolume_history(np.vstack([points, best]), front.directions)[-1]) or 1.0


def plot_importances(
    importances: Mapping[str, Mapping[str, float]], path: Path | None = None, *, top: int = 12
) -> Figure:
    """How much each gene explains of each objective's spread (`study.importances`): bars, largest first.

    Args:
        importances: objective name -> gene name -> share of the variance, 0 to 1.
        path: where the figure is also written.
        top: how many genes are shown.

    Raises:
        InputError: there is nothing to draw.
    """
    if not importances or not any(importances.values()):
        raise InputError("no importances to draw: they need at least two finished trials that differ")
    table = pd.DataFrame(importances).fillna(0.0)
    table = table.loc[table.max(axis=1).sort_values(ascending=False).index[:top]][::-1]
    with style():
        figure, (axes,) = subplots(width=6.4, height=0.9 + 0.34 * len(table))
        height = 0.8 / len(table.columns)
        for k, objective in enumerate(table.columns):
            offsets = np.arange(len(table)) + 0.4 - height * (k + 0.5)
            axes.barh(offsets, table[objective], height=height, label=quantity(str(objective)).label)
        axes.set_yticks(np.arange(len(table)), [str(name) for name in table.index])
        axes.set_xlabel("share of the variance explained (fANOVA)")
        axes.grid(visible=False, axis="y")
        axes.legend(loc="lower right")
    if path is not None:
        save_figure(figure, path)
    return figure
