"""Figures show the numbers of the table: read back from the axes, not looked at."""

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from numpy.typing import NDArray

from nac.config import DataConfig
from nac.errors import InputError
from nac.report import Front, plot, plot_convergence, plot_front, plot_importances
from nac.report.anchors import Anchor
from nac.report.classification import confusion, plot_confusion, plot_roc, roc_curves
from nac.report.interactive import interactive_front
from nac.report.labels import Label, place_labels
from nac.report.regression import (
    Target,
    errors,
    percentile_table,
    plot_patches,
    plot_percentiles,
    plot_plane,
    plot_residuals,
    targets_of,
)
from nac.report.style import bit_colour, inline_svg, subplots
from nac.report.view import marker_area

JETS = {"layout": "constituents"}
ANCHORS = [
    Anchor(data=JETS, label="known cost", source="a paper", values={"accuracy": 0.65, "bops": 3e5}),
    Anchor(data=JETS, label="no cost", source="a log", values={"accuracy": 0.655}, line=True),
    Anchor(data=JETS, label="other metric", source="a log", values={"auc_macro": 0.9}, line=True),
]


def points(axes: Axes, gid: str) -> NDArray[np.float64]:
    found = [artist for artist in axes.collections if artist.get_gid() == gid and isinstance(artist, PathCollection)]
    return np.concatenate([np.asarray(artist.get_offsets()) for artist in found])


def test_the_front_figure_holds_every_row_in_its_units(front: Front) -> None:
    axes = plot_front(front, anchors=ANCHORS).axes[0]
    trials = front.of("trial")
    plain = trials[trials["baseline"].isna() & trials["feasible"].astype(bool)]
    assert np.allclose(points(axes, "trials"), np.c_[plain["bops"], 100 * plain["accuracy"]])
    assert len(points(axes, "named")) == 2
    for bits in (8, 6, 4):
        group = front.of("design").query(f"bits == {bits}")
        assert np.allclose(points(axes, f"designs-{bits}"), np.c_[group["bops"], 100 * group["accuracy"]])
    assert points(axes, "anchors").tolist() == [[3e5, 65.0]]
    assert axes.get_xscale() == "log"
    assert axes.get_ylabel() == "Accuracy [%], validation split"
    assert axes.get_xlabel() == "Bit operations"
    assert axes.get_title(loc="left") == "jets, 8 constituents"


def test_the_line_runs_through_the_front_only(front: Front) -> None:
    axes = plot_front(front).axes[0]
    line = next(line for line in axes.lines if line.get_gid() == "design-front")
    designs = front.of("design")
    expected = designs[designs["front"]].sort_values("bops")
    assert np.allclose(line.get_xdata(), expected["bops"])
    assert np.allclose(line.get_ydata(), 100 * expected["accuracy"])


def test_size_is_density_and_filled_is_verified(front: Front) -> None:
    axes = plot_front(front).axes[0]
    artist = next(artist for artist in axes.collections if artist.get_gid() == "designs-8")
    assert isinstance(artist, PathCollection)
    assert np.allclose(artist.get_sizes(), [marker_area(value) for value in (0.0, 0.5, 0.8, 0.9)])
    filled = [to_hex(colour).upper() for colour in np.asarray(artist.get_facecolor())]
    assert filled == [bit_colour(8)] * 3 + ["#FFFFFF"]
    assert {to_hex(colour).upper() for colour in np.asarray(artist.get_edgecolor())} == {bit_colour(8)}


def test_the_test_figure_shows_designs_only(front: Front) -> None:
    axes = plot_front(front, split="test").axes[0]
    assert not [artist for artist in axes.collections if artist.get_gid() == "trials"]
    designs = front.of("design").query("bits == 8")
    assert np.allclose(points(axes, "designs-8")[:, 1], 100 * designs["test_accuracy"])
    assert "test split" in axes.get_ylabel()


