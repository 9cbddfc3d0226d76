"""Fronts: which points no other beats, how much of the objective space they cover, which few stand for them."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

CORNER = 1.1
"""Up to where volumes count, where every objective is scaled to its range."""

Direction = Literal["minimize", "maximize"]
Values = NDArray[np.float64]


def oriented(values: Values, directions: Sequence[Direction]) -> Values:
    """`values` (N, K) with the columns to be maximised negated, so that less is better everywhere."""
    signs = np.array([-1.0 if direction == "maximize" else 1.0 for direction in directions])
    return np.asarray(np.asarray(values, dtype=np.float64) * signs, dtype=np.float64)


def non_dominated(values: Values, directions: Sequence[Direction]) -> NDArray[np.bool_]:
    """Which rows of `values` (N, K) no other row dominates: a mask of length N.

    A row dominates another when it is at least as good in every column and better in one; equal rows do not
    dominate each other. A row with a missing value (NaN) is never on the front and dominates nothing.
    """
    points = oriented(values, directions)
    mask = np.asarray(np.isfinite(points).all(axis=1), dtype=np.bool_)
    for i in np.flatnonzero(mask):
        rest = points[mask]
        mask[i] = not ((rest <= points[i]).all(axis=1) & (rest < points[i]).any(axis=1)).any()
    return mask


def hypervolume(values: Values, directions: Sequence[Direction], reference: Sequence[float]) -> float:
    """The volume between the front of `values` (N, K) and `reference` (K), exactly.

    `reference` is a point in the objectives' own units and directions; points that are not better than it in
    every objective add nothing. The cost grows as N**(K-1): meant for two to four objectives and fronts of some
    hundred points, for which these few lines spare a compiled dependency (moocore, pymoo).
    """
    corner = oriented(np.asarray([reference], dtype=np.float64), directions)[0]
    points = oriented(values, directions)
    points = points[(points < corner).all(axis=1)] if len(points) else points
    return _volume(points, corner)


def _volume(points: Values, corner: Values) -> float:
    """Volume dominated by `points` (all below `corner`, less is better), by slices along the last axis."""
    if not len(points):
        return 0.0
    if points.shape[1] == 1:
        return float(corner[0] - points[:, 0].min())
    points = points[np.argsort(points[:, -1], kind="stable")]
    edges = np.append(points[:, -1], corner[-1])
    total = 0.0
    for i in range(len(points)):
        height = edges[i + 1] - edges[i]
        if height > 0:
            total += height * _volume(points[: i + 1, :-1], corner[:-1])
    return float(total)


def hypervolume_history(
    values: Values, directions: Sequence[Direction], reference: Sequence[float] | None = None
) -> Values:
    """Hypervolume after each of the N rows of `values` (N, K) in their order: length N, never falling.

    Without a `reference` the worst value of each finite column is taken, widened by a tenth of its range.
    """
    values = np.asarray(values, dtype=np.float64)
    if reference is None:
        reference = worst_point(values, directions)
    history = np.empty(len(values))
    front = np.empty((0, values.shape[1]))
    for i, row in enumerate(values):
        if np.isfinite(row).all():
            front = np.vstack([front, row])
            front = front[non_dominated(front, directions)]
        history[i] = hypervolume(front, directions, reference)
    return history


def worst_point(values: Values, directions: Sequence[Direction]) -> list[float]:
    """A reference point just behind the worst finite value of every column of `values` (N, K)."""
    points = oriented(values, directions)
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return [0.0] * len(directions)
    low, high = points.min(axis=0), points.max(axis=0)
    corner = high + 0.1 * np.where(high > low, high - low, 1.0)
    return [float(v) for v in oriented(corner[None, :], directions)[0]]


def representatives(values: Values, directions: Sequence[Direction], logarithmic: Sequence[bool], n: int) -> list[int]:
    """Indices of `n` rows of `values` (N, K) that stand for the whole set, the most useful ones first.

    The best in the first objective comes first, then whichever adds most to the hypervolume; a row that adds
    nothing is taken only when no other is left. Every objective is scaled to its range, by its logarithm where
    `logarithmic` says so (and all values are positive): the choice spreads over the front and leaves out steps
    that gain little. Rows with a missing value are never taken.
    """
    values = np.asarray(values, dtype=np.float64)
    rest = [int(i) for i in np.flatnonzero(np.isfinite(values).all(axis=1))]
    if not rest:
        return []
    points = _scaled(values, directions, logarithmic)
    corner = np.full(points.shape[1], CORNER)
    chosen = [min(rest, key=lambda i: tuple(points[i]))][:n]
    while len(chosen) < n and (rest := [i for i in rest if i not in chosen]):
        chosen.append(max(rest, key=lambda i: _volume(points[[*chosen, i]], corner)))
    return chosen


def gains(fronts: Sequence[Values], directions: Sequence[Direction], logarithmic: Sequence[bool]) -> list[float]:
    """What every front (N, K) adds to the hypervolume of all others, objectives scaled as in `representatives`.

    Rows with a missing value add nothing.
    """
    if not fronts:
        return []
    owners = np.concatenate([np.full(len(values), index) for index, values in enumerate(fronts)])
    values = np.concatenate([np.asarray(values, dtype=np.float64) for values in fronts])
    known = np.isfinite(values).all(axis=1)
    if not known.any():
        return [0.0] * len(fronts)
    points, owners = _scaled(values[known], directions, logarithmic), owners[known]
    corner = np.full(points.shape[1], CORNER)
    less: list[Direction] = ["minimize"] * points.shape[1]

    def volume(of: NDArray[np.bool_]) -> float:
        return _volume(points[of][non_dominated(points[of], less)], corner) if of.any() else 0.0

    whole = volume(np.ones(len(points), dtype=np.bool_))
    return [whole - volume(owners != index) for index in range(len(fronts))]


def _scaled(values: Values, directions: Sequence[Direction], logarithmic: Sequence[bool]) -> Values:
    """Objectives (N, K) from 0, the best, to 1, by the logarithm of those that are all positive, less is better."""
    points = values.copy()
    known = np.isfinite(values).all(axis=1)
    for k, logarithm in enumerate(logarithmic):
        if logarithm and (points[known, k] > 0).all():
            points[known, k] = np.log(points[known, k])
    points = oriented(points, directions)
    low, high = points[known].min(axis=0), points[known].max(axis=0)
    return np.asarray((points - low) / np.where(high > low, high - low, 1.0))
