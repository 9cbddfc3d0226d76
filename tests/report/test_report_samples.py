from pathlib import Path

import numpy as np
from datafiles import bragg_config, jet_arrays, jets_config, patch_arrays
from matplotlib.collections import PathCollection

from nac.report.barriers import StabilityRow, plot_connectivity
from nac.report.samples import plot_samples


def test_a_jet_of_every_class_in_every_row(tmp_path: Path) -> None:
    arrays = jet_arrays(20)
    raw = arrays["constituents"].transpose(0, 2, 1)
    rows = {"real": (raw, arrays["label"]), "distilled": (raw[5:], arrays["label"][5:])}
    figure = plot_samples(rows, jets_config().data, tmp_path / "jets.png")
    assert len(figure.axes) == 10
    assert [axes.get_ylabel() for axes in figure.axes[::5]] == ["real\nΔφ [rad]", "distilled\nΔφ [rad]"]
    assert [axes.get_xlabel() for axes in figure.axes] == [""] * 5 + ["Δη"] * 5
    assert {tuple(axes.get_xticks()) for axes in figure.axes} == {(-0.4, 0.0, 0.4)}
    dots = figure.axes[1].collections[0]
    assert isinstance(dots, PathCollection)
    assert np.allclose(np.asarray(dots.get_offsets()), raw[1, 1:].T)
    assert np.argmax(dots.get_sizes()) == 0, "the hardest particle is the largest dot"
    assert (tmp_path / "jets.png").stat().st_size > 1000


def test_patches_with_their_positions(tmp_path: Path) -> None:
    arrays = patch_arrays(6, size=11)
    rows = {"real": (arrays["patches"], arrays["label_xy"])}
    figure = plot_samples(rows, bragg_config().data, tmp_path / "patches.svg", columns=4)
    assert len(figure.axes) == 4
    assert [axes.get_xlabel() for axes in figure.axes] == ["col [px]"] * 4
    assert figure.axes[0].get_ylabel() == "real\nrow [px]"
    for axes, position in zip(figure.axes, arrays["label_xy"], strict=False):
        assert np.allclose(axes.lines[0].get_xydata(), position)


def test_barriers_are_means_over_seeds() -> None:
    rows = [
        StabilityRow("dense", 0, 0.0, 0.3, 0.1), StabilityRow("dense", 0, 0.0, 0.3, 0.2),
        StabilityRow("random", 1, 0.5, 0.4, 0.0), StabilityRow("random", 1, 0.5, 0.4, 0.02),
        StabilityRow("random", 2, 0.75, 0.5, 0.01),
    ]  # fmt: skip
    left = plot_connectivity(rows, metric="accuracy").axes[0]
    dense, random = left.lines
    assert np.allclose(np.asarray(dense.get_ydata(), dtype=float), 15)
    assert np.allclose(np.asarray(random.get_xydata()), [[50, 1], [75, 1]])
    assert "percentage points" in left.get_ylabel()
    assert "px" in plot_connectivity(rows, metric="distance_px").axes[0].get_ylabel()
