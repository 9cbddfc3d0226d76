"""Any other task: two arrays of an npz or HDF5 file, or a table (ARFF, CSV, parquet) with a class column.

Raw inputs are (N, *shape) float32, channels first; targets are labels (N,) or values (N, T).
"""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nac.config import DataConfig
from nac.errors import InputError
from nac.tasks.files import check_exists, check_finite, open_arrays
from nac.tasks.sources import (
    Source,
    allocate,
    check_labels,
    fill,
    labels,
    other_columns,
    same_length,
    wanted_columns,
)

TABLE_BYTES = 2 << 30
TABLES = (".arff", ".csv", ".parquet", ".pq")


class ArraySource(Source):
    """The arrays `data.inputs` (N, *shape) and `data.targets` (N,) or (N, T)."""

    def __init__(self, path: Path, config: DataConfig) -> None:
        self.name, self.shape = config.inputs, config.shape
        with open_arrays(path) as file:
            expected = f"(N, {', '.join(map(str, self.shape))}) numbers (data.inputs and data.shape of the task)"
            info = file.require(self.name, (len(self.shape) + 1,), "iuf", expected)
            if info.shape[1:] != self.shape:
                raise InputError(f"{path}: {self.name!r} has shape {info.shape}, expected {expected}")
            if config.kind == "classification":
                y: NDArray[Any] = labels(file, config.targets, len(config.classes))
            else:
                wanted = f"(N, {config.outputs}) numbers (data.targets and data.outputs of the task)"
                target = file.require(config.targets, (1, 2) if config.outputs == 1 else (2,), "iuf", wanted)
                if len(target.shape) == 2 and target.shape[1] != config.outputs:
                    raise InputError(f"{path}: {config.targets!r} has shape {target.shape}, expected {wanted}")
                y = file.read(config.targets).astype(np.float64).reshape(-1, config.outputs)
                check_finite(path, config.targets, 0, y)
            n = same_length(path, **{self.name: info.shape[0], config.targets: len(y)})
            columns = other_columns(file, n, (self.name, config.targets), wanted_columns(config))
        super().__init__(path, y, columns)

    def inputs(self, rows: NDArray[np.int64], margin: int) -> tuple[NDArray[np.float32], NDArray[Any]]:
        """Raw inputs (n, *shape) and targets."""
        with open_arrays(self.path) as file:
            out = fill(allocate(self.path, len(rows), self.shape), rows, file, self.name, lambda block: block)
        return out, _typed(self.targets[rows])


class TableSource(Source):
    """A table: its numeric columns are the features (F,), one column holds the class names or the target.

    That column is `data.targets`, or `class` or `label` where the table has no column of that name. Class names
    are compared with the task's, whatever their case and order.
    """

    def __init__(self, path: Path, config: DataConfig, features: tuple[str, ...] = ()) -> None:
        table = read_table(path)
        if table.empty:
            raise InputError(f"{path}: holds no samples")
        target = next((c for c in (config.targets, "class", "label") if c in table.columns), None)
        if target is None:
            raise InputError(f"{path}: no column {config.targets!r} or 'class', expected one with the targets "
                             f"(columns found: {', '.join(map(str, table.columns[:20]))})")
        besides = {target, *wanted_columns(config)}
        names = features or tuple(str(c) for c in table.columns
                                  if c not in besides and pd.api.types.is_numeric_dtype(table[c]))
        if missing := [name for name in names if name not in table.columns]:
            raise InputError(f"{path}: no column {missing[0]!r}, expected the features {', '.join(names)}")
        if (len(names),) != config.shape:
            raise InputError(f"{path}: has {len(names)} numeric columns besides {target!r}, "
                             f"expected data.shape {list(config.shape)}")
        self.table = np.stack([self._numbers(path, table, name) for name in names], axis=1)
        columns = {name: self._numbers(path, table, name) for name in wanted_columns(config) if name in table.columns}
        if config.kind == "classification":
            y: NDArray[Any] = class_labels(path, target, table[target].to_numpy(), config.classes)
        else:
            y = self._numbers(path, table, target).reshape(-1, config.outputs)
        super().__init__(path, y, columns)
        self.features = names

    @staticmethod
    def _numbers(path: Path, table: pd.DataFrame, name: str) -> NDArray[np.float64]:
        values = pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        check_finite(path, name, 0, values)
        return values

    def inputs(self, rows: NDArray[np.int64], margin: int) -> tuple[NDArray[np.float32], NDArray[Any]]:
        """Raw features (n, F) and targets."""
        return self.table[rows].astype(np.float32), _typed(self.targets[rows])


