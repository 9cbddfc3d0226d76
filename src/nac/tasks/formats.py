"""The kinds of array files: npz archives, npy files of one folder, HDF5."""

import zipfile
from abc import abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import h5py
import numpy as np
from numpy.typing import NDArray

from nac.errors import InputError
from nac.tasks.files import BROKEN, COLUMN_BYTES, ArrayFile, Info, check_exists, size

NPY_MAGIC = b"\x93NUMPY"


class NpyArrays(ArrayFile):
    """Arrays in numpy's own format, each streamed; pickled ones are refused."""

    @abstractmethod
    def _stream(self, name: str) -> IO[bytes]:
        """The bytes of one array, its header first."""

    def _add(self, name: str, file_size: int) -> None:
        try:
            with self._stream(name) as stream:
                info, _ = self._header(stream)
                header = stream.tell()
        except BROKEN as error:
            raise InputError(self._broken(f"{name!r} has no readable npy header", error)) from error
        if info.dtype.hasobject:
            raise InputError(f"{self.path}: {name!r} holds pickled objects, expected an array of numbers")
        if file_size != header + size(info):
            raise InputError(f"{self.path}: {name!r} has {file_size - header} bytes, "
                             f"expected {size(info)} for its shape {info.shape}")
        self.infos[name] = info

    @staticmethod
    def _header(stream: IO[bytes]) -> tuple[Info, bool]:
        version = np.lib.format.read_magic(stream)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
        if read is None:
            raise ValueError(f"npy version {version}")
        shape, fortran, dtype = read(stream)
        if any(n < 0 for n in shape):
            raise ValueError(f"shape {shape}")
        return Info(tuple(shape), dtype), fortran

    def _rows(self, name: str, start: int, stop: int, state: dict[str, Any]) -> NDArray[Any]:
        if "stream" not in state:
            state["stream"] = self._stream(name)
            (_, state["dtype"]), state["fortran"] = self._header(state["stream"])
        info = self.infos[name]
        if state["fortran"] and len(info.shape) > 1:
            if "whole" not in state:
                if size(info) > COLUMN_BYTES:
                    raise ValueError("Fortran order over 1 GiB: save it in C order")
                state["whole"] = self._take(state["stream"], info)
            whole: NDArray[Any] = state["whole"].reshape(info.shape, order="F")
            return whole[start:stop]
        part = Info((stop - start, *info.shape[1:]), info.dtype)
        return self._take(state["stream"], part).reshape(part.shape)

    @staticmethod
    def _take(stream: IO[bytes], info: Info) -> NDArray[Any]:
        wanted = size(info)
        pieces, got = [], 0
        while got < wanted and (piece := stream.read(wanted - got)):
            pieces.append(piece)
            got += len(piece)
        if got != wanted:
            raise EOFError("it ends early")
        values = np.frombuffer(b"".join(pieces), dtype=info.dtype)
        return values.astype(info.dtype.newbyteorder("="), copy=False)


class NpzFile(NpyArrays):
    """A numpy archive."""

    kind = "npz"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            self._zip = zipfile.ZipFile(path)
        except BROKEN as error:
            raise InputError(self._broken("cannot be opened", error)) from error
        try:
            for member in self._zip.infolist():
                if member.filename.endswith(".npy"):
                    self._add(member.filename.removesuffix(".npy"), member.file_size)
        except BaseException:
            self._zip.close()
            raise

    def _stream(self, name: str) -> IO[bytes]:
        return self._zip.open(f"{name}.npy")

    def close(self) -> None:
        """Close the archive."""
        self._zip.close()


class NpyFiles(NpyArrays):
    """Numpy files, each of one array that is called as the file."""

    kind = "npy"

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__(Path(", ".join(map(str, paths))))
        self._paths = {path.stem: path for path in paths}
        for name, path in self._paths.items():
            self._add(name, path.stat().st_size)

    def _stream(self, name: str) -> IO[bytes]:
        return self._paths[name].open("rb")

    def close(self) -> None:
        """Nothing stays open between two passes."""


class HdfFile(ArrayFile):
    """An HDF5 file; only data sets stored in the file itself are seen, also those in groups."""

    kind = "HDF5"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            self._file = h5py.File(path, "r")
        except BROKEN as error:
            raise InputError(self._broken("cannot be opened", error)) from error
        try:
            self._file.visititems(self._add)  # follows no link to elsewhere and visits each object once
        except BROKEN as error:
            self._file.close()
            raise InputError(self._broken("its list of arrays cannot be read", error)) from error

    def _add(self, name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.shape is not None and not item.is_virtual and not item.external:
            with suppress(TypeError):  # a type that numpy lacks is none of ours
                self.infos[name] = Info(tuple(item.shape), item.dtype)

    def _rows(self, name: str, start: int, stop: int, state: dict[str, Any]) -> NDArray[Any]:
        rows = np.asarray(self._file[name][start:stop])
        return rows.astype(rows.dtype.newbyteorder("="), copy=False)

    def row(self, name: str, index: int) -> NDArray[Any]:
        """One row of an array, for those whose rows are large. Raises InputError when broken."""
        try:
            return np.asarray(self._rows(self._key(name) or name, index, index + 1, {})[0])
        except BROKEN as error:
            raise InputError(self._broken(f"{name!r} cannot be read at row {index}", error)) from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def open_arrays(*files: Path) -> ArrayFile:
    """The arrays of a file, recognised by its first bytes, or of several npy files.

    Raises InputError when it is neither npz, npy nor HDF5.
    """
    for path in files:
        check_exists(path)
    path, *more = files
    magic = _first_bytes(path)
    if magic.startswith(NPY_MAGIC) and all(_first_bytes(other).startswith(NPY_MAGIC) for other in more):
        return NpyFiles(files)
    if not more and magic.startswith(b"PK"):
        return NpzFile(path)
    if not more and (magic == b"\x89HDF\r\n\x1a\n" or h5py.is_hdf5(path)):
        return HdfFile(path)
    raise InputError(f"{', '.join(map(str, files))}: is neither an npz, an npy nor an HDF5 file")


def array_sets(files: Sequence[Path]) -> list[tuple[Path, ...]]:
    """The files as they belong together: the npy files of each folder, any other on its own."""
    sets: dict[Path, list[Path]] = {}
    for path in files:
        sets.setdefault(path.parent if path.suffix == ".npy" else path, []).append(path)
    return [tuple(paths) for paths in sets.values()]


def _first_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(8)
