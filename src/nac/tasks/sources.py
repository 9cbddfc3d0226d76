"""Samples in files, before any becomes a tensor: labels and columns first, then only the inputs that are wanted."""

import logging
import operator
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nac.config import DataConfig
from nac.errors import InputError
from nac.tasks.files import SAMPLES_BYTES, ArrayFile, check_finite

logger = logging.getLogger(__name__)

COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<=": operator.le, ">=": operator.ge, "==": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt,
}

# A feature is coarse when float32 rounds it by more than this part of its span, and constant when it spans less than
# this part of its value.
COARSE, EQUAL = 1e-3, 1e-13


class Source(ABC):
    """The samples of one file (or of one pair of files).

    `targets` are labels (N,) int64 or physical values (N, T) float64, `columns` further values (N,) per sample.
    """

    def __init__(self, path: Path, targets: NDArray[Any], columns: dict[str, NDArray[Any]]) -> None:
        self.path = path
        self.targets = targets
        self.columns = columns
        self.features: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.targets)

    @abstractmethod
    def inputs(self, rows: NDArray[np.int64], margin: int) -> tuple[NDArray[np.float32], NDArray[Any]]:
        """Raw inputs and targets of the `rows` (rising).

        `margin` pixels are kept around a patch (other layouts have none).
        """

    def margin(self) -> int:
        """Pixels that the file has around a patch on every side."""
        return 0

    def usable(self, margin: int) -> NDArray[np.bool_]:
        """Which samples can be cut with that margin (N,)."""
        return np.ones(len(self), dtype=bool)


@dataclass
class Samples:
    """Raw samples in memory: x (N, *raw) float32, y (N,) int64 or (N, T) float, columns (N,)."""

    x: NDArray[np.float32]
    y: NDArray[Any]
    columns: dict[str, NDArray[Any]] = field(default_factory=dict)
    margin: int = 0
    features: tuple[str, ...] = ()
    dropped: int = 0

    def __len__(self) -> int:
        return len(self.y)


def same_length(path: Path, **lengths: int) -> int:
    """The common length of the arrays. Raises InputError when they differ or are empty."""
    if len(set(lengths.values())) != 1:
        found = ", ".join(f"{name!r} {n}" for name, n in lengths.items())
        raise InputError(f"{path}: arrays differ in length ({found}), expected one row per sample in each")
    length = next(iter(lengths.values()))
    if not length:
        raise InputError(f"{path}: holds no samples")
    return length


def other_columns(file: ArrayFile, length: int, besides: Sequence[str],
                  wanted: Sequence[str]) -> dict[str, NDArray[Any]]:
    """The `wanted` columns (N,) that the file has. Raises InputError when one has another length or no numbers."""
    columns = {}
    for name in wanted:
        if file.has(name) and name not in besides:
            info = file.require(name, (1,), "iufb", f"a column of {length} numbers")
            same_length(file.path, samples=length, **{name: info.shape[0]})
            columns[name] = file.read(name)
    return columns


def wanted_columns(config: DataConfig) -> tuple[str, ...]:
    """Columns that the configuration filters, splits or weighs by."""
    weights = () if config.weights is None else (config.weights,)
    return tuple(dict.fromkeys((*config.where, *config.split.by, *weights)))


def selection(source: Source, config: DataConfig) -> NDArray[np.bool_]:
    """Samples (N,) that satisfy every condition of `where` whose column the file has."""
    keep = np.ones(len(source), dtype=bool)
    for column, conditions in config.where.items():
        if column not in source.columns:
            logger.info("%s: has no column %r, its condition is not applied", source.path, column)
            continue
        for condition in conditions:
            match = re.fullmatch(r"(<=|>=|==|!=|<|>)\s*(.+)", condition.strip())
            assert match  # the configuration is validated
            keep &= COMPARE[match[1]](source.columns[column].astype(np.float64), float(match[2]))
    return keep


