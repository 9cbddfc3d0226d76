"""Files nobody vouches for: each fault ends in one sentence with the file and what was expected."""

import logging
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from datafiles import (
    arrays_config,
    bragg_config,
    jet_arrays,
    jets,
    jets_config,
    patch_arrays,
    patches,
    task_config,
    with_value,
    write_arff,
    write_frames,
    write_hdf5,
    write_npz,
    write_zenodo,
)

from nac.config import TaskConfig
from nac.errors import InputError
from nac.tasks import describe, make_task

X, Y = jet_arrays()["constituents"], jet_arrays()["label"]
P, XY = patch_arrays()["patches"], patch_arrays()["label_xy"]

BAD_JETS: dict[str, tuple[dict[str, Any], str]] = {
    "missing array": ({"constituents": None}, "no array 'constituents', expected .N, P, 3"),
    "missing label": ({"label": None}, "no array 'label', expected .N,. or .N, 1. whole numbers 0..4 or names"),
    "too few dimensions": ({"constituents": X[:, :, 0]}, "has shape .60, 12., expected .N, P, 3"),
    "four features": ({"constituents": np.zeros((60, 12, 4))}, "expected .N, P, 3"),
    "no particles": ({"constituents": X[:, :0]}, "expected .N, P, 3"),
    "text": ({"constituents": X.astype("U8")}, "has type <U8"),
    "complex": ({"constituents": X.astype(complex)}, "has type complex"),
    "NaN": ({"constituents": with_value(X, (7, 1, 2), np.nan)}, "'constituents' is NaN or infinite at row 7"),
    "infinity": ({"constituents": with_value(X, (9, 0, 0), np.inf)}, "is NaN or infinite at row 9"),
    "beyond float32": ({"constituents": with_value(X.astype(float), (0, 0, 0), 1e300)}, "too large at row 0"),
    "negative pT": ({"constituents": with_value(X, (9, 0, 0), -1.0)}, "negative pT"),
    "label too large": ({"label": with_value(Y, 3, 5)}, "'label' is 5 at row 3, expected whole numbers 0..4"),
    "label negative": ({"label": with_value(Y, 3, -1)}, "'label' is -1 at row 3"),
    "label fractional": ({"label": with_value(Y, 3, 0.5)}, "'label' is 0.5 at row 3"),
    "label NaN": ({"label": with_value(Y, 3, np.nan)}, "'label' is NaN or infinite at row 3"),
    "one-hot labels of another length": ({"label": np.eye(6)[Y]}, "'label' has shape .60, 6. .*or .N, 5. one-hot"),
    "two classes at once": ({"label": with_value(np.eye(5)[Y], 7, 1)}, "'label' has not exactly one class at row 7"),
    "one-hot NaN": ({"label": with_value(np.eye(5)[Y], 7, np.nan)}, "'label' is NaN or infinite at row 7"),
    "unknown class": ({"label": np.where(Y == 4, "b", "g")}, "'label' has the class 'b', expected one of g, q"),
    "complex labels": ({"label": Y.astype(complex)}, "'label' has shape .60,. and type complex"),
    "lengths": ({"label": Y[:-1]}, "arrays differ in length .'constituents' 60, 'label' 59."),
    "empty": ({"constituents": X[:0], "label": Y[:0]}, "holds no samples"),
    "one class": ({"label": np.zeros(60, dtype=int)}, "no sample of class q, W, Z, t"),
    "one class missing": ({"label": Y % 4}, "no sample of class t, expected"),
    "column length": ({"event": np.arange(3)}, "'samples' 60, 'event' 3"),
    "few samples": ({"constituents": X[:5], "label": Y[:5]}, "too few"),
}
BAD_PATCHES: dict[str, tuple[dict[str, Any], str]] = {
    "not square": ({"patches": P[:, :, :13]}, "expected .N, S, S. with S >= 11"),
    "too small": ({"patches": P[:, :9, :9]}, "expected .N, S, S. with S >= 11"),
    "no labels": ({"label_xy": None}, "expected 'label_xy' .N, 2. or 'center_row' and 'center_col'"),
    "only one centre": ({"label_xy": None, "center_col": XY[:, 0]}, "no array 'center_row'"),
    "three coordinates": ({"label_xy": np.zeros((40, 3))}, "'label_xy' has shape .40, 3."),
    "outside": ({"label_xy": with_value(XY, (5, 1), 15.0)}, "label of row 5 is .col, row. = .*, expected pixels"),
    "negative": ({"label_xy": with_value(XY, (5, 0), -1.0)}, "label of row 5"),
    "NaN label": ({"label_xy": with_value(XY, (5, 0), np.nan)}, "'labels' is NaN or infinite at row 5"),
    "NaN pixel": ({"patches": with_value(P, (6, 7, 7), np.nan)}, "'patches' is NaN or infinite at row 6"),
    "all filtered": ({"npeaks": np.zeros(40)}, "none of 40 samples is left by data.where .npeaks == 1"),
    "text filter": ({"npeaks": np.full(40, "one")}, "'npeaks' has type"),
}


