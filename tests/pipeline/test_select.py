"""Designs for firmware stand for the front."""

from typing import Any

import pytest

from nac.pipeline.select import along_the_front
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
    ("count", "expected"), [(1, [4]), (2, [4, 2]), (3, [4, 2, 1]), (5, [4, 2, 1, 3, 0]), (9, [4, 2, 1, 3, 0])]
)
def test_the_best_then_what_covers_most(count: int, expected: list[int]) -> None:
    assert [row["trial"] for row in along_the_front(_front(LADDER), count)] == expected


def test_dominated_designs_come_last() -> None:
    dominated = [*LADDER, (0.55, 30.0)]
    chosen = [row["trial"] for row in along_the_front(_front(dominated), 6)]
    assert chosen[-1] == 5
    assert set(chosen) == {0, 1, 2, 3, 4, 5}


def test_a_poor_design_at_the_cheap_end_does_not_displace_a_good_one() -> None:
    cliff = [(0.676, 563e3), (0.670, 186e3), (0.669, 120e3), (0.664, 79e3), (0.614, 39e3), (0.52, 23e3), (0.47, 19e3)]
    chosen = [row["trial"] for row in along_the_front(_front(cliff), 3)]
    assert chosen[0] == 0
    assert not {5, 6} & set(chosen)


def test_rows_without_a_value_are_left_out() -> None:
    front = _front([(float("nan"), 1.0), (0.5, 10.0)])
    assert [row["trial"] for row in along_the_front(front, 2)] == [1]


def test_trials_are_not_taken() -> None:
    assert along_the_front(_front(LADDER, kind="trial"), 3) == []
