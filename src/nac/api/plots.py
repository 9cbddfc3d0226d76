"""Figures and tables of predictions; those of a run are its front's `plot` and its own `plot_convergence`."""

from nac.report.classification import plot_confusion as confusion
from nac.report.classification import plot_roc as roc
from nac.report.regression import percentile_table, targets_of
from nac.report.regression import plot_patches as patches
from nac.report.regression import plot_percentiles as percentiles
from nac.report.regression import plot_plane as plane
from nac.report.regression import plot_residuals as residuals
from nac.report.samples import plot_samples as samples

__all__ = [
    "confusion", "patches", "percentile_table", "percentiles", "plane", "residuals", "roc", "samples", "targets_of",
]  # fmt: skip