def check(config: TaskConfig, path: Path, message: str) -> None:
    with pytest.raises(InputError, match=message) as raised:
        make_task(config).load([path], seed=0)
    assert str(path) in str(raised.value) or "too few" in message
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("fault", BAD_JETS)
def test_bad_jets(tmp_path: Path, fault: str) -> None:
    changes, message = BAD_JETS[fault]
    check(jets_config(split={"by": "event"}), jets(tmp_path, **changes), message)


@pytest.mark.parametrize("fault", BAD_PATCHES)
def test_bad_patches(tmp_path: Path, fault: str) -> None:
    changes, message = BAD_PATCHES[fault]
    check(bragg_config(), patches(tmp_path, **changes), message)


BAD_PAIRS: dict[str, tuple[Callable[[h5py.File], Any], str]] = {
    "frame beyond the last": (lambda f: f["peak_fidx"].__setitem__(0, 8), "'peak_fidx' is 8 at row 0, expected 0 to 7"),
    "row beyond the frame": (lambda f: f["peak_row"].__setitem__(4, 64.5), "'peak_row' is 64.5 at row 4"),
    "negative column": (lambda f: f["peak_col"].__setitem__(4, -3), "'peak_col' is -3 at row 4"),
    "NaN row": (lambda f: f["peak_row"].__setitem__(4, np.nan), "'peak_row' is NaN or infinite at row 4"),
    "no column": (lambda f: f.__delitem__("peak_col"), "no array 'peak_col'"),
}


@pytest.mark.parametrize("fault", BAD_PAIRS)
def test_bad_pairs(tmp_path: Path, fault: str) -> None:
    frames, peaks, _ = write_frames(tmp_path)
    change, message = BAD_PAIRS[fault]
    with h5py.File(peaks, "r+") as file:
        change(file)
    with pytest.raises(InputError, match=message):
        make_task(bragg_config()).load([frames, peaks], seed=0)


@pytest.mark.parametrize("half", [0, 1])
def test_half_a_pair(tmp_path: Path, half: int) -> None:
    frames, peaks, _ = write_frames(tmp_path)
    path = (frames, peaks)[half]
    check(bragg_config(), path, "one half of BraggNN's pair, expected a second --data file")


def test_zenodo_without_its_classes(tmp_path: Path) -> None:
    path = tmp_path / "jets.h5"
    write_zenodo(path)
    check(jets_config(classes=["e", "mu"]), path, "has no column j_<class> for each class")
    with h5py.File(path, "r+") as file:
        file["jets"][7, -6:] = 0
    check(jets_config(), path, "has not exactly one class at row 7")


def test_a_table_is_no_constituents(tmp_path: Path) -> None:
    write_arff(tmp_path / "t.arff")
    check(jets_config(), tmp_path / "t.arff", "holds no constituents")


