"""Every layout is read as its schema says: shapes, order of classes, units of the targets."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from datafiles import (
    OPENML_FEATURES,
    arrays_config,
    bragg_config,
    jet_arrays,
    jets_config,
    patch_arrays,
    task_config,
    write_arff,
    write_frames,
    write_hdf5,
    write_npz,
    write_zenodo,
)
from numpy.typing import NDArray

from nac.config import DataConfig
from nac.errors import InputError
from nac.tasks.layouts import open_sources
from nac.tasks.preprocessing import Preprocessing
from nac.tasks.sources import Samples, gather
from nac.tasks.task import make_task


def read(config: DataConfig, *files: Path, margin: int = 0) -> Samples:
    return gather(open_sources(config, files), config, margin=margin)


@pytest.mark.parametrize(("write", "name"), [(write_npz, "jets.npz"), (write_hdf5, "jets")])
def test_constituents(tmp_path: Path, write: Callable[..., Path], name: str) -> None:
    arrays = jet_arrays()
    path = write(tmp_path / name, **arrays)
    samples = read(jets_config().data, path)
    assert samples.x.shape == (60, 3, 8)
    np.testing.assert_array_equal(samples.x, arrays["constituents"][:, :8].transpose(0, 2, 1))
    np.testing.assert_array_equal(samples.y, arrays["label"])


def test_constituents_are_sorted_and_padded(tmp_path: Path) -> None:
    arrays = jet_arrays(particles=5)
    shuffled = arrays["constituents"][:, [3, 0, 4, 1, 2]]
    path = write_npz(tmp_path / "jets.npz", constituents=shuffled, label=arrays["label"])
    samples = read(jets_config().data, path)
    np.testing.assert_array_equal(samples.x[:, :, :5], arrays["constituents"].transpose(0, 2, 1))
    assert not samples.x[:, :, 5:].any()


def test_padding_is_zero_in_every_feature(tmp_path: Path) -> None:
    arrays = jet_arrays()
    arrays["constituents"][::3, 6:, 1:] = 7
    samples = read(jets_config(constituents=12).data, write_npz(tmp_path / "jets.npz", **arrays))
    assert not samples.x[::3, :, 6:].any()


def test_npz_in_fortran_order_big_endian_and_compressed(tmp_path: Path) -> None:
    arrays = jet_arrays()
    x = np.asfortranarray(arrays["constituents"].astype(">f8"))
    np.savez_compressed(tmp_path / "jets.npz", constituents=x, label=arrays["label"].astype(">i4"))
    samples = read(jets_config().data, tmp_path / "jets.npz")
    np.testing.assert_array_equal(samples.x, arrays["constituents"][:, :8].transpose(0, 2, 1))


@pytest.mark.parametrize("names", [True, False])
def test_zenodo(tmp_path: Path, names: bool) -> None:
    expected = write_zenodo(tmp_path / "jets.h5", names=names)
    samples = read(jets_config(constituents=16).data, tmp_path / "jets.h5")
    np.testing.assert_allclose(samples.x, expected["particles"][:, :16].transpose(0, 2, 1), rtol=1e-6)
    np.testing.assert_array_equal(samples.y, expected["label"])


def test_zenodo_classes_follow_the_names_not_the_places(tmp_path: Path) -> None:
    expected = write_zenodo(tmp_path / "jets.h5")
    samples = read(jets_config(classes=["t", "Z", "W", "q", "g"]).data, tmp_path / "jets.h5")
    np.testing.assert_array_equal(samples.y, 4 - expected["label"])


def test_files_of_one_layout_are_concatenated(tmp_path: Path) -> None:
    arrays = jet_arrays()
    first = write_npz(tmp_path / "a b.npz", **arrays)
    expected = write_zenodo(tmp_path / "b.h5")
    samples = read(jets_config().data, first, tmp_path / "b.h5")
    assert len(samples) == 100
    np.testing.assert_array_equal(samples.y, np.concatenate([arrays["label"], expected["label"]]))


@pytest.mark.parametrize("suffix", ["arff", "csv"])
def test_openml_classes_go_by_name(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"table.{suffix}"
    values, classes = write_arff(tmp_path / "table.arff")
    if suffix == "csv":
        pd.DataFrame(values, columns=list(OPENML_FEATURES)).assign(**{"class": classes}).to_csv(path, index=False)
    config = task_config(layout="arrays", kind="classification", classes=["g", "q", "W", "Z", "t"], shape=[16],
                         targets="class").data
    samples = read(config, path)
    np.testing.assert_allclose(samples.x, values, rtol=1e-6)
    np.testing.assert_array_equal(samples.y, [["g", "q", "w", "z", "t"].index(name) for name in classes])
    assert samples.features == OPENML_FEATURES


def test_columns_of_a_second_table_are_found_by_name(tmp_path: Path) -> None:
    values, classes = write_arff(tmp_path / "a.arff")
    table = pd.DataFrame(values, columns=list(OPENML_FEATURES)).assign(**{"class": classes})
    table[table.columns[::-1]].to_csv(tmp_path / "b.csv", index=False)
    task = make_task(task_config(layout="arrays", kind="classification", classes=["g", "q", "W", "Z", "t"],
                                 shape=[16], targets="class"))
    dataset = task.load([tmp_path / "a.arff"], seed=0)
    a, b = (task.read([tmp_path / name], dataset.preprocessing) for name in ("a.arff", "b.csv"))
    np.testing.assert_array_equal(a.x, b.x)
    np.testing.assert_array_equal(a.y, b.y)


def test_an_arff_name_may_be_quoted(tmp_path: Path) -> None:
    header = "@RELATION r\n@ATTRIBUTE 'mass [GeV]' NUMERIC\n@attribute\tx\treal\n@ATTRIBUTE class {a,b}\n"
    text = header + "@DATA\n1,2,a\n3,4,b\n"
    (tmp_path / "t.arff").write_text(text)
    samples = read(arrays_config(shape=[2], targets="class").data, tmp_path / "t.arff")
    assert samples.features == ("mass [GeV]", "x")
    np.testing.assert_array_equal(samples.y, [0, 1])


@pytest.mark.parametrize("labels", ["label_xy", "center"])
def test_patches_are_cut_centrally(tmp_path: Path, labels: str) -> None:
    arrays = patch_arrays(size=21)
    if labels == "center":
        col, row = arrays.pop("label_xy").T
        arrays |= {"center_row": row, "center_col": col}
    samples = read(bragg_config().data, write_npz(tmp_path / "p.npz", **arrays))
    np.testing.assert_array_equal(samples.x, arrays["patches"][:, 5:16, 5:16])
    reference = patch_arrays(size=21)["label_xy"]
    np.testing.assert_allclose(samples.y, reference - 5, atol=1e-5)


def test_patches_keep_the_margin_that_shifts_need(tmp_path: Path) -> None:
    arrays = patch_arrays(size=21)
    samples = read(bragg_config().data, write_npz(tmp_path / "p.npz", **arrays), margin=2)
    assert samples.margin == 2
    np.testing.assert_array_equal(samples.x, arrays["patches"][:, 3:18, 3:18])
    np.testing.assert_allclose(samples.y, arrays["label_xy"] - 5, atol=1e-5)


def test_where_applies_to_the_columns_that_are_there(tmp_path: Path) -> None:
    arrays = patch_arrays(n=40)
    npeaks = np.arange(40) % 4
    path = write_npz(tmp_path / "p.npz", **arrays, npeaks=npeaks)
    samples = read(bragg_config().data, path)
    assert len(samples) == 10
    assert samples.dropped == 30
    np.testing.assert_array_equal(samples.y[:, 0], (arrays["label_xy"][npeaks == 1] - 2)[:, 0])


@pytest.mark.parametrize("swapped", [False, True])
def test_the_braggnn_pair_in_either_order(tmp_path: Path, swapped: bool) -> None:
    frames, peaks, at = write_frames(tmp_path)
    samples = read(bragg_config().data, *((peaks, frames) if swapped else (frames, peaks)))
    assert samples.x.shape == (40, 11, 11)
    np.testing.assert_allclose(samples.y, at - at.astype(int) + 5, atol=1e-5)
    assert (samples.x[:, 5, 5] >= 100).all()  # int(peak) is the central pixel
    assert np.unique(samples.x[:, 5, 5]).size == 40


def test_peaks_over_the_border_are_left_out(tmp_path: Path) -> None:
    frames, peaks, _ = write_frames(tmp_path)
    with h5py.File(peaks, "r+") as file:
        file["peak_row"][0], file["peak_col"][1], file["peak_row"][2] = 4.9, 59.0, 5.0
    assert len(read(bragg_config().data, frames, peaks)) == 38
    assert len(read(bragg_config(augment=["shift"]).data, frames, peaks, margin=1)) == 37


def test_arrays_of_any_shape_and_regression(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    x, y = random.normal(size=(30, 2, 4, 5)), random.normal(size=(30, 3))
    config = task_config(layout="arrays", kind="regression", outputs=3, shape=[2, 4, 5], inputs="images").data
    samples = read(config, write_hdf5(tmp_path / "a.h5", images=x, y=y))
    np.testing.assert_allclose(samples.x, x, rtol=1e-6)
    np.testing.assert_allclose(samples.y, y, rtol=1e-6)


def test_a_limit_draws_at_random_and_reads_no_more(tmp_path: Path) -> None:
    arrays = jet_arrays(n=500)
    config = jets_config().data
    sources = open_sources(config, [write_npz(tmp_path / "j.npz", **arrays)])
    a, b, c = (gather(sources, config, margin=0, limit=50, seed=seed) for seed in (0, 0, 1))
    assert len(a) == 50
    np.testing.assert_array_equal(a.x, b.x)
    assert not np.array_equal(a.x, c.x)
    assert len(np.unique(a.y)) == 5


def test_many_blocks_give_the_same_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = jet_arrays(n=97)
    paths = [write_npz(tmp_path / "j.npz", **arrays), write_hdf5(tmp_path / "j.h5", **arrays)]
    config = jets_config().data
    whole = [read(config, path).x for path in paths]
    monkeypatch.setattr("nac.tasks.files.BLOCK_BYTES", 1000)
    for path, expected in zip(paths, whole, strict=True):
        np.testing.assert_array_equal(read(config, path).x, expected)
        limited = gather(open_sources(config, [path]), config, margin=0, limit=20)
        assert {row.tobytes() for row in limited.x} <= {row.tobytes() for row in expected}


def test_jets_of_images(jets_20k: Path) -> None:
    task = make_task(jets_config(constituents=16))
    dataset = task.load([jets_20k], seed=1)
    with np.load(jets_20k) as file:
        assert abs(len(dataset.train) - 0.85 * len(file["label"])) < 10
    counts = np.bincount(dataset.validation.y)
    assert counts.min() > 0.9 * counts.max()
    x = dataset.train.x
    assert float(x.abs().max()) <= 4
    assert 0.5 < float(x.std()) < 2.5


def test_ruby_patches(ruby: Path) -> None:
    task = make_task(bragg_config(where={"npeaks": "== 1", "deviation": "< 1", "fit_rms": "< 0.06"},
                                  split={"by": ["frame"], "block": {"frame": 5}}, augment=["shift"]))
    dataset = task.load([ruby], seed=0)
    with np.load(ruby) as file:
        clean = int(((file["npeaks"] == 1) & (file["deviation"] < 1) & (file["fit_rms"] < 0.06)).sum())
    assert clean in (752, 270)
    assert sum(map(len, (dataset.train, dataset.validation, dataset.kept or (), dataset.test))) == clean
    assert dataset.provenance["split_by"] == "frame"
    centroid_px = centroids(dataset.validation.x[:, 0].numpy()) - 5
    assert np.median(np.linalg.norm(centroid_px - dataset.validation.y.numpy(), axis=1)) < 0.15


def test_zirconium_frames(zirconium: list[Path]) -> None:
    where = {"npeaks": "== 1", "deviations": [">= 0", "< 1"], "fit_rms": "< 0.06"}
    split = make_task(bragg_config(where=where)).read(zirconium, Preprocessing(
        scaling="patch", output_offset=(5.0, 5.0), output_scale=(1.0, 1.0)))
    assert len(split) in (563, 180)
    distance = np.linalg.norm(centroids(split.x[:, 0].numpy()) - 5 - split.y.numpy(), axis=1)
    assert np.median(distance) < 0.3


def test_frames_in_an_npz_file_are_refused(tmp_path: Path) -> None:
    _, peaks, _ = write_frames(tmp_path)
    frames = write_npz(tmp_path / "frames.npz", frames=np.zeros((8, 64, 64), dtype=np.uint16))
    with pytest.raises(InputError, match="expected HDF5"):
        read(bragg_config().data, frames, peaks)


def centroids(patches: NDArray[Any]) -> NDArray[Any]:
    """(col, row) centres of mass (N, 2) of what is above a fifth of the maximum."""
    light = np.where(patches > 0.2, patches, 0)
    pixel = np.arange(patches.shape[-1])
    total = light.sum(axis=(1, 2))
    col, row = (light.sum(axis=1) * pixel).sum(axis=1), (light.sum(axis=2) * pixel).sum(axis=1)
    return np.asarray(np.stack([col, row], axis=1) / total[:, None])
