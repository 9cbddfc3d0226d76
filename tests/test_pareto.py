"""Fronts and hypervolumes against their definitions, computed the slow way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from nac.pareto import (
    Direction,
    gains,
    hypervolume,
    hypervolume_history,
    non_dominated,
    representatives,
    worst_point,
)

values = arrays(
    float, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9).filter(lambda s: s[1] <= 4),
    elements=st.integers(0, 6).map(float) | st.just(np.nan),
)
finite = arrays(float, st.tuples(st.integers(0, 8), st.integers(1, 3)), elements=st.integers(0, 5).map(float))


def directions_for(points: NDArray[np.float64], flags: int) -> list[Direction]:
    return ["maximize" if flags >> k & 1 else "minimize" for k in range(points.shape[1])]


def beats(a: NDArray[np.float64], b: NDArray[np.float64], directions: list[Direction]) -> bool:
    if np.isnan(a).any():
        return False
    better = [x >= y if d == "maximize" else x <= y for x, y, d in zip(a, b, directions, strict=True)]
    return all(better) and bool((a != b).any())


@given(values, st.integers(0, 15))
def test_the_front_is_what_nothing_dominates(points: NDArray[np.float64], flags: int) -> None:
    directions = directions_for(points, flags)
    expected = [
        not np.isnan(point).any() and not any(beats(other, point, directions) for other in points) for point in points
    ]
    assert list(non_dominated(points, directions)) == expected


@given(finite)
def test_the_hypervolume_is_the_number_of_unit_cells_covered(points: NDArray[np.float64]) -> None:
    k = points.shape[1]
    cells = np.stack(np.meshgrid(*[np.arange(6.0)] * k, indexing="ij"), axis=-1).reshape(-1, k)
    covered = sum(any((point <= cell).all() for point in points) for cell in cells)
    assert hypervolume(points, ["minimize"] * k, [6.0] * k) == pytest.approx(covered)


@given(finite, st.integers(0, 7))
def test_directions_only_mirror_the_volume(points: NDArray[np.float64], flags: int) -> None:
    directions = directions_for(points, flags)
    signs = np.array([-1.0 if d == "maximize" else 1.0 for d in directions])
    reference = [6.0] * points.shape[1]
    mirrored = hypervolume(points * signs, directions, list(np.array(reference) * signs))
    assert mirrored == pytest.approx(hypervolume(points, ["minimize"] * points.shape[1], reference))


@given(finite.filter(len), st.integers(0, 7))
def test_the_history_never_falls_and_ends_at_the_whole(points: NDArray[np.float64], flags: int) -> None:
    directions = directions_for(points, flags)
    history = hypervolume_history(points, directions)
    assert (np.diff(history) >= -1e-9).all()
    assert history[-1] == pytest.approx(hypervolume(points, directions, worst_point(points, directions)))


def test_a_row_with_a_missing_value_adds_nothing() -> None:
    points = np.array([[1.0, np.nan], [2.0, 2.0]])
    assert list(hypervolume_history(points, ["minimize", "minimize"], [3.0, 3.0])) == [0.0, 1.0]
    assert list(non_dominated(points, ["minimize", "minimize"])) == [False, True]


@given(values, st.integers(0, 15), st.integers(0, 12))
def test_representatives_are_distinct_finite_and_front_members_first(
    points: NDArray[np.float64], flags: int, n: int
) -> None:
    directions = directions_for(points, flags)
    chosen = representatives(points, directions, [False] * points.shape[1], n)
    finite_rows = int(np.isfinite(points).all(axis=1).sum())
    assert len(chosen) == len(set(chosen)) == min(n, finite_rows)
    on_front = non_dominated(points, directions)
    if chosen:
        assert on_front[chosen[0]]


def test_representatives_see_costs_by_their_logarithm() -> None:
    ladder = np.array([[0.5 + 0.1 * k, 10.0**k] for k in range(5)])
    assert representatives(ladder, ["maximize", "minimize"], [False, True], 3) == [4, 2, 1]


def test_a_front_is_worth_what_the_others_lack() -> None:
    directions: list[Direction] = ["maximize", "minimize"]
    cheap, dear, inferior = np.array([[0.6, 10.0], [0.7, 100.0]]), np.array([[0.9, 1000.0]]), np.array([[0.65, 500.0]])
    assert gains([], directions, [False, True]) == []
    assert gains([np.array([[np.nan, 1.0]])], directions, [False, True]) == [0.0]
    found = gains([cheap, dear, inferior], directions, [False, True])
    assert found[2] == 0.0
    assert min(found[:2]) > 0.05
    twice = gains([cheap, dear, inferior, cheap], directions, [False, True])
    assert twice[0] == twice[3] == 0.0, "one of two equal fronts is enough"
    assert twice[1] == pytest.approx(found[1])
