from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from problems import blobs

from nac.compress import Winner, compress
from nac.config import CompressConfig
from nac.errors import InputError
from nac.report import compression_frame, plot_compression
from nac.rundir import Run

SETTINGS = CompressConfig.model_validate({
    "bits": [8, 4], "mixed": [4], "sparsity": [0.0, 0.5], "pruner": ["lamp", "random"],
    "rounds": 1, "train": {"epochs": 2, "batch_size": 64}, "finetune": {"epochs": 2, "batch_size": 64},
})  # fmt: skip


@pytest.fixture(scope="module")
def compressed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    task, dataset, architecture = blobs()
    run = Run(tmp_path_factory.mktemp("run"))
    compress([Winner(3, architecture)], task, dataset, run, SETTINGS, seed=0)
    return run


def test_every_design_has_a_row_beside_its_float_network(compressed: Run) -> None:
    table = compression_frame(compressed)
    assert len(table) == 9
    assert set(zip(table["width"], table["pruner"], strict=True)) == {
        (width, pruner) for width in ("8", "4", "mixed 4") for pruner in ("none", "lamp", "random")
    }
    assert table["bops"].is_monotonic_decreasing
    assert table["float_accuracy"].nunique() == table["float_test_accuracy"].nunique() == 1
    assert table[["accuracy", "test_accuracy"]].notna().all(axis=None)


def test_the_figure_holds_every_design_and_the_float_network(compressed: Run, tmp_path: Path) -> None:
    table = compression_frame(compressed)
    figure = plot_compression(compressed, "accuracy", tmp_path / "compression.png")
    (axes,) = figure.axes
    drawn = np.concatenate([c.get_offsets() for c in axes.collections if isinstance(c, PathCollection)])
    wanted = table[["bops", "accuracy"]].to_numpy() * [1, 100]
    assert np.allclose(np.sort(np.asarray(drawn), axis=0), np.sort(wanted, axis=0))
    (line,) = (line for line in axes.lines if line.get_gid() == "float-3")
    assert np.asarray(line.get_ydata())[0] == pytest.approx(100 * table["float_accuracy"].iloc[0])
    assert (tmp_path / "compression.png").stat().st_size > 0


def test_without_designs_there_is_an_empty_table_and_a_sentence(tmp_path: Path) -> None:
    assert compression_frame(Run(tmp_path)).empty
    with pytest.raises(InputError, match="no design has the value 'accuracy'"):
        plot_compression(Run(tmp_path), "accuracy")


def test_the_legend_names_every_width_and_pruner_once_with_its_own_marker(compressed: Run) -> None:
    figure = plot_compression(compressed, "accuracy")
    handles = {text.get_text(): handle for text, handle in
               zip(figure.legends[0].get_texts(), figure.legends[0].legend_handles, strict=True)}  # fmt: skip
    assert {"8 bits", "4 bits", "mixed 4 bits", "not pruned", "pruned: lamp", "pruned: random"} <= set(handles)
    shapes = [handle.get_marker() for name, handle in handles.items() if "pruned" in name]  # type: ignore[union-attr]
    assert len(set(shapes)) == 3


def test_any_cost_of_a_design_can_be_the_axis(compressed: Run) -> None:
    table = compression_frame(compressed)
    axes = plot_compression(compressed, "accuracy", cost="macs").axes[0]
    drawn = np.concatenate([c.get_offsets() for c in axes.collections if isinstance(c, PathCollection)])
    assert np.allclose(np.sort(np.asarray(drawn)[:, 0]), np.sort(table["macs"]))
    with pytest.raises(InputError, match="no design has the value 'lut'"):
        plot_compression(compressed, "accuracy", cost="lut")
