"""Designs for firmware are spread along the front, ends included."""

from typing import Any

import pytest

from nac.pipeline.select import along_the_front, spread
from nac.report.front import Front


def _front(points: list[tuple[float, float]], kind: str = "design") -> Front:
    rows: list[dict[str, Any]] = [
        {
            "kind": kind, "name": f"{index:04d}", "trial": index, "feasible": True,
            "hash": "same", "accuracy": accuracy, "bops": bops,
        }
        for index, (accuracy, bops) in enumerate(points)
    ]  # fmt: skip
    return Front.build(rows, ["accuracy", "bops"], metrics=("accuracy",), task="toy")


LADDER = [(0.5, 10.0), (0.6, 20.0), (0.7, 40.0), (0.8, 80.0), (0.9, 160.0)]


@pytest.mark.parametrize(
    ("count", "expected"), [(1, [4]), (2, [4, 0]), (3, [4, 2, 0]), (5, [4, 3, 2, 1, 0]), (9, [4, 3, 2, 1, 0])]
)
def test_even_steps_with_both_ends(count: int, expected: list[int]) -> None:
    assert [row["trial"] for row in along_the_front(_front(LADDER), count)] == expected


def test_the_next_front_fills_up() -> None:
    dominated = [*LADDER, (0.55, 30.0)]
    assert {row["trial"] for row in along_the_front(_front(dominated), 6)} == {0, 1, 2, 3, 4, 5}


def test_rows_without_a_value_are_left_out() -> None:
    front = _front([(float("nan"), 1.0), (0.5, 10.0)])
    assert [row["trial"] for row in along_the_front(front, 2)] == [1]


def test_trials_are_not_taken() -> None:
    assert along_the_front(_front(LADDER, kind="trial"), 3) == []


def test_spread_keeps_order_and_count() -> None:
    items = [{"k": index} for index in range(10)]
    assert [item["k"] for item in spread(items, 4)] == [0, 3, 6, 9]
