"""Files as people have them: the same samples in every format, and a sentence where they are not there."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from datafiles import arrays_config, bragg_config, jet_arrays, jets_config, patch_arrays, task_config, write_npz

from nac.compress.distillation.contract import Distilled
from nac.compress.distillation.files import write_distilled
from nac.config import DataConfig
from nac.errors import InputError
from nac.tasks import describe, make_task
from nac.tasks.layouts import open_sources
from nac.tasks.sources import Samples, gather

RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(40, 3)).astype(np.float32).round(3)
Y = RANDOM.permutation(np.arange(40) % 2)
NAMES = np.array(["a", "b"])[Y]


def read(config: DataConfig, *files: Path) -> Samples:
    return gather(open_sources(config, files), config, margin=0)


def two_targets(**data: Any) -> DataConfig:
    return task_config(layout="arrays", kind="regression", outputs=2, shape=[3], **data).data


def hdf5(path: Path, arrays: dict[str, Any]) -> Path:
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file[name] = values
    return path


LABELS = {
    "numbers": Y.astype(np.uint8), "float": Y.astype(np.float32), "boolean": Y.astype(bool), "column": Y[:, None],
    "one-hot": np.eye(2, dtype=np.float32)[Y], "boolean one-hot": np.eye(2, dtype=bool)[Y], "names": NAMES,
    "names in capitals": np.char.upper(NAMES), "bytes": NAMES.astype("S5"), "column of names": NAMES[:, None],
}  # fmt: skip


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("kind", ["npz", "h5"])
def test_labels_of_every_kind_are_the_same_classes(tmp_path: Path, labels: str, kind: str) -> None:
    y = LABELS[labels]
    if kind == "npz":
        file = write_npz(tmp_path / "a.npz", x=X, y=y)
    else:
        file = hdf5(tmp_path / "a.h5", {"x": X, "y": y.astype("S5") if y.dtype.kind == "U" else y})
    samples = read(arrays_config().data, file)
    np.testing.assert_array_equal(samples.y, Y)
    np.testing.assert_array_equal(samples.x, X)


def test_strings_of_any_length_in_hdf5(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nac.tasks.files.BLOCK_BYTES", 64)  # eight labels at a time
    names = np.array(["electron", "mu"], dtype=object)[Y]
    file = hdf5(tmp_path / "a.h5", {"x": X, "y": names})
    np.testing.assert_array_equal(read(arrays_config(classes=["mu", "electron"]).data, file).y, 1 - Y)
    with pytest.raises(InputError, match="'y' has the class 'mu', expected one of a, electron"):
        read(arrays_config(classes=["a", "electron"]).data, file)


def test_a_wrong_row_is_numbered_from_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nac.tasks.files.BLOCK_BYTES", 64)
    wrong = Y.copy()
    wrong[33] = 2
    with pytest.raises(InputError, match="'y' is 2 at row 33"):
        read(arrays_config().data, write_npz(tmp_path / "a.npz", x=X, y=wrong))
    hot = np.eye(2)[Y]
    hot[33] = 1
    with pytest.raises(InputError, match="'y' has not exactly one class at row 33"):
        read(arrays_config().data, write_npz(tmp_path / "b.npz", x=X, y=hot))


@pytest.mark.parametrize("prefix", ["events/", "run/7/events/"])
@pytest.mark.parametrize("names", [{}, {"inputs": "events/x", "targets": "events/y"}])
def test_arrays_in_groups(tmp_path: Path, prefix: str, names: dict[str, str]) -> None:
    file = hdf5(tmp_path / "g.h5", {f"{prefix}x": X, f"{prefix}y": Y, f"{prefix}run": np.arange(40) // 4})
    samples = read(arrays_config(**names, split={"by": "run"}).data, file)
    np.testing.assert_array_equal(samples.x, X)
    np.testing.assert_array_equal(samples.columns["run"], np.arange(40) // 4)


def test_a_name_in_two_groups_is_asked_for_in_full(tmp_path: Path) -> None:
    file = hdf5(tmp_path / "g.h5", {"old/x": X - 1, "new/x": X, "y": Y})
    with pytest.raises(InputError, match=r"g\.h5: 'x' is in several groups, expected one of new/x, old/x"):
        read(arrays_config().data, file)
    np.testing.assert_array_equal(read(arrays_config(inputs="new/x").data, file).x, X)


def test_links_of_a_group_to_elsewhere_are_not_followed(tmp_path: Path) -> None:
    hdf5(tmp_path / "secret.h5", {"x": X})
    with h5py.File(tmp_path / "g.h5", "w") as file:
        file["g/y"], file["g/x"], file["g/self"] = Y, h5py.ExternalLink("secret.h5", "x"), h5py.SoftLink("/g")
    with pytest.raises(InputError, match=r"no array 'x'.*arrays found: g/y"):
        read(arrays_config().data, tmp_path / "g.h5")


def test_boolean_inputs(tmp_path: Path) -> None:
    file = write_npz(tmp_path / "a.npz", x=X > 0, y=Y)
    np.testing.assert_array_equal(read(arrays_config().data, file).x, X > 0)


def test_one_input_needs_no_second_axis(tmp_path: Path) -> None:
    file = write_npz(tmp_path / "a.npz", x=X[:, 0], y=Y)
    np.testing.assert_array_equal(read(arrays_config(shape=[1]).data, file).x, X[:, :1])


def test_npy_files_of_a_folder_are_one_set_of_arrays(tmp_path: Path) -> None:
    for folder, rows in (("one", slice(None, 25)), ("two", slice(25, None))):
        (tmp_path / folder).mkdir()
        for name, values in (("x", X), ("y", NAMES), ("run", np.arange(40))):
            np.save(tmp_path / folder / f"{name}.npy", values[rows])
    files = sorted(tmp_path.glob("*/*.npy"), key=lambda path: path.stem)
    samples = read(arrays_config(split={"by": "run"}).data, *files)
    np.testing.assert_array_equal(samples.x, X)
    np.testing.assert_array_equal(samples.y, Y)
    np.testing.assert_array_equal(samples.columns["run"], np.arange(40))
    with pytest.raises(InputError, match=r"one/x\.npy: no array 'y', expected .*arrays found: x"):
        read(arrays_config().data, tmp_path / "one" / "x.npy")


def test_npy_files_serve_every_layout(tmp_path: Path) -> None:
    expected = {"jets": jet_arrays(), "patches": patch_arrays()}
    for folder, arrays in expected.items():
        (tmp_path / folder).mkdir()
        for name, values in arrays.items():
            np.save(tmp_path / folder / f"{name}.npy", values)
    jets = read(jets_config().data, *(tmp_path / "jets").iterdir())
    np.testing.assert_array_equal(jets.y, expected["jets"]["label"])
    patches = read(bragg_config().data, *(tmp_path / "patches").iterdir())
    np.testing.assert_array_equal(patches.x, expected["patches"]["patches"][:, 2:13, 2:13])


def test_a_pickled_npy_file_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([{}, []], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="'x' holds pickled objects"):
        read(arrays_config().data, tmp_path / "x.npy")


def test_a_file_is_not_read_twice(tmp_path: Path) -> None:
    file = write_npz(tmp_path / "a.npz", x=X, y=Y)
    (tmp_path / "again.npz").symlink_to(file)
    with pytest.raises(InputError, match=r"a\.npz: is given twice"):
        read(arrays_config().data, file, tmp_path / "again.npz")


TABLE = pd.DataFrame(X.astype(float), columns=["first", "second one", "third"]).assign(label=NAMES)
WRITERS: dict[str, Callable[[Path], Any]] = {
    "t.csv": lambda path: TABLE.to_csv(path, index=False),
    "index.csv": TABLE.to_csv,
    "semicolons.csv": lambda path: TABLE.to_csv(path, index=False, sep=";"),
    "decimal commas.csv": lambda path: TABLE.to_csv(path, index=False, sep=";", decimal=","),
    "index and semicolons.csv": lambda path: TABLE.to_csv(path, sep=";"),
    "t.tsv": lambda path: TABLE.to_csv(path, index=False, sep="\t"),
    "tabs.csv": lambda path: TABLE.to_csv(path, index=False, sep="\t", decimal=","),
    "bars.csv": lambda path: TABLE.to_csv(path, index=False, sep="|"),
    "spaces.csv": lambda path: TABLE.rename(columns={"second one": "second"}).to_csv(path, index=False, sep=" "),
    "excel.csv": lambda path: TABLE.to_csv(path, index=False, sep=";", encoding="utf-8-sig"),
    "quoted.csv": lambda path: TABLE.to_csv(path, index=False, quoting=2),
    "t.csv.gz": lambda path: path.write_bytes(gzip.compress(TABLE.to_csv(index=False).encode())),
    "t.tsv.bz2": lambda path: path.write_bytes(bz2.compress(TABLE.to_csv(index=False, sep="\t").encode())),
    "t.csv.xz": lambda path: path.write_bytes(lzma.compress(TABLE.to_csv().encode())),
    "packed without saying so.csv": lambda path: path.write_bytes(gzip.compress(TABLE.to_csv().encode())),
    "records.npy": lambda path: np.save(path, TABLE.astype({"label": "S1"}).to_records(
        index=False, column_dtypes={"label": "S1"})),
}


@pytest.mark.parametrize("name", WRITERS)
def test_tables_of_every_kind_are_the_same_samples(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name)
    samples = read(arrays_config(targets="label").data, tmp_path / name)
    np.testing.assert_array_equal(samples.x, X)
    np.testing.assert_array_equal(samples.y, Y)
    assert [feature.split()[0] for feature in samples.features] == ["first", "second", "third"]
    facts = describe(make_task(arrays_config(targets="label")), [tmp_path / name])
    assert list(facts["files"][0]["arrays"])[-1] == "label"
    assert facts["classes"] == {"a": 20, "b": 20}


def test_truth_values_in_a_table(tmp_path: Path) -> None:
    TABLE.assign(label=Y.astype(bool), third=X[:, 2] > 0).to_csv(tmp_path / "t.csv", index=False)
    samples = read(arrays_config(targets="label").data, tmp_path / "t.csv")
    np.testing.assert_array_equal(samples.y, Y)
    np.testing.assert_array_equal(samples.x[:, 2], X[:, 2] > 0)


@pytest.mark.parametrize("broken", [b"\x1f\x8b\x08 no gzip", gzip.compress(TABLE.to_csv().encode())[:200], b"BZh9abc"])
def test_a_broken_packed_table_is_named(tmp_path: Path, broken: bytes) -> None:
    (tmp_path / "t.csv.gz").write_bytes(broken)
    with pytest.raises(InputError, match=r"t\.csv\.gz: cannot be read as CSV table"):
        read(arrays_config().data, tmp_path / "t.csv.gz")


def test_a_table_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nac.tasks.tables.TABLE_BYTES", 1 << 20)
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * (1 << 20)))
    with pytest.raises(InputError, match="expected npz or HDF5 for so much data"):
        read(arrays_config().data, tmp_path / "t.csv.gz")


TARGETS = RANDOM.normal(size=(40, 2)).astype(np.float32).round(3)


@pytest.mark.parametrize("kind", ["csv", "npz", "h5"])
def test_targets_in_columns_of_their_own(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"t.{kind}"
    columns = {"ey": TARGETS[:, 1], "ex": TARGETS[:, 0]}
    if kind == "csv":
        pd.DataFrame(X, columns=["p", "q", "r"]).assign(**columns).to_csv(path, index=False)
    elif kind == "npz":
        write_npz(path, x=X, ex=columns["ex"][:, None], ey=columns["ey"])
    else:
        hdf5(path, {"in/x": X, "out/ex": columns["ex"], "out/ey": columns["ey"][:, None]})
    config = two_targets(targets=["ex", "ey"])
    samples = read(config, path)
    np.testing.assert_array_equal(samples.y.astype(np.float32), TARGETS)
    np.testing.assert_array_equal(samples.x, X)


@pytest.mark.parametrize("kind", ["csv", "npz"])
def test_one_hot_classes_in_columns_of_their_own(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"t.{kind}"
    columns = {"is_b": Y, "is_a": 1 - Y}
    if kind == "csv":
        pd.DataFrame(X, columns=["p", "q", "r"]).assign(**columns).to_csv(path, index=False)
    else:
        write_npz(path, x=X, **columns)
    samples = read(arrays_config(targets=["is_a", "is_b"]).data, path)
    np.testing.assert_array_equal(samples.y, Y)


def test_columns_that_are_not_one_hot_are_refused(tmp_path: Path) -> None:
    path = write_npz(tmp_path / "t.npz", x=X, is_a=Y, is_b=Y)
    with pytest.raises(InputError, match="'is_a, is_b' has not exactly one class at row 0"):
        read(arrays_config(targets=["is_a", "is_b"]).data, path)


def test_two_outputs_are_not_one_column_folded(tmp_path: Path) -> None:
    pd.DataFrame(X, columns=["p", "q", "r"]).assign(ex=TARGETS[:, 0]).to_csv(tmp_path / "one.csv", index=False)
    message = r"one\.csv: a column of a table holds one target, expected data.targets with 2 names \(found 'ex'"
    with pytest.raises(InputError, match=message):
        read(two_targets(targets="ex"), tmp_path / "one.csv")
    with pytest.raises(InputError, match=r"no column 'ey', expected one for each of data\.targets"):
        read(two_targets(targets=["ex", "ey"]), tmp_path / "one.csv")
    with pytest.raises(InputError, match=r"'ex' has shape \(40, 2\), expected \(N,\) or \(N, 1\)"):
        read(two_targets(targets=["ex", "ey"]), write_npz(tmp_path / "a.npz", x=X, ex=TARGETS, ey=Y))


@pytest.mark.parametrize("targets", [["ex"] * 2, ["ex", "ey", "ez"], []])
def test_the_task_names_as_many_columns_as_there_are_targets(targets: list[str]) -> None:
    with pytest.raises(ValueError, match="targets: expected one name, or a list of 2 different ones, one per output"):
        two_targets(targets=targets)


@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_distilled_samples_are_read_back_in_their_columns(tmp_path: Path, kind: str) -> None:
    import torch

    config = two_targets(targets=["ex", "ey"]) if kind == "regression" else arrays_config(targets=["u", "v"]).data
    y = torch.from_numpy(TARGETS if kind == "regression" else Y)
    write_distilled(tmp_path / "d.npz", Distilled(torch.from_numpy(X), y, {}), config)
    again = gather(open_sources(config, [tmp_path / "d.npz"]), config, margin=0)
    np.testing.assert_array_equal(again.y, y.numpy())
