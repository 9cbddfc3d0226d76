"""The files of detector patches with one peak: our npz layout, and BraggNN's pair of frames and peaks.

Raw inputs are (N, S, S) float32 counts with S = patch_size + 2·margin; targets are (N, 2) float32 = (col, row) of
the peak in pixels of the central patch of `patch_size`, whatever the margin.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nac.config import DataConfig
from nac.errors import InputError
from nac.tasks.files import ROW_BYTES, Info, check_finite, size
from nac.tasks.formats import HdfFile, array_sets, open_arrays
from nac.tasks.sources import Source, allocate, fill, other_columns, same_length, wanted_columns

PATCHES = "patches"
FRAMES = "frames"
PEAK_COLUMNS = ("peak_fidx", "peak_row", "peak_col")
PIXELS = "(N, 2) = (col, row) pixels of the patch"


class PatchSource(Source):
    """`patches` (N, S, S) with `label_xy` (N, 2), or `center_row` and `center_col` (N,)."""

    def __init__(self, files: tuple[Path, ...], config: DataConfig) -> None:
        self.size, self.files = config.patch_size, files
        with open_arrays(*files) as file:
            path = file.path
            info = file.require(PATCHES, (3,), "iuf", "(N, S, S) detector counts")
            self.side = info.shape[1]
            if info.shape[2] != self.side or self.side < self.size:
                raise InputError(f"{path}: {PATCHES!r} has shape {info.shape}, "
                                 f"expected (N, S, S) with S >= {self.size}")
            if file.has("label_xy"):
                shape = file.require("label_xy", (2,), "iuf", PIXELS).shape
                if shape[1] != 2:
                    raise InputError(f"{path}: 'label_xy' has shape {shape}, expected {PIXELS}")
                y = file.read("label_xy").astype(np.float64)
            else:
                expected = "'label_xy' (N, 2) or 'center_row' and 'center_col' (N,) in pixels of the patch"
                lengths = {name: file.require(name, (1,), "iuf", expected).shape[0]
                           for name in ("center_col", "center_row")}
                same_length(path, **lengths)
                y = np.stack([file.read(name) for name in lengths], axis=1).astype(np.float64)
            n = same_length(path, patches=info.shape[0], labels=len(y))
            columns = other_columns(file, n, (PATCHES,), wanted_columns(config))
        check_finite(path, "labels", 0, y)
        self._check_inside(path, y)
        super().__init__(path, y, columns)

    def _check_inside(self, path: Path, y: NDArray[np.float64]) -> None:
        outside = ((y < -0.5) | (y > self.side - 0.5)).any(axis=1)
        if outside.any():
            row = int(np.argmax(outside))
            raise InputError(f"{path}: the label of row {row} is (col, row) = ({y[row, 0]:g}, {y[row, 1]:g}), "
                             f"expected pixels of a patch of {self.side} x {self.side}")

    def margin(self) -> int:
        """Pixels around the central patch."""
        return (self.side - self.size) // 2

    def usable(self, margin: int) -> NDArray[np.bool_]:
        """Peaks that lie in the central patch."""
        inside = self.targets - self.margin()
        return np.asarray(((inside > -0.5) & (inside < self.size - 0.5)).all(axis=1))

    def inputs(self, rows: NDArray[np.int64], margin: int) -> tuple[NDArray[np.float32], NDArray[Any]]:
        """Patches (n, S, S) with that margin and positions (n, 2) in the central patch."""
        first, side = self.margin() - margin, self.size + 2 * margin
        with open_arrays(*self.files) as file:
            out = allocate(self.path, len(rows), (side, side))
            fill(out, rows, file, PATCHES, lambda b: b[:, first : first + side, first : first + side])
        return out, (self.targets[rows] - self.margin()).astype(np.float32)


class FramesSource(Source):
    """BraggNN's pair: `frames` (F, H, W) in one file, positions of the peaks in the other.

    A patch is centred on the pixel int(peak), so its peak lies in [c, c + 1) of the centre c. Frames are read one
    by one in their order, each once, and never kept.
    """

    def __init__(self, frames: Path, peaks: Path, config: DataConfig, margin: int) -> None:
        self.frames, self.size, self._margin = frames, config.patch_size, margin
        with open_arrays(peaks) as file:
            lengths = {name: file.require(name, (1,), "iuf", "a column of peaks in BraggNN's schema").shape[0]
                       for name in PEAK_COLUMNS}
            n = same_length(peaks, **lengths)
            fidx, row, col = (file.read(name).astype(np.float64) for name in PEAK_COLUMNS)
            columns = other_columns(file, n, PEAK_COLUMNS, wanted_columns(config))
        with self._open() as file:
            info = file.require(FRAMES, (3,), "iuf", "(F, H, W) detector counts")
            if size(Info(info.shape[1:], info.dtype)) > ROW_BYTES:
                raise InputError(f"{frames}: a frame has {info.shape[1]} x {info.shape[2]} pixels, "
                                 "expected at most 512 MiB a frame")
        self.shape = info.shape
        for name, values in zip(PEAK_COLUMNS, (fidx, row, col), strict=True):
            check_finite(peaks, name, 0, values)
        self._check_inside(peaks, fidx, row, col)
        self.frame = fidx.astype(np.int64)
        super().__init__(peaks, np.stack([col, row], axis=1), {**columns, "frame": self.frame})

    def _open(self) -> HdfFile:
        file = open_arrays(self.frames)
        if not isinstance(file, HdfFile):
            file.close()
            raise InputError(f"{self.frames}: {FRAMES!r} is not in HDF5, expected HDF5 (frames are read one by one)")
        return file

    def _check_inside(self, peaks: Path, fidx: NDArray[Any], row: NDArray[Any], col: NDArray[Any]) -> None:
        limits = zip(PEAK_COLUMNS, (fidx, row, col), self.shape, strict=True)
        for name, values, limit in limits:
            bad = (values < 0) | (values >= limit)
            if name == "peak_fidx":
                bad |= values != np.floor(values)
            if bad.any():
                at = int(np.argmax(bad))
                raise InputError(f"{peaks}: {name!r} is {values[at]:g} at row {at}, expected 0 to {limit - 1} "
                                 f"for the frames {self.shape} in {self.frames}")

    def margin(self) -> int:
        """As much as the configured shift needs."""
        return self._margin

    def usable(self, margin: int) -> NDArray[np.bool_]:
        """Peaks whose patch with its margin lies on the frame."""
        half = self.size // 2 + margin
        pixel = self.targets.astype(np.int64)
        limits = np.array([self.shape[2], self.shape[1]]) - half
        return np.asarray(((pixel >= half) & (pixel < limits)).all(axis=1))

    def inputs(self, rows: NDArray[np.int64], margin: int) -> tuple[NDArray[np.float32], NDArray[Any]]:
        """Patches (n, S, S) with that margin and positions (n, 2) in the central patch."""
        half = self.size // 2 + margin
        pixel = self.targets[rows].astype(np.int64)
        out = allocate(self.path, len(rows), (2 * half + 1, 2 * half + 1))
        offsets = np.arange(-half, half + 1)
        order = np.argsort(self.frame[rows], kind="stable")
        bounds = np.searchsorted(self.frame[rows][order], np.arange(self.shape[0] + 1))
        with self._open() as file:
            for index in np.flatnonzero(np.diff(bounds)):
                at = order[bounds[index] : bounds[index + 1]]
                image = file.row(FRAMES, int(index))
                col, line = pixel[at, 0, None] + offsets, pixel[at, 1, None] + offsets
                out[at] = image[line[:, :, None], col[:, None, :]]
                check_finite(self.frames, FRAMES, int(index), out[at])
        return out, (self.targets[rows] - pixel + self.size // 2).astype(np.float32)


def open_patches(config: DataConfig, files: Sequence[Path], margin: int) -> list[Source]:
    """One source per npz file and per pair, whose two files may come in either order; of frames with that margin.

    Raises:
        InputError: a file has another layout, or lacks its other half.
    """
    frames: list[Path] = []
    peaks: list[Path] = []
    others: list[tuple[Path, ...]] = []
    for paths in array_sets(files):
        with open_arrays(*paths) as file:
            part = frames if file.has(FRAMES) else peaks if file.has("peak_fidx") else None
        others.append(paths) if part is None else part.extend(paths)
    if len(frames) != len(peaks):
        alone, missing = (frames, "peak_fidx, peak_row and peak_col") if len(frames) > len(peaks) else (peaks, FRAMES)
        raise InputError(f"{alone[-1]}: is one half of BraggNN's pair, expected a second --data file with {missing}")
    return [*(PatchSource(paths, config) for paths in others),
            *(FramesSource(f, p, config, margin) for f, p in zip(frames, peaks, strict=True))]