def _typed(targets: NDArray[Any]) -> NDArray[Any]:
    return targets if targets.dtype == np.int64 else targets.astype(np.float32)


def class_labels(path: Path, name: str, values: NDArray[Any], classes: tuple[str, ...]) -> NDArray[np.int64]:
    """Labels (N,) in the task's order of class names or numbers (N,). Raises InputError for an unknown one."""
    if values.dtype.kind in "iuf":
        return check_labels(path, name, values, len(classes))
    known = {label.lower(): index for index, label in enumerate(classes)}
    found, inverse = np.unique(np.array([str(v).strip().strip("'\"").lower() for v in values]), return_inverse=True)
    if unknown := [str(label) for label in found if label not in known]:
        raise InputError(f"{path}: {name!r} has the class {unknown[0]!r}, expected one of {', '.join(classes)}")
    return np.array([known[str(label)] for label in found], dtype=np.int64)[inverse]


def read_table(path: Path) -> pd.DataFrame:
    """An ARFF, CSV or parquet table. Raises InputError when it cannot be parsed."""
    check_exists(path)
    suffix = path.suffix.lower()
    if path.stat().st_size > TABLE_BYTES:
        raise InputError(f"{path}: has more than {TABLE_BYTES >> 30} GiB, expected npz or HDF5 for so much data")
    try:
        if suffix in {".parquet", ".pq"}:
            return pd.read_parquet(path)
        if suffix == ".arff":
            names, first = arff_header(path)
            return pd.read_csv(path, skiprows=first, header=None, names=names, comment="%", na_values="?",
                               skipinitialspace=True, quotechar="'")
        return pd.read_csv(path, skipinitialspace=True)
    except ImportError as error:
        raise InputError(f"{path}: reading parquet needs pyarrow (pip install pyarrow), or give ARFF or CSV") from error
    except (ValueError, OSError, pd.errors.ParserError, OverflowError, MemoryError) as error:
        detail = " ".join(str(error).split())[:160]
        raise InputError(f"{path}: cannot be read as {suffix[1:].upper()} table ({detail})") from error


def arff_header(path: Path) -> tuple[list[str], int]:
    """Names of the attributes of an ARFF file and the number of lines before its data.

    Raises:
        InputError: there is no `@data`, or the data are sparse.
    """
    names: list[str] = []
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(iter(lambda: file.readline(1 << 20), ""), start=1):
            word = line.strip().split(None, 1)
            if not word:
                continue
            if word[0].lower() == "@attribute" and len(word) > 1:
                rest = next(csv.reader([word[1].replace("\t", " ")], delimiter=" ", quotechar=word[1][0]))[0] \
                    if word[1][0] in "'\"" else word[1].split()[0]
                names.append(rest)
            elif word[0].lower() == "@data":
                if not names or file.readline(1 << 20).lstrip().startswith("{"):
                    raise InputError(f"{path}: is sparse ARFF or names no attribute, expected dense ARFF")
                return names, number
            if number > 100_000:
                break
    raise InputError(f"{path}: has no '@data' line, expected an ARFF table")


def open_any(config: DataConfig, files: list[Path], features: tuple[str, ...] = ()) -> list[Source]:
    """One source per file; tables after the first have the `features` of the first. Raises InputError."""
    sources: list[Source] = []
    for path in files:
        if path.suffix.lower() in TABLES:
            source: Source = TableSource(path, config, features)
            features = features or source.features
        else:
            source = ArraySource(path, config)
        sources.append(source)
    return sources
