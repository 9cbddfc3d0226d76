"""Class labels as people store them: numbers, names, a column of either, or one-hot rows. All become (N,) int64."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nac.errors import InputError
from nac.tasks.files import ArrayFile, Info, check_finite, is_text

NUMBERS = "iufb"


def labels(file: ArrayFile, name: str, classes: Sequence[str]) -> NDArray[np.int64]:
    """Labels (N,) in the order of `classes` from an array of a file.

    The array is (N,) or (N, 1) with numbers 0..C-1 or names of classes, or (N, C) one-hot. Raises InputError.
    """
    expected = (f"(N,) or (N, 1) whole numbers 0..{len(classes) - 1} or names of classes ({', '.join(classes)}), "
                f"or (N, {len(classes)}) one-hot")
    file.info(name, expected)
    info = file.column(name)
    if not ((_is_column(info) and (info.dtype.kind in NUMBERS or is_text(info.dtype)))
            or (info.shape[1:] == (len(classes),) and info.dtype.kind in NUMBERS)):
        raise InputError(f"{file.path}: {name!r} has shape {info.shape} and type {info.dtype}, expected {expected}")
    with closing(file.blocks(name)) as blocks:
        parts = [label_column(file.path, name, rows.reshape(-1), classes, first) if _is_column(info)
                 else one_hot(file.path, name, rows, first) for first, rows in blocks]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def label_column(path: Path, name: str, values: NDArray[Any], classes: Sequence[str],
                 first: int = 0) -> NDArray[np.int64]:
    """Labels of a column (N,) of numbers 0..C-1, or of names whatever their case; its first row has the number `first`.

    Raises InputError for others.
    """
    if values.dtype.kind in NUMBERS:
        return _numbers(path, name, values, len(classes), first)
    known = {label.lower(): index for index, label in enumerate(classes)}
    found, inverse = np.unique(np.array([_text(value) for value in values], dtype=str), return_inverse=True)
    if unknown := [str(label) for label in found if label not in known]:
        raise InputError(f"{path}: {name!r} has the class {unknown[0]!r}, expected one of {', '.join(classes)}")
    return np.array([known[str(label)] for label in found], dtype=np.int64)[inverse]


def one_hot(path: Path, name: str, rows: NDArray[Any], first: int = 0) -> NDArray[np.int64]:
    """Labels of rows (N, C), the first of which has the number `first`. Raises InputError unless each has one 1."""
    check_finite(path, name, first, rows)
    hot = rows.astype(np.float64)
    bad = (hot.sum(axis=1) != 1) | ((hot != 0) & (hot != 1)).any(axis=1)
    if bad.any():
        raise InputError(f"{path}: {name!r} has not exactly one class at row {first + int(np.argmax(bad))}, "
                         "expected one-hot columns")
    found: NDArray[np.int64] = hot.argmax(axis=1).astype(np.int64)
    return found


def _is_column(info: Info) -> bool:
    return info.shape[1:] in {(), (1,)}


def _text(value: Any) -> str:
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return text.strip().strip("'\"").lower()


def _numbers(path: Path, name: str, values: NDArray[Any], classes: int, first: int) -> NDArray[np.int64]:
    check_finite(path, name, first, values)
    whole = values.astype(np.int64) if values.dtype.kind == "b" else values
    bad = (whole < 0) | (whole >= classes) | (whole != np.floor(whole))
    if bad.any():
        at = int(np.argmax(bad))
        raise InputError(f"{path}: {name!r} is {whole[at]} at row {first + at}, "
                         f"expected whole numbers 0..{classes - 1}")
    return whole.astype(np.int64)
