"""What a run found: tables, conditions, figures and an HTML page."""

from nac.report.compression import compression_frame, plot_compression
from nac.report.figures import plot_front
from nac.report.front import Front
from nac.report.interactive import plot
from nac.report.page import html, write_page
from nac.report.progress import plot_convergence, plot_importances
from nac.report.tables import frame, front_table, hardware_frame

__all__ = [
    "Front",
    "compression_frame",
    "frame",
    "front_table",
    "hardware_frame",
    "html",
    "plot",
    "plot_compression",
    "plot_convergence",
    "plot_front",
    "plot_importances",
    "write_page",
]
