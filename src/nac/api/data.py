"""Samples in memory, as a program hands them over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from nac.errors import InputError

INPUTS, TARGET, GROUP, WEIGHT = "x", "y", "group", "weight"
"""What the arrays are called in the file that a run keeps them in."""

Targets = Mapping[str, npt.ArrayLike | tuple[npt.ArrayLike, str]]


@dataclass(frozen=True)
class Dataset:
    """N samples: `x` (N, ...), named `targets` (N,) or (N, T) with their `units`, and columns (N,).

    `weights` say how much a sample counts in a training and `groups` which samples are never divided between the
    splits (a detector panel, a run, an event).
    """

    x: npt.NDArray[Any]
    targets: Mapping[str, npt.NDArray[Any]]
    units: Mapping[str, str] = field(default_factory=dict)
    weights: npt.NDArray[Any] | None = None
    groups: npt.NDArray[Any] | None = None

    @classmethod
    def from_arrays(
        cls,
        x: npt.ArrayLike,
        y: npt.ArrayLike | Targets,
        *,
        weights: npt.ArrayLike | None = None,
        groups: npt.ArrayLike | None = None,
    ) -> "Dataset":
        """Samples from anything that numpy takes for an array.

        Args:
            x: (N, ...) numbers, images and traces with or without an axis of channels before the others.
            y: labels (N,), numbers from 0 or names, one-hot (N, C), or values (N,) or (N, T); several targets by
                name, each as `(values, unit)` or values alone.
            weights: (N,).
            groups: (N,) numbers or names.

        Raises:
            InputError: arrays differ in length, or are of a kind that no network takes.

        >>> data = Dataset.from_arrays(x=[[0.0, 1.0], [1.0, 0.0]], y={"energy": ([5.0, 7.0], "GeV")})
        >>> len(data), data.units
        (2, {'energy': 'GeV'})
        """
        named: Mapping[str, Any] = y if isinstance(y, Mapping) else {TARGET: y}
        pairs = {name: given if _with_unit(given) else (given, "") for name, given in named.items()}
        if not pairs:
            raise InputError("y: has no target, expected at least one")
        found = cls(
            x=np.asarray(x),
            targets={name: np.asarray(values) for name, (values, _) in pairs.items()},
            units={name: unit for name, (_, unit) in pairs.items() if unit},
            weights=None if weights is None else np.asarray(weights),
            groups=None if groups is None else np.asarray(groups),
        )
        found._check()
        return found

    def __len__(self) -> int:
        return len(self.x)

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """Shape of one input, as it was given."""
        return self.x.shape[1:]

    def arrays(self, shape: tuple[int, ...], targets: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        """What the file of a run holds: inputs of another `shape` of as many values, targets, columns."""
        columns = {WEIGHT: self.weights, GROUP: _numbered(self.groups)}
        return {
            INPUTS: self.x.reshape(len(self), *shape), **targets,
            **{name: values for name, values in columns.items() if values is not None},
        }  # fmt: skip

    def _check(self) -> None:
        columns = {"weights": self.weights, "groups": self.groups}
        given = {"x": self.x, **self.targets, **{name: v for name, v in columns.items() if v is not None}}
        for name, values in given.items():
            if not values.ndim:
                raise InputError(f"{name}: is one value, expected an array with one row per sample")
            if values.dtype.kind not in ("biuf" if name in {"x", "weights"} else "biufUS"):
                raise InputError(f"{name}: has type {values.dtype}, expected numbers")
        if len({len(values) for values in given.values()}) != 1 or not len(self.x):
            found = ", ".join(f"{name} {len(values)}" for name, values in given.items())
            raise InputError(f"arrays differ in length or are empty ({found}), expected one row per sample in each")
        for name in columns.keys() & given.keys():
            if given[name].ndim != 1:
                raise InputError(f"{name}: has shape {given[name].shape}, expected (N,)")
        if taken := [name for name in self.targets if name in {INPUTS, GROUP, WEIGHT} or not name.isidentifier()]:
            raise InputError(f"y: {taken[0]!r} is no name for a target, expected letters, digits and '_', and none of "
                             f"{INPUTS}, {GROUP}, {WEIGHT}")


def _with_unit(given: object) -> bool:
    """Whether a target was given as (values, unit)."""
    return isinstance(given, tuple) and len(given) == 2 and isinstance(given[1], str) and not isinstance(given[0], str)


def _numbered(groups: npt.NDArray[Any] | None) -> npt.NDArray[Any] | None:
    """Groups as numbers, in the order of their names."""
    return None if groups is None else np.unique(groups, return_inverse=True)[1].astype(np.int64)


def classes_of(labels: npt.NDArray[Any], names: Sequence[str] | None) -> tuple[tuple[str, ...], npt.NDArray[Any]]:
    """The classes of labels (N,), numbers or names, or one-hot (N, C), and labels that the file of a run holds.

    Raises InputError where labels are no whole numbers.
    """
    if names is not None:
        return tuple(map(str, names)), labels
    if labels.ndim == 2 and labels.shape[1] > 1:
        return tuple(map(str, range(labels.shape[1]))), labels
    flat = labels.reshape(-1)
    if flat.dtype.kind in "US":
        known, found = np.unique(flat, return_inverse=True)
        return tuple(map(str, known)), found.astype(np.int64)
    if (flat != np.floor(flat)).any() or flat.min() < 0:
        raise InputError("y: has labels that are no whole numbers from 0, expected such, names of classes or one-hot")
    return tuple(map(str, range(int(flat.max()) + 1))), flat.astype(np.int64)
