"""The figures of a run's page, each with a caption that speaks of what is in it."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import optuna
from markupsafe import Markup
from matplotlib.figure import Figure

from nac.report.anchors import Anchor
from nac.report.collect import importances
from nac.report.compression import compression_frame, plot_compression
from nac.report.figures import plot_front
from nac.report.front import Front
from nac.report.progress import plot_convergence, plot_importances
from nac.report.quantities import quantity
from nac.report.style import inline_svg
from nac.report.view import Split, View
from nac.rundir import Run

TESTED = "The designs on the test split, which neither the search nor the training nor the choice of designs has seen."


class Shown(NamedTuple):
    """A figure in a page: its identifier there, the drawing and what is said below it."""

    name: str
    svg: Markup
    caption: str


def front_figures(run: Run, front: Front, anchors: Sequence[Anchor]) -> list[Shown]:
    """The front in every metric and cost that the task optimises, designs on the test split, and how they were made.

    Published results that have none of the task's own metrics are shown in the first that they have.
    """
    metrics = [name for name in front.objectives if quantity(name).role == "metric"] or list(front.metrics[:1])
    costs = [name for name in front.objectives if quantity(name).role != "metric"] or ["bops"]
    found = [
        shown
        for metric in metrics
        for cost in costs
        for shown in _front(f"front-{metric}-{cost}", front, cost, metric, "validation", anchors)
    ]
    published = [name for name in front.metrics if any(name in anchor.values for anchor in anchors)]
    beside = metrics if any(name in published for name in metrics) else [*metrics, *published[:1]]
    for metric in beside:
        found += _front(f"test-{metric}", front, costs[0], metric, "test", anchors)
    return [*found, *_compression(run, costs[0], metrics)]


def search_figures(front: Front, study: optuna.Study | None) -> list[Shown]:
    """How the search went."""
    found = []
    if len(front.of("trial").dropna(subset=list(front.objectives))) > 1:
        caption = ("How much of the space of objectives the front covers after each trial; costs enter by their "
                   "logarithm.")
        found.append(_shown("convergence", plot_convergence(front), caption))
    shares = importances(study) if study is not None else {}
    if shares:
        caption = "Which choices explain the spread of each objective over the finished trials."
        found.append(_shown("importances", plot_importances(shares), caption))
    return found


def _front(
    name: str, front: Front, cost: str, metric: str, split: Split, anchors: Sequence[Anchor]
) -> Iterator[Shown]:
    """The front in one metric and cost, if it has a point there."""
    if {cost, f"test_{metric}" if split == "test" else metric} <= set(front.table.columns):
        view = View.of(front, cost, metric, split, anchors)
        if len(view.trials) or len(view.designs):
            figure = plot_front(front, x=cost, y=metric, split=split, anchors=anchors)
            yield _shown(name, figure, " ".join(_said(view)))


def _said(view: View) -> Iterator[str]:
    """What a figure of the front shows, sentence by sentence."""
    if view.split == "test":
        yield TESTED
    if len(view.trials):
        yield "Grey: networks that the search trained in short."
    if len(view.designs) and view.split == "validation":
        yield "Coloured: designs, quantised, pruned and trained in full."
    yield "Steps join what no other beats."
    if view.has_bars:
        yield "Bars are 95 % intervals."
    if len(view.baselines):
        yield "Dark dashed lines: what needs no network."
    if len(view.beyond):
        yield "Arrows at the edge: points beyond the axes."
    sources: dict[str, list[str]] = {}
    for anchor in (*view.stars, *view.lines):
        sources.setdefault(anchor.source, []).append(anchor.label)
    if sources:
        told = "; ".join(f"{', '.join(labels)}: {source}" for source, labels in sources.items())
        yield f"Red: published results on their authors' test split ({told})."


def _compression(run: Run, cost: str, metrics: Sequence[str]) -> Iterator[Shown]:
    """How the designs of a run were made, in the first of its metrics, if there is more than one to compare."""
    table = compression_frame(run)
    for metric in metrics[:1]:
        if {cost, metric} <= set(table.columns) and len(table[[cost, metric]].dropna()) > 1:
            caption = "Every design by width and pruner, on the validation split. Steps join what no other beats."
            yield _shown("compression", plot_compression(run, metric, cost=cost), caption)


def _shown(name: str, figure: Figure, caption: str) -> Shown:
    svg = Markup(inline_svg(figure, f"nac-{name}"))  # noqa: S704 - drawn here; matplotlib escapes its texts
    return Shown(name, svg, caption)
