"""Arrays in untrusted npz, npy and HDF5 files: nothing is unpickled, nothing is read whole unasked.

All kinds of file are opened as an `ArrayFile`: names, shapes and types are known before a value is read, and
values come in blocks of rows, so that a file may be far larger than the memory. The npy files of one folder are
together what one npz file is, each array called as its file. An array in a group (`events/x`) may be named without it
(`x`) where no other group has one of that name. Every way in which a file can be wrong ends in an InputError that names
the file, the array and what was expected.
"""

import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from nac.errors import InputError

BLOCK_BYTES = 32 << 20
ROW_BYTES = 512 << 20
COLUMN_BYTES = 1 << 30
SAMPLES_BYTES = 24 << 30
BROKEN = (OSError, EOFError, ValueError, RuntimeError, KeyError, NotImplementedError, MemoryError, OverflowError,
          TypeError, zipfile.BadZipFile, zlib.error)
LARGEST = float(np.finfo(np.float32).max)


class Info(NamedTuple):
    """What is known of an array before it is read."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def size(info: Info) -> int:
    """Bytes of an array, with Python's integers (a header may claim more than 64 bits hold)."""
    total = info.dtype.itemsize
    for n in info.shape:
        total *= n
    return total


def is_text(dtype: np.dtype[Any]) -> bool:
    """Whether an array holds strings, of a fixed length or (in HDF5) each of its own."""
    return dtype.kind in "US" or h5py.check_string_dtype(dtype) is not None


class ArrayFile(ABC):
    """A file of named arrays, open for reading."""

    kind: str

    def __init__(self, path: Path) -> None:
        self.path = path
        self.infos: dict[str, Info] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Close the file."""

    @abstractmethod
    def _rows(self, name: str, start: int, stop: int, state: dict[str, Any]) -> NDArray[Any]:
        """Rows start..stop of an array; called with rising rows and the same `state` during one pass."""

    def has(self, name: str) -> bool:
        """Whether the file has this array. Raises InputError when several groups have one of that name."""
        return self._key(name) is not None

    def _key(self, name: str) -> str | None:
        if name in self.infos:
            return name
        found = [key for key in self.infos if key.endswith(f"/{name}")]
        if len(found) > 1:
            raise InputError(f"{self.path}: {name!r} is in several groups, expected one of {', '.join(found)}")
        return found[0] if found else None

    def info(self, name: str, expected: str) -> Info:
        """Shape and type of an array. Raises InputError when it is missing, saying what was `expected`."""
        if (key := self._key(name)) is None:
            found = ", ".join(sorted(self.infos)[:20]) or "none"
            raise InputError(f"{self.path}: no array {name!r}, expected {expected} (arrays found: {found})")
        return self.infos[key]

    def require(self, name: str, dims: Sequence[int], kinds: str, expected: str) -> Info:
        """The same, for an array of one of the numbers of dimensions `dims` and of numpy's type `kinds`."""
        info = self.info(name, expected)
        if len(info.shape) not in dims:
            raise InputError(f"{self.path}: {name!r} has shape {info.shape}, expected {expected}")
        if info.dtype.kind not in kinds:
            raise InputError(f"{self.path}: {name!r} has type {info.dtype}, expected {expected}")
        return info

    def blocks(self, name: str, bytes_per_row: int | None = None) -> Generator[tuple[int, NDArray[Any]]]:
        """(first row, rows) from the first row to the last, each some 32 MiB. Raises InputError when broken."""
        key = self._key(name)
        assert key is not None  # `info` or `require` came before
        info = self.infos[key]
        row = max(1, bytes_per_row or size(Info(info.shape[1:], info.dtype)))
        if row > ROW_BYTES:
            raise InputError(f"{self.path}: one row of {name!r} has {row / 2**30:.1f} GiB, expected less than 0.5")
        step = max(1, BLOCK_BYTES // row)
        state: dict[str, Any] = {}
        try:
            for start in range(0, info.shape[0], step):
                yield start, self._rows(key, start, min(start + step, info.shape[0]), state)
        except BROKEN as error:
            raise InputError(self._broken(f"{name!r} cannot be read", error)) from error
        finally:
            if stream := state.get("stream"):
                stream.close()

    def column(self, name: str) -> Info:
        """The same as `info`, of an array that will be kept whole. Raises InputError over 1 GiB."""
        info = self.info(name, "a column")
        if size(info) > COLUMN_BYTES:
            raise InputError(f"{self.path}: {name!r} has {size(info) / 2**30:.1f} GiB, expected less than 1")
        return info

    def read(self, name: str) -> NDArray[Any]:
        """A whole array of labels or columns. Raises InputError over 1 GiB or when broken."""
        info = self.column(name)
        out = np.empty(info.shape, dtype=info.dtype.newbyteorder("="))
        for start, rows in self.blocks(name):
            out[start : start + len(rows)] = rows
        return out

    def _broken(self, what: str, error: BaseException) -> str:
        detail = " ".join(str(error).split())[:160]
        return f"{self.path}: {what}, expected a whole {self.kind} file ({detail or type(error).__name__})"


def check_exists(path: Path) -> None:
    """Raises InputError unless `path` is a file that can be read."""
    if path.is_dir():
        raise InputError(f"{path}: is a folder, expected a data file")
    if not path.is_file():
        raise InputError(f"{path}: no such data file")
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    if empty:
        raise InputError(f"{path}: is empty, expected a data file")


def check_finite(path: Path, name: str, first_row: int, rows: NDArray[Any]) -> None:
    """Raises InputError naming the first row with a NaN, an infinity or a number too large for float32."""
    if rows.dtype.kind != "f" or (np.abs(rows) <= LARGEST).all():
        return
    flat = rows.reshape(len(rows), -1)
    at = int(np.argmin((np.abs(flat) <= LARGEST).all(axis=1)))
    finite = np.isfinite(flat[at]).all()
    raise InputError(f"{path}: {name!r} is {'too large' if finite else 'NaN or infinite'} at row {first_row + at}, "
                     f"expected finite numbers{f' up to {LARGEST:.1e}' if finite else ''}")