def gather(sources: Sequence[Source], config: DataConfig, *, margin: int, limit: int | None = None,
           seed: int = 0) -> Samples:
    """The selected samples of all sources, at most `limit` drawn at random, with at most `margin` pixels around.

    Raises:
        InputError: nothing is left after the selection, or it does not fit into memory.
    """
    margin = min([margin, *(source.margin() for source in sources)])
    rows = [np.flatnonzero(selection(source, config) & source.usable(margin)) for source in sources]
    total, kept = sum(map(len, sources)), sum(map(len, rows))
    names = ", ".join(str(source.path) for source in sources)
    if not kept:
        conditions = ", ".join(f"{column} {' and '.join(given)}" for column, given in config.where.items()) or "none"
        raise InputError(f"{names}: none of {total} samples is left by data.where ({conditions}) "
                         "and the borders, expected at least one")
    if kept < total:
        logger.info("%s: %d of %d samples are used", names, kept, total)
    if limit is not None and kept > limit:
        chosen = np.zeros(kept, dtype=bool)
        chosen[np.random.default_rng(seed).permutation(kept)[:limit]] = True
        parts = np.split(chosen, np.cumsum([len(r) for r in rows])[:-1])
        rows = [r[part] for r, part in zip(rows, parts, strict=True)]
    xs, ys = zip(*(source.inputs(r, margin) for source, r in zip(sources, rows, strict=True) if len(r)), strict=True)
    shared = set.intersection(*(set(source.columns) for source in sources))
    columns = {name: np.concatenate([s.columns[name][r] for s, r in zip(sources, rows, strict=True)])
               for name in sorted(shared)}
    return Samples(_join(xs), _join(ys), columns, margin, sources[0].features, total - kept)


def _join(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def allocate(path: Path, rows: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Room for raw inputs (rows, *shape). Raises InputError over 24 GiB."""
    wanted = 4 * rows
    for n in shape:
        wanted *= n
    if wanted > SAMPLES_BYTES:
        raise InputError(f"{path}: {rows} samples need {wanted / 2**30:.0f} GiB of memory, "
                         "expected fewer (e.g. --set data.limit=1000000)")
    return np.empty((rows, *shape), dtype=np.float32)


def fill(out: NDArray[np.float32], rows: NDArray[np.int64], file: ArrayFile, name: str,
         convert: Callable[[NDArray[Any]], NDArray[Any]], bytes_per_row: int | None = None) -> NDArray[np.float32]:
    """`convert` of the chosen `rows` (rising) of an array into `out`, block by block, all checked to be finite."""
    done, coarse = 0, set[int]()
    for start, block in file.blocks(name, bytes_per_row):
        last = int(np.searchsorted(rows, start + len(block)))
        if last > done:
            part = block[rows[done:last] - start]
            check_finite(file.path, name, start, part)
            exact = convert(part)
            with np.errstate(over="ignore"):
                out[done:last] = exact
            check_finite(file.path, name, start, out[done:last])
            coarse |= lost(exact, out[done:last])
            done = last
        if done == len(rows):
            break
    warn_lost(file.path, {index: f"{name}[:, {index}]" for index in coarse}, coarse)
    return out


def lost(exact: NDArray[Any], kept: NDArray[np.float32]) -> set[int]:
    """The features (axis 1) of samples that vary by little more than float32 rounds them by, as 10^9 ± 1 does."""
    if exact.dtype.itemsize <= kept.dtype.itemsize and exact.dtype.kind == "f":
        return set()
    found = set()
    for index in range(exact.shape[1] if exact.ndim > 1 else 0):
        values, near = exact[:, index].astype(np.float64), kept[:, index]
        span, largest = float(np.ptp(values)), float(np.abs(values).max())
        if span > EQUAL * largest and float(np.abs(values - near).max()) > COARSE * span:
            found.add(index)
    return found


def warn_lost(path: Path, names: Mapping[int, str] | Sequence[str], features: Iterable[int]) -> None:
    """Says which features `lost` what they differ by."""
    for index in sorted(features):
        logger.warning("%s: %s varies by little more than the rounding of 32-bit numbers, expected values without "
                       "a large offset (subtract it) and above 1e-38", path, names[index])
