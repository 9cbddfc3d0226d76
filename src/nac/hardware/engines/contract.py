"""What an engine is, and the engines by name."""

import hashlib
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from nac.design import Design
from nac.errors import InputError, WorkError
from nac.registry import Registry

Values = npt.NDArray[np.float64]


class Engine(Protocol):
    """The extension point: something that computes a design's outputs."""

    name: str

    def predict(self, x: npt.NDArray[np.float32]) -> Values:
        """Raw network outputs.

        Args:
            x: (N, *input) on the network's input grid, or raw integers (`Design.quantised_input`).

        Returns:
            (N, outputs).
        """
        ...


ENGINES: Registry[Callable[[Design], Engine]] = Registry("engine", "nac.hardware.engines")
"""What makes an engine of a design, a class or a function."""


def engine(name: str, design: Design) -> Engine:
    """The engine of this name for a design. Raises InputError for an unknown name."""
    return ENGINES[name](design)


def require_samples(x: npt.NDArray[Any]) -> None:
    """Raise InputError where there is nothing to predict."""
    if not len(x):
        raise InputError("no samples to predict")


def require_answers(found: npt.NDArray[Any], expected: npt.NDArray[Any], where: str) -> None:
    """Raise WorkError where an output stage gives other answers (N, answers) than it should."""
    different = (found != expected).any(axis=1)
    if different.any():
        raise WorkError(f"{where}: {different.sum()} of {len(found)} answers are not those to its outputs")


def batches(x: npt.NDArray[Any], size: int) -> list[Values]:
    """Inputs (N, ...) in double precision, in parts of at most `size`. Raises InputError when there are none."""
    require_samples(x)
    values = np.ascontiguousarray(x, dtype=np.float64)
    return [values[start : start + size] for start in range(0, len(values), size)]


def outputs_sha256(outputs: npt.NDArray[Any]) -> str:
    """Hash of raw outputs (N, outputs) as little-endian float64; equal if and only if every bit is (-0 counts as 0)."""
    canonical = np.ascontiguousarray(outputs, dtype="<f8") + 0.0
    return hashlib.sha256(canonical.tobytes()).hexdigest()
