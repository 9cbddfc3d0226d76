"""Any other task: arrays of an npz, npy or HDF5 file, or a table with its targets in columns.

Raw inputs are (N, *shape) float32, channels first; targets are labels (N,) or values (N, T).
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nac.config import DataConfig
from nac.errors import InputError
from nac.tasks.files import ArrayFile, check_finite
from nac.tasks.formats import array_sets, open_arrays
from nac.tasks.labels import NUMBERS, label_column, labels, one_hot
from nac.tasks.layouts import LAYOUTS, Layout
from nac.tasks.sources import Source, allocate, fill, lost, other_columns, same_length, wanted_columns, warn_lost
from nac.tasks.tables import read_table, table_format


class ArraySource(Source):
    """The arrays `data.inputs` (N, *shape) and `data.targets`: labels, (N, T) values, or a column (N,) for each."""

    def __init__(self, files: tuple[Path, ...], config: DataConfig) -> None:
        self.name, self.shape, self.files = config.inputs, config.shape, files
        with open_arrays(*files) as file:
            expected = f"(N, {', '.join(map(str, self.shape))}) numbers (data.inputs and data.shape of the task)"
            dims = (1, 2) if self.shape == (1,) else (len(self.shape) + 1,)
            info = file.require(self.name, dims, NUMBERS, expected)
            if len(info.shape) > 1 and info.shape[1:] != self.shape:
                raise InputError(f"{file.path}: {self.name!r} has shape {info.shape}, expected {expected}")
            y = _targets(file, config)
            n = same_length(file.path, **{self.name: info.shape[0], config.target_names[0]: len(y)})
            columns = other_columns(file, n, (self.name, *config.target_names), wanted_columns(config))
        super().__init__(file.path, y, columns)

    def inputs(self, rows: NDArray[np.int64], margin: int) -> tuple[NDArray[np.float32], NDArray[Any]]:
        """Raw inputs (n, *shape) and targets."""
        with open_arrays(*self.files) as file:
            out = fill(allocate(self.path, len(rows), self.shape), rows, file, self.name,
                       lambda block: block.reshape(len(block), *self.shape))
        return out, _typed(self.targets[rows])


def _targets(file: ArrayFile, config: DataConfig) -> NDArray[Any]:
    """Labels (N,) or values (N, T), those of several heads side by side. Raises InputError."""
    if config.heads:
        parts = {name: _targets(file, config.of_head(name)) for name in config.heads}
        same_length(file.path, **{name: len(part) for name, part in parts.items()})
        return _beside(config, parts)
    first, *more = config.target_names
    if config.kind == "classification" and not more:
        return labels(file, first, config.classes)
    if more or config.outputs == 1:
        columns = []
        for name in config.target_names:
            info = file.require(name, (1, 2), NUMBERS, "(N,) or (N, 1) numbers, one of data.targets")
            if info.shape[1:] not in {(), (1,)}:
                raise InputError(f"{file.path}: {name!r} has shape {info.shape}, expected (N,) or (N, 1), one of "
                                 f"data.targets for each of {config.target_count} values")
            columns.append(file.read(name).reshape(-1))
            check_finite(file.path, name, 0, columns[-1])
        same_length(file.path, **{name: len(c) for name, c in zip(config.target_names, columns, strict=True)})
        y = np.stack(columns, axis=1).astype(np.float64)
        return one_hot(file.path, ", ".join(config.target_names), y) if config.kind == "classification" else y
    wanted = f"(N, {config.outputs}) numbers (data.targets and data.outputs of the task)"
    info = file.require(first, (2,), NUMBERS, wanted)
    if info.shape[1] != config.outputs:
        raise InputError(f"{file.path}: {first!r} has shape {info.shape}, expected {wanted}")
    values = file.read(first).astype(np.float64)
    check_finite(file.path, first, 0, values)
    return values


def _beside(config: DataConfig, parts: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    """Targets (N, O) of several heads as their outputs are, labels (N,) as one-hot columns."""
    return np.concatenate([
        np.eye(len(head.classes))[parts[name]] if head.classes else parts[name] for name, head in config.heads.items()
    ], axis=1)  # fmt: skip


class TableSource(Source):
    """A table: its numeric columns are the features (F,), others hold the class names, one-hot classes or the targets.

    Those are `data.targets`, or `class` or `label` where that is one name that no column has. Class names are
    compared with the task's, whatever their case and order.
    """

    def __init__(self, path: Path, config: DataConfig, features: tuple[str, ...] = ()) -> None:
        table = read_table(path)
        if table.empty:
            raise InputError(f"{path}: holds no samples")
        targets = self._target_columns(path, table, config)
        besides = {*targets, *wanted_columns(config)}
        names = features or tuple(str(c) for c in table.columns
                                  if c not in besides and pd.api.types.is_numeric_dtype(table[c]))
        if missing := [name for name in names if name not in table.columns]:
            raise InputError(f"{path}: no column {missing[0]!r}, expected the features {', '.join(names)}")
        if (len(names),) != config.shape:
            raise InputError(f"{path}: has {len(names)} numeric columns besides {', '.join(map(repr, targets))}, "
                             f"expected data.shape {list(config.shape)}")
        self.table = np.stack([self._numbers(path, table, name) for name in names], axis=1)
        columns = {name: self._numbers(path, table, name) for name in wanted_columns(config) if name in table.columns}
        super().__init__(path, self._targets(path, table, config), columns)
        self.features = names

    @classmethod
    def _targets(cls, path: Path, table: pd.DataFrame, config: DataConfig) -> NDArray[Any]:
        """Labels (N,) or values (N, T), those of several heads side by side. Raises InputError."""
        if config.heads:
            return _beside(config, {name: cls._targets(path, table, config.of_head(name)) for name in config.heads})
        targets = cls._target_columns(path, table, config)
        if config.kind == "classification" and len(targets) == 1:
            return label_column(path, targets[0], table[targets[0]].to_numpy(), config.classes)
        y = np.stack([cls._numbers(path, table, name) for name in targets], axis=1)
        return one_hot(path, ", ".join(targets), y) if config.kind == "classification" else y

    @classmethod
    def _target_columns(cls, path: Path, table: pd.DataFrame, config: DataConfig) -> tuple[str, ...]:
        """The columns with the targets, one for each. Raises InputError."""
        if config.heads:
            parts = (cls._target_columns(path, table, config.of_head(name)) for name in config.heads)
            return tuple(name for part in parts for name in part)
        names = config.target_names
        found = ", ".join(map(str, table.columns[:20]))
        if config.kind == "regression" and len(names) != config.outputs:
            raise InputError(f"{path}: a column of a table holds one target, expected data.targets with "
                             f"{config.outputs} names (found {names[0]!r}; columns found: {found})")
        if len(names) == 1:
            names = tuple(name for name in (*names, "class", "label") if name in table.columns)[:1]
            if not names:
                raise InputError(f"{path}: no column {config.target_names[0]!r} or 'class', expected one with the "
                                 f"targets (columns found: {found})")
        if missing := [name for name in names if name not in table.columns]:
            raise InputError(f"{path}: no column {missing[0]!r}, expected one for each of data.targets "
                             f"(columns found: {found})")
        return names

    @staticmethod
    def _numbers(path: Path, table: pd.DataFrame, name: str) -> NDArray[np.float64]:
        values = pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        check_finite(path, name, 0, values)
        return values

    def inputs(self, rows: NDArray[np.int64], margin: int) -> tuple[NDArray[np.float32], NDArray[Any]]:
        """Raw features (n, F) and targets."""
        exact = self.table[rows]
        kept = exact.astype(np.float32)
        warn_lost(self.path, self.features, lost(exact, kept))
        return kept, _typed(self.targets[rows])


def _typed(targets: NDArray[Any]) -> NDArray[Any]:
    return targets if targets.dtype == np.int64 else targets.astype(np.float64)


def _keys(name: str, config: DataConfig) -> tuple[str, ...]:
    """What the values of a head are called."""
    names = config.target_names
    return names if len(names) == config.outputs else tuple(f"{name}.{k}" for k in range(config.outputs))


@LAYOUTS.register("arrays")
class Arrays(Layout):
    """Any arrays or columns that the task names."""

    name = "arrays"
    kinds = ("classification", "regression", "several")
    scalings = ("robust", "standard", "common", "none")
    settings = frozenset({"shape", "outputs"})

    def problems(self) -> Iterator[str]:
        """The shape of an input is needed, and a target for every output."""
        yield from super().problems()
        config = self.config
        if not config.shape:
            yield "shape: the layout 'arrays' needs the shape of one input"
        if (config.kind == "regression") != bool(config.outputs):
            yield "outputs: a regression with the layout 'arrays' needs it, no other task has it"
        if config.heads:
            for name in config.heads:
                yield from (f"heads.{name}.{problem}" for problem in Arrays(config.of_head(name)).problems())
            return
        names = config.target_names
        if len(names) != 1 and (len(names), len(set(names))) != (config.target_count,) * 2:
            yield (f"targets: expected one name, or a list of {config.target_count} different ones, one per "
                   f"{'class' if config.classes else 'output'}")

    @property
    def input_shape(self) -> tuple[int, ...]:
        """As the task says."""
        return tuple(self.config.shape)

    @property
    def target_keys(self) -> tuple[str, ...]:
        """Of several heads: the names of values, and `HEAD=CLASS`."""
        config = self.config
        if not config.heads:
            return super().target_keys
        return tuple(
            key
            for name, head in config.heads.items()
            for key in ([f"{name}={label}" for label in head.classes] or _keys(name, config.of_head(name)))
        )

    @property
    def target_names(self) -> tuple[str, ...]:
        """The same for people."""
        return self.target_keys if self.config.heads else super().target_names

    @property
    def target_texts(self) -> tuple[str, ...]:
        """The same for firmware; the largest output of a class is the answer."""
        return self.target_keys if self.config.heads else super().target_texts

    def output_units(self, y: NDArray[Any]) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Those of the values; one-hot columns of classes have none."""
        offset, scale = (list(found) for found in super().output_units(y))
        first = 0
        for head in self.config.heads.values():
            if head.classes:
                offset[first : first + head.count] = [0.0] * head.count
                scale[first : first + head.count] = [1.0] * head.count
            first += head.count
        return tuple(offset), tuple(scale)

    def _parts(self, y: NDArray[Any]) -> Iterator[tuple[DataConfig, NDArray[Any]]]:
        """The settings of every head, with its labels (N,) or values (N, T)."""
        first = 0
        for name, head in self.config.heads.items():
            own = y[:, first : first + head.count]
            yield self.config.of_head(name), own.argmax(axis=1) if head.classes else own
            first += head.count

    @property
    def files(self) -> str:
        """Arrays or columns by name."""
        names = ", ".join(map(repr, self.config.target_names))
        return f"npz, npy, HDF5 or a table with {self.config.inputs!r} and {names}"

    def open(self, files: Sequence[Path], features: tuple[str, ...] = ()) -> list[Source]:
        """One source per table and per set of arrays; tables have the `features` of the first. Raises InputError."""
        sources: list[Source] = []
        tables = [path for path in files if table_format(path)]
        for path in tables:
            sources.append(TableSource(path, self.config, features))
            features = features or sources[-1].features
        arrays = array_sets([path for path in files if path not in tables])
        return [*sources, *(ArraySource(paths, self.config) for paths in arrays)]

    def arrays(self, raw: NDArray[np.float32], y: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """The arrays by the names that the task gives them."""
        config, names = self.config, self.config.target_names
        if config.heads:
            return {name: part for head, own in self._parts(y) for name, part in Arrays(head).arrays(raw, own).items()}
        if len(names) == 1:
            return {config.inputs: raw, names[0]: y}
        columns = np.eye(len(names), dtype=np.int8)[y] if config.kind == "classification" else y
        return {config.inputs: raw, **dict(zip(names, columns.T, strict=True))}
