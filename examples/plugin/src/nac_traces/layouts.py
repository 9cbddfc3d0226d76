"""A data layout."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nac.config import DataConfig
from nac.errors import InputError
from nac.tasks.formats import open_arrays
from nac.tasks.layouts import Layout
from nac.tasks.sources import Source, allocate, fill, other_columns, same_length, wanted_columns


class TraceSource(Source):
    """`traces` (N, S) counts and one target (N,) of a file."""

    def __init__(self, path: Path, config: DataConfig, samples: int, baseline: int) -> None:
        self.samples, self.baseline = samples, baseline
        (target,) = config.target_names
        with open_arrays(path) as file:
            expected = f"(N, {samples}) counts of the digitiser"
            info = file.require("traces", (2,), "iuf", expected)
            if info.shape[1] < samples:
                raise InputError(f"{path}: 'traces' has shape {info.shape}, expected {expected}")
            file.require(target, (1,), "iuf", "a target for every trace")
            y = file.read(target).astype(np.float64)[:, None]
            n = same_length(path, traces=info.shape[0], **{target: len(y)})
            columns = other_columns(file, n, ("traces", target), wanted_columns(config))
        super().__init__(path, y, columns)

    def inputs(self, rows: NDArray[np.int64], margin: int) -> tuple[NDArray[np.float32], NDArray[Any]]:
        """Traces (n, S) over their own baselines, and targets (n, 1)."""
        with open_arrays(self.path) as file:
            out = fill(allocate(self.path, len(rows), (self.samples,)), rows, file, "traces", self._over_baseline)
        return out, self.targets[rows]

    def _over_baseline(self, counts: NDArray[Any]) -> NDArray[np.float64]:
        counts = counts[:, : self.samples].astype(np.float64)
        return np.asarray(counts - counts[:, : self.baseline].mean(axis=1, keepdims=True))


class Traces(Layout):
    """Digitised traces, each over the mean of its first `baseline` samples."""

    name = "traces"
    kinds = ("regression",)
    scalings = ("common", "standard", "none")
    metrics = ("sigma68", "mae")
    target_unit = "counts"

    def __init__(self, config: DataConfig, samples: int = 32, baseline: int = 8) -> None:
        super().__init__(config)
        self.samples, self.baseline = samples, baseline

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(S,)."""
        return (self.samples,)

    @property
    def outputs(self) -> int:
        """One."""
        return 1

    @property
    def files(self) -> str:
        """Traces and a target."""
        return f"npz or HDF5: traces (N, {self.samples}) and {self.config.target_names[0]} (N,)"

    def open(self, files: Sequence[Path], features: tuple[str, ...] = ()) -> list[Source]:
        """One source a file. Raises InputError."""
        return [TraceSource(path, self.config, self.samples, self.baseline) for path in files]

    def arrays(self, raw: NDArray[np.float32], y: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Traces without a baseline are such traces as well."""
        return {"traces": raw, self.config.target_names[0]: y[:, 0]}