@pytest.mark.parametrize(("text", "message"), [
    ("", "is empty"),
    ("no header", "no '@data' line"),
    ("@relation r\n@attribute a real\n@attribute class {a,b}\n@data\n{0 1}\n", "sparse ARFF"),
    ("@attribute a real\n@attribute b real\n@attribute c real\n@data\n1,2,3\n", "no column 'y' or 'class'"),
    ("@relation r\n@attribute a real\n@attribute class {a,b}\n@data\n1,a\n", "has 1 numeric columns besides 'class'"),
    ("@attribute a real\n@attribute b real\n@attribute c real\n@attribute class {a,b}\n@data\n1,2,3,x\n",
     "'class' has the class 'x', expected one of a, b"),
    ("@attribute a real\n@attribute b real\n@attribute c real\n@attribute class {a,b}\n@data\n1,?,3,a\n4,5,6,b\n",
     "'b' is NaN or infinite at row 0"),
    ("@attribute a real\n@attribute b real\n@attribute c real\n@attribute class {a,b}\n@data\n", "holds no samples"),
])
def test_bad_tables(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "t.arff"
    path.write_text(text)
    check(arrays_config(), path, message)


@pytest.mark.parametrize(("x", "y", "message"), [
    (np.zeros((9, 4)), np.zeros(9, int), r"'x' has shape \(9, 4\), expected \(N, 3\)"),
    (np.zeros((9, 3, 1)), np.zeros(9, int), r"expected \(N, 3\)"),
    (np.zeros((9, 3)), np.arange(9), "'y' is 2 at row 2, expected whole numbers 0..1"),
    (np.full((9, 3), np.inf), np.arange(9) % 2, "'x' is NaN or infinite at row 0"),
])
def test_bad_arrays(tmp_path: Path, x: Any, y: Any, message: str) -> None:
    check(arrays_config(), write_npz(tmp_path / "a.npz", x=x, y=y), message)


def test_bad_regression_targets(tmp_path: Path) -> None:
    config = task_config(layout="arrays", kind="regression", outputs=2, shape=[3])
    for y in (np.zeros(9), np.zeros((9, 3))):
        check(config, write_npz(tmp_path / "a.npz", x=np.zeros((9, 3)), y=y), "'y' has shape .*data.outputs")


def test_no_file_and_no_simulator() -> None:
    with pytest.raises(InputError, match="expected --data FILE"):
        make_task(arrays_config()).load([], seed=0)


def test_describe_reports_faults_instead_of_failing(tmp_path: Path) -> None:
    task = make_task(jets_config())
    good = describe(task, [jets(tmp_path)])
    assert good["classes"] == {"g": 12, "q": 12, "W": 12, "Z": 12, "t": 12}
    assert good["inputs"]["pt_gev"]["max"] > 100
    assert len(good["files"][0]["sha256"]) == 64
    bad = describe(task, [jets(tmp_path, constituents=with_value(X, (7, 1, 2), np.nan))])
    assert "NaN or infinite at row 7" in bad["problem"]
    assert bad["files"][0]["arrays"]["constituents"]["shape"] == [60, 12, 3]
    with pytest.raises(InputError, match="no such data file"):
        describe(task, [tmp_path / "none.npz"])


def test_frames_are_read_one_by_one(tmp_path: Path) -> None:
    """A pair far larger than what is kept: the peak of memory is some frames, not the file."""
    frames, side = 150, 1024  # 300 MiB dense
    path = tmp_path / "frames.hdf5"
    with h5py.File(path, "w") as file:
        data = file.create_dataset("frames", (frames, side, side), "uint16", chunks=(1, 512, 512), compression="gzip")
        for index in range(frames):
            data[index, 500:520, 500:520] = index + 1
    n = 4 * frames
    fidx = np.random.default_rng(0).permutation(np.arange(n) % frames)
    write_hdf5(tmp_path / "peaks.hdf5", peak_fidx=fidx, peak_row=np.full(n, 510.25), peak_col=np.full(n, 509.5))
    task = make_task(bragg_config(split={"by": "frame"}, augment=["shift"]))
    tracemalloc.start()
    try:
        dataset = task.load([path, tmp_path / "peaks.hdf5"], seed=0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 32 << 20
    assert sum(map(len, (dataset.train, dataset.validation, dataset.kept or (), dataset.test))) == n
    assert {float(v) for v in dataset.train.raw[:, 6, 6]} <= set(map(float, range(1, frames + 1)))


def test_a_frame_larger_than_memory_is_refused(tmp_path: Path) -> None:
    _, peaks, _ = write_frames(tmp_path)
    with h5py.File(tmp_path / "huge.hdf5", "w") as file:  # nothing is stored: a few kilobytes on disk
        file.create_dataset("frames", (8, 200_000, 200_000), "uint16", chunks=(1, 512, 512), compression="gzip")
    with pytest.raises(InputError, match="expected at most 512 MiB a frame"):
        make_task(bragg_config()).load([tmp_path / "huge.hdf5", peaks], seed=0)


def test_more_samples_than_memory_are_refused_or_limited(tmp_path: Path) -> None:
    path = tmp_path / "huge.h5"
    n = 60_000_000
    with h5py.File(path, "w") as file:  # only described, not stored
        file.create_dataset("x", (10 * n, 3, 40), "float32", chunks=(1000, 3, 40), compression="gzip")
        file.create_dataset("y", (10 * n,), "int64", chunks=(100_000,), compression="gzip")
    with pytest.raises(InputError, match=r"'y' has .* GiB, expected less than 1"):
        make_task(arrays_config(shape=[3, 40])).load([path], seed=0)


@pytest.mark.parametrize(("cell", "cut_by"), [(0.0, "round"), (0.5, "floor"), (-1.0, "neither round nor floor")])
def test_windows_that_a_task_does_not_train_for_are_named(
    cell: float, cut_by: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Peaks within half a pixel of `cell` from the middle of their patch."""
    arrays = patch_arrays(n=60)
    file = write_npz(tmp_path / "p.npz", **{**arrays, "label_xy": arrays["label_xy"] + np.float32(cell)})
    facts = describe(make_task(bragg_config()), [file])["windows"]
    assert facts["cut_by"] == cut_by
    assert facts["offset_px"]["median"] == pytest.approx(cell, abs=0.1)
    task = make_task(bragg_config(windows=["round"]))
    preprocessing = task.load([file], seed=0).preprocessing
    caplog.clear()
    task.read([file], preprocessing)
    assert [f"windows are cut by {cut_by}, networks of this task are trained for round" in m
            for m in (r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING)
            ] == ([] if cut_by == "round" else [True])  # fmt: skip


def test_only_patches_have_windows() -> None:
    with pytest.raises(ValueError, match=r"windows: the layout 'arrays' has none"):
        arrays_config(windows=["round"])