def test_another_cost_can_be_the_axis(front: Front) -> None:
    axes = plot_front(front, x="lut", anchors=ANCHORS).axes[0]
    assert "LUT" in axes.get_xlabel()
    assert len(points(axes, "designs-6")) == 4
    with pytest.raises(InputError, match="no value named 'watts' to draw"):
        plot_front(front, x="watts")


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf", "html"])
def test_files_of_every_form_are_written_whole_and_alike(front: Front, tmp_path: Path, suffix: str) -> None:
    first = plot(front, tmp_path / f"first.{suffix}", anchors=ANCHORS).read_bytes()
    second = plot(front, tmp_path / f"second.{suffix}", anchors=ANCHORS).read_bytes()
    assert len(first) > 5000
    if suffix != "html":  # plotly numbers its elements at random
        assert first == second
    if suffix == "png":
        pixels = np.asarray(PIL.Image.open(tmp_path / "first.png").convert("RGB"))
        assert min(pixels.shape[:2]) > 400
        drawn = {tuple(pixel) for pixel in pixels.reshape(-1, 3)[::7]}
        assert tuple(int(bit_colour(8)[k : k + 2], 16) for k in (1, 3, 5)) in drawn
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_another_extension_is_a_sentence(front: Front, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected .png, .svg, .pdf or .html"):
        plot(front, tmp_path / "front.docx")
    assert not list(tmp_path.iterdir())


def test_nothing_to_draw_is_a_sentence() -> None:
    with pytest.raises(InputError, match="no trial has finished"):
        plot_front(Front.build([], ["bops"]))
    with pytest.raises(InputError, match="no trial has finished"):
        plot_convergence(Front.build([], ["accuracy", "bops"]))
    with pytest.raises(InputError, match="no importances"):
        plot_importances({})


def test_the_interactive_front_holds_the_same_points(front: Front) -> None:
    figure = interactive_front(front, anchors=ANCHORS)
    traces = {trace.name: trace for trace in figure.data}
    assert len(traces["search trial"].x) == 39
    assert np.allclose(traces["design, 4 bit"].x, front.of("design").query("bits == 4")["bops"])
    assert "t0001-w4-s90" in traces["design, 4 bit"].text[3]
    assert list(traces["published result"].y) == [65.0]


def test_an_inline_figure_refers_to_nothing_outside_and_shares_no_identifier(front: Front) -> None:
    one, two = (inline_svg(plot_front(front), name) for name in ("one", "two"))
    assert "http" not in one
    assert 'id="one-' in one
    assert 'id="two-' not in one
    assert "design, 8 bit" in one  # text stays text
    assert one.startswith("<svg")
    assert two.rstrip().endswith("</svg>")


def test_convergence_rises_to_the_whole(front: Front) -> None:
    line = plot_convergence(front).axes[0].lines[0]
    history = np.asarray(line.get_ydata(), dtype=float)
    assert len(history) == 39
    assert (np.diff(history) >= -1e-12).all()
    assert 0 < history[-1] <= 1


def test_importances_are_sorted_and_cut() -> None:
    shares = {"accuracy": {f"gene{k}": k / 100 for k in range(20)}, "bops": {"gene1": 0.5}}
    axes = plot_importances(shares, top=5).axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels[-1] == "gene1"
    assert len(labels) == 5
    assert "gene19" in labels


def test_roc_of_a_perfect_and_of_a_blind_classifier() -> None:
    labels = np.arange(300) % 3
    perfect = np.eye(3)[labels] * 9.0
    assert all(curve.area == 1.0 for curve in roc_curves(perfect, labels, "abc").values())
    assert roc_curves(np.zeros((300, 3)), labels, "abc")["a"].area == 0.5
    assert set(roc_curves(perfect[:2], np.array([0, 1]), "abc")) == {"a", "b"}
    axes = plot_roc({"float": perfect, "8 bit": perfect}, labels, "abc").axes[0]
    assert len(axes.lines) == 6
    assert {line.get_linestyle() for line in axes.lines} == {"-", "--"}
    assert "AUC 1.0" in str(axes.lines[0].get_label())
    assert "±" in str(axes.lines[0].get_label())


def test_confusion_rows_are_shares_of_the_true_class() -> None:
    outputs = np.eye(3)[[0, 0, 1, 1, 1]]
    labels = np.array([0, 1, 1, 1, 1])
    assert confusion(outputs, labels, "abc").tolist() == [[1, 0, 0], [0.25, 0.75, 0], [0, 0, 0]]
    texts = [text.get_text() for text in plot_confusion(outputs, labels, "abc").axes[0].texts]
    assert texts == ["100", "0", "0", "25", "75", "0", "0", "0", "0"]


def test_errors_percentiles_and_their_figures() -> None:
    true = np.zeros((100, 2))
    predicted = np.c_[np.arange(100) * 0.003, np.arange(100) * 0.004]
    assert np.allclose(errors(predicted, true), np.arange(100) * 0.005)
    table = percentile_table({"net": predicted, "exact": true}, true)
    assert str(table.loc["net", "median"]).startswith("0.247 ± 0.0")
    assert float(str(table.loc["exact", "mean"]).partition(" ")[0]) == 0
    axes = plot_percentiles({"net": predicted}, true, unit="px", reference={"BraggNN": 0.9}).axes[0]
    assert np.allclose(axes.lines[0].get_xdata(), np.arange(100) * 0.005)
    assert str(axes.lines[0].get_label()).startswith("net, median 0.247 ± 0.0")
    assert axes.get_xlim()[1] > 0.9
    assert axes.get_xlabel() == "distance from the truth [px]"
    scatter = plot_plane(predicted, true).axes[0].collections[0]
    assert np.allclose(np.asarray(scatter.get_offsets()), predicted)


def test_residuals_of_any_regression_have_its_names_and_units() -> None:
    rng = np.random.default_rng(0)
    true = rng.uniform(0, 10, (500, 3))
    predicted = true + np.array([1.0, 0.0, -2.0]) + rng.normal(0, 0.1, true.shape)
    targets = (Target("time", "ns"), Target("energy", "GeV"), Target("charge"))
    axes = plot_residuals(predicted, true, targets).axes
    assert [ax.get_xlabel() for ax in axes[::2]] == ["true time [ns]", "true energy [GeV]", "true charge"]
    assert [ax.get_ylabel() for ax in axes[::2]] == [
        "residual of time [ns]", "residual of energy [GeV]", "residual of charge",
    ]
    label = str(axes[5].get_legend_handles_labels()[1][0])
    mean, error = (float(word) for word in label.partition("\n")[0].removeprefix("mean ").split(" ± "))
    assert mean == pytest.approx(-2, abs=0.02)
    assert error == pytest.approx(0.1 / 500**0.5, rel=0.1)
    for k, ax in enumerate(axes[::2]):
        assert np.allclose(points(ax, "samples"), np.c_[true[:, k], predicted[:, k] - true[:, k]])
        (median,) = (line for line in ax.lines if line.get_label() == "median")
        assert np.allclose(np.asarray(median.get_ydata()), (1.0, 0.0, -2.0)[k], atol=0.1)
    assert plot_percentiles({"net": predicted[:, :1]}, true[:, :1]).axes[0].get_xlabel() == "absolute error"


def test_targets_are_called_as_their_columns() -> None:
    arrays = {"layout": "arrays", "kind": "regression", "shape": [4]}
    one = DataConfig.model_validate({**arrays, "targets": "time_ns", "outputs": 1})
    many = DataConfig.model_validate({**arrays, "targets": "position", "outputs": 2})
    columns = DataConfig.model_validate({**arrays, "targets": ["x", "y"], "outputs": 2})
    assert [[target.name for target in targets_of(config)] for config in (one, many, columns)] == [
        ["time_ns"], ["position 0", "position 1"], ["x", "y"],
    ]
    patches = DataConfig.model_validate({"layout": "patches", "kind": "regression", "scaling": "patch"})
    assert [target.axis() for target in targets_of(patches)] == ["column [px]", "row [px]"]


def test_the_gallery_marks_the_centres() -> None:
    patches = np.random.default_rng(0).normal(size=(5, 11, 11))
    centres = np.full((5, 2), 5.0)
    figure = plot_patches(patches, centres, {"net": centres + 0.1}, columns=3)
    assert len(figure.axes) == 6
    assert [len(axes.images) for axes in figure.axes] == [1, 1, 1, 1, 1, 0]
    assert figure.axes[0].lines[1].get_xdata()[0] == pytest.approx(5.1)  # type: ignore[index]


def test_labels_keep_apart_and_inside() -> None:
    figure, (axes,) = subplots()
    axes.set(xlim=(1, 100), ylim=(0, 1), xscale="log")
    labels = [Label(f"a long name {k}", x, 0.5, "black") for k, x in enumerate((95.0, 90.0, 85.0, 80.0))]
    axes.scatter([50.0], [0.5])
    place_labels(axes, labels)
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in axes.texts]
    frame = axes.get_window_extent()
    assert len(boxes) == 4
    for k, box in enumerate(boxes):
        assert box.x1 <= frame.x1 + 2
        assert not any(box.padded(-1.5).overlaps(other.padded(-1.5)) for other in boxes[:k])
