"""Axes are scaled to what matters, with what lies beyond them marked, and numbers carry their intervals."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure

from nac.report import Front, plot_front
from nac.report.anchors import Anchor
from nac.report.interactive import interactive_front
from nac.report.quantities import quantity
from nac.report.view import Scale

VALUES = {"distance_px": 0.2, "bops": 4e9}
BRAGGNN = Anchor(data={"layout": "patches"}, label="BraggNN", source="a paper", values=VALUES)


def peaks() -> Front:
    """Forty trials at 0.015 to 0.05 px, three that failed at 0.5 px, a design of 0.013 px."""
    found = np.geomspace(0.05, 0.015, 40)
    rows: list[dict[str, object]] = [
        {"kind": "trial", "name": f"{k:04d}", "trial": k, "distance_px": value, "bops": 1e5 * 1.1**k}
        for k, value in enumerate([*found, 0.5, 0.51, 0.49])
    ]
    rows.append({"kind": "design", "name": "best", "bits": 8, "sparsity": 0.5, "exact": True, "distance_px": 0.013,
                 "bops": 1e6})
    return Front.build(rows, ["distance_px", "bops"], metrics=("distance_px",), task="bragg")


def with_intervals(front: Front, metric: str) -> Front:
    table = front.table
    ends = {f"{metric}_{end}": table[metric] + move for end, move in (("low", -0.01), ("high", 0.02))}
    return replace(front, table=table.assign(**ends))


def with_baselines(front: Front, metric: str, **values: float) -> Front:
    rows = [{"kind": "baseline", "name": name, "feasible": True, metric: value} for name, value in values.items()]
    return replace(front, table=pd.concat([front.table, pd.DataFrame(rows)], ignore_index=True))


def gids(axes: Axes) -> list[str]:
    return [str(artist.get_gid()) for artist in axes.get_children() if artist.get_gid()]


def legend(figure: Figure) -> list[str]:
    return [" ".join(text.get_text().split()) for text in figure.legends[0].get_texts()]


def test_a_few_failed_trials_do_not_press_the_others_together() -> None:
    figure = plot_front(peaks())
    axes = figure.axes[0]
    low, high = axes.get_ylim()
    assert 0 < low < 0.013
    assert 0.05 < high < 0.1
    (arrows,) = (artist for artist in axes.collections if artist.get_gid() == "beyond-top")
    assert isinstance(arrows, PathCollection)
    assert np.asarray(arrows.get_offsets())[:, 1].tolist() == [high] * 3
    assert "3 beyond the axes, to 0.5100 px" in legend(figure)


def test_published_results_are_in_view_and_errors_over_decades_are_logarithmic() -> None:
    axes = plot_front(peaks(), anchors=[BRAGGNN]).axes[0]
    low, high = axes.get_ylim()
    assert low < 0.013
    assert high > 0.2
    assert axes.get_yscale() == "log"
    assert axes.get_xlim()[1] > 4e9
    assert plot_front(peaks()).axes[0].get_yscale() == "linear"


def test_the_interactive_front_has_the_same_axes_and_arrows() -> None:
    axes = plot_front(peaks(), anchors=[BRAGGNN]).axes[0]
    figure = interactive_front(peaks(), anchors=[BRAGGNN])
    assert np.allclose(10 ** np.array(figure.layout.yaxis.range), axes.get_ylim())
    assert np.allclose(10 ** np.array(figure.layout.xaxis.range), axes.get_xlim())
    (arrows,) = (trace for trace in figure.data if "beyond" in trace.name)
    assert len(arrows.x) == 3
    assert "0.5100" in arrows.text[1]
    assert "verified bit for bit" in {trace.name for trace in figure.data}


@pytest.mark.parametrize("name", ["accuracy", "auc_macro"])
def test_a_share_has_no_axis_beyond_one(name: str) -> None:
    scale = quantity(name).scale
    only = Scale.of(quantity(name), [0.99 * scale])
    assert only.low < 0.99 * scale < only.high <= scale
    assert Scale.of(quantity(name), [0.0]).low == 0


@pytest.mark.parametrize("values", [[], [np.nan], [0.0], [0.0, 0.0, 3.0], [1e-9, 1.0], [5.0] * 4])
@pytest.mark.parametrize("name", ["accuracy", "rmse", "bops"])
def test_any_values_give_an_axis_with_an_extent(name: str, values: list[float]) -> None:
    scale = Scale.of(quantity(name), values)
    assert np.isfinite([scale.low, scale.high]).all()
    assert scale.low < scale.high
    assert not scale.log or scale.low > 0


def test_a_circuit_without_cost_is_marked_at_the_edge_of_a_logarithmic_axis() -> None:
    front = peaks()
    table = front.table
    free = replace(front, table=table.assign(bops=table["bops"].where(table["kind"] == "trial", 0.0)))
    assert "beyond-left" in gids(plot_front(free).axes[0])


def test_bars_are_the_intervals_of_designs_only(front: Front) -> None:
    assert not [gid for gid in gids(plot_front(front).axes[0]) if gid.startswith("bars")]
    figure = plot_front(with_intervals(front, "accuracy"))
    bars = {artist.get_gid(): artist for artist in figure.axes[0].collections if isinstance(artist, LineCollection)}
    assert set(bars) == {"bars-8", "bars-6", "bars-4"}
    values = 100 * front.of("design").query("bits == 8")["accuracy"].to_numpy()
    ends = np.array([segment[:, 1] for segment in bars["bars-8"].get_segments()])
    assert np.allclose(ends, np.c_[values - 1, values + 2])
    assert "95 % interval" in legend(figure)
    drawn = {trace.name: trace for trace in interactive_front(with_intervals(front, "accuracy")).data}
    assert np.allclose(drawn["design, 8 bit"].error_y.array, 2)
    assert np.allclose(drawn["design, 8 bit"].error_y.arrayminus, 1)


def test_answers_without_a_network_are_lines_with_their_values(front: Front) -> None:
    figure = plot_front(with_baselines(front, "accuracy", constant=0.2, linear=0.6))
    lines = {line.get_gid(): line for line in figure.axes[0].lines}
    assert np.asarray(lines["baseline-linear"].get_ydata()).tolist() == [60.0, 60.0]
    assert lines["baseline-linear"].get_linestyle() != "-"
    assert {"constant answer: 20.00 % (off the axis)", "linear model: 60.00 %"} <= set(legend(figure))
    assert figure.axes[0].get_ylim()[0] > 20


def test_an_answer_better_than_every_network_is_in_view(front: Front) -> None:
    low, high = plot_front(with_baselines(front, "accuracy", linear=0.8)).axes[0].get_ylim()
    assert low < 80 < high


def test_the_legend_names_nothing_twice_and_the_axes_keep_their_size(front: Front) -> None:
    rich = with_baselines(with_intervals(front, "accuracy"), "accuracy", constant=0.2, linear=0.6)
    plain, full = plot_front(front, split="test"), plot_front(rich)
    assert len(set(legend(full))) == len(legend(full))
    heights = []
    for figure in (plain, full):
        figure.draw_without_rendering()
        heights.append(figure.axes[0].get_window_extent().height)
        box = figure.legends[0].get_window_extent()
        assert box.x1 <= figure.bbox.x1
        assert box.y0 >= 0
    assert heights[1] > 0.9 * heights[0]


def test_a_design_that_failed_is_not_on_the_line(front: Front) -> None:
    table = front.table
    best = table[table["kind"] == "design"]["accuracy"].max()
    failed = replace(front, table=table.assign(feasible=table["feasible"].where(table["accuracy"] != best, False)))
    for drawn, expected in ((front, True), (failed, False)):
        (line,) = (line for line in plot_front(drawn).axes[0].lines if line.get_gid() == "design-front")
        assert (100 * best in np.asarray(line.get_ydata())) is expected
