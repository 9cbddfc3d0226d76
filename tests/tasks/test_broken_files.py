"""Files that are cut short, pickled, mutilated or lead elsewhere: one sentence, whatever is wrong with them."""

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from datafiles import (
    jet_arrays,
    jets,
    jets_config,
    write_hdf5,
    write_npz,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nac.config import TaskConfig
from nac.errors import InputError
from nac.tasks import make_task
from nac.tasks.layouts import open_sources
from nac.tasks.sources import gather

X, Y = jet_arrays()["constituents"], jet_arrays()["label"]


def check(config: TaskConfig, path: Path, message: str) -> None:
    with pytest.raises(InputError, match=message) as raised:
        make_task(config).load([path], seed=0)
    assert str(path) in str(raised.value) or "too few" in message
    assert "\n" not in str(raised.value)


def truncated(path: Path, whole: Path) -> None:
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])


def pickled(path: Path, _: Path) -> None:
    np.savez(path, constituents=np.array([{"a": 1}], dtype=object), label=Y)


def wrong_header(path: Path, _: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (10**9, 100, 3)})
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("constituents.npy", header.getvalue() + bytes(100))
        file.writestr("label.npy", b"\x93NUMPY\x01\x00junk")


BROKEN_FILES: dict[str, tuple[Callable[[Path, Path], object], str]] = {
    "truncated": (truncated, "expected a whole npz file"),
    "pickled": (pickled, "holds pickled objects, expected an array of numbers"),
    "wrong header": (wrong_header, "expected 1200000000000 for its shape"),
    "pickle": (lambda path, _: path.write_bytes(pickle.dumps([1, 2])), "is neither an npz, an npy nor an HDF5 file"),
    "text": (lambda path, _: path.write_text("pt,eta,phi\n"), "is neither an npz, an npy nor an HDF5 file"),
    "no bytes": (lambda path, _: path.write_bytes(b""), "is empty"),
    "folder": (lambda path, _: path.mkdir(), "is a folder"),
    "missing": (lambda path, _: None, "no such data file"),
}


@pytest.mark.parametrize("fault", BROKEN_FILES)
def test_broken_files(tmp_path: Path, fault: str) -> None:
    make, message = BROKEN_FILES[fault]
    path = tmp_path / "broken file's \"name\".npz"
    make(path, jets(tmp_path))
    check(jets_config(), path, message)


@pytest.mark.parametrize("share", [0.001, 0.01, 0.3, 0.9, 0.999])
def test_truncated_hdf5(tmp_path: Path, share: float) -> None:
    whole = write_hdf5(tmp_path / "whole.h5", **jet_arrays(n=500))
    path = tmp_path / "cut.h5"
    path.write_bytes(whole.read_bytes()[: max(1, int(whole.stat().st_size * share))])
    with pytest.raises(InputError, match=r"cut\.h5"):
        make_task(jets_config()).load([path], seed=0)


def test_links_out_of_an_hdf5_file_are_not_followed(tmp_path: Path) -> None:
    write_hdf5(tmp_path / "secret.h5", **jet_arrays())
    with h5py.File(tmp_path / "link.h5", "w") as file:
        file["constituents"] = h5py.ExternalLink("secret.h5", "constituents")
        file["label"] = Y
    check(jets_config(), tmp_path / "link.h5", "no array 'constituents'")


def test_a_corrupt_byte_is_noticed(tmp_path: Path) -> None:
    path = jets(tmp_path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    check(jets_config(), path, "expected a whole npz file")


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("kind", ["npz", "hdf5"])
def test_mutilated_files_never_escape(tmp_path: Path, kind: str, data: st.DataObject) -> None:
    arrays = jet_arrays(n=20)
    whole = write_npz(tmp_path / "w.npz", **arrays) if kind == "npz" else write_hdf5(tmp_path / "w.h5", **arrays)
    content = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    path = tmp_path / "m"
    path.write_bytes(bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))]))
    config = jets_config().data
    try:
        gather(open_sources(config, [path]), config, margin=0)
    except InputError as error:
        assert "\n" not in str(error)
