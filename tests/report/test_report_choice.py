"""What chooses is not what is shown: choices go by `choice_` metrics, tables show those that no choice has seen."""

from pathlib import Path

import numpy as np
import pytest

from nac.pipeline.select import along_the_front
from nac.report import Front

ROOT = Path(__file__).resolve().parents[2]


def rows(kind: str) -> list[dict[str, object]]:
    named = [("lucky", 0.70, 0.60), ("good", 0.68, 0.66), ("poor", 0.60, 0.69)]
    return [
        {"kind": kind, "name": name, "choice_accuracy": choice, "accuracy": shown, "bops": 10.0, "feasible": True}
        for name, choice, shown in named
    ]


@pytest.mark.parametrize("kind", ["design", "trial"])
def test_choices_never_see_what_is_shown(kind: str) -> None:
    front = Front.build(rows(kind), ["accuracy", "bops"], metrics=("accuracy",))
    best = front.best("accuracy")
    assert (best["name"], best["accuracy"]) == ("lucky", 0.60)
    assert front.table.loc[front.table["front"], "name"].tolist() == ["lucky"]
    assert front.best("bops")["name"] == "lucky"  # a tie goes to the better one by what chooses
    assert "choice_accuracy" not in front.names + front.shown
    assert [row["name"] for row in front.where(["accuracy>=0.65"]).records()] == ["good", "poor"]


def test_firmware_is_made_of_designs_chosen_likewise() -> None:
    front = Front.build(rows("design"), ["accuracy", "bops"], metrics=("accuracy",))
    assert [row["name"] for row in along_the_front(front, 1)] == ["lucky"]


def test_rows_of_older_runs_choose_by_what_they_have() -> None:
    older = {"kind": "design", "name": "older", "accuracy": 0.71, "bops": 10.0, "feasible": True}
    front = Front.build([*rows("design"), older], ["accuracy", "bops"], metrics=("accuracy",))
    assert front.best("accuracy")["name"] == "older"


def test_the_best_that_is_compared_with_a_linear_model_is_the_chosen_one() -> None:
    linear = {"kind": "baseline", "name": "linear", "accuracy": 0.65, "architecture": "", "feasible": True}
    front = Front.build([*rows("design"), linear], ["accuracy", "bops"], metrics=("accuracy",))
    assert front.warnings == ["design lucky: accuracy 60.00 % is worse than the linear model's 65.00 %"]


@pytest.mark.parametrize(
    ("accuracy", "error", "expected"),
    [
        (0.671, 0.012, "67.1 ± 1.2 % is within its error no better than the linear model's 66.9 ± 1.2 %"),
        (0.660, 0.012, "66.0 ± 1.2 % is within its error no better than the linear model's 66.9 ± 1.2 %"),
        (0.650, 0.012, "65.0 ± 1.2 % is worse than the linear model's 66.9 ± 1.2 %"),
        (0.682, 0.012, None),
        (0.671, 0.001, None),
    ],
)
def test_a_network_is_better_than_a_linear_model_by_more_than_its_error(
    accuracy: float, error: float, expected: str | None
) -> None:
    network = {"kind": "design", "name": "net", "accuracy": accuracy, "accuracy_se": error, "bops": 10.0}
    linear = {"kind": "baseline", "name": "linear", "accuracy": 0.669, "accuracy_se": 0.012, "architecture": ""}
    front = Front.build([network, linear], ["accuracy", "bops"], metrics=("accuracy",))
    assert front.warnings == ([] if expected is None else [f"design net: accuracy {expected}"])


def test_an_error_as_objective_must_be_lower_by_its_standard_error() -> None:
    constant = {"kind": "baseline", "name": "constant", "rmse": 62.0, "rmse_se": 2.0, "architecture": ""}
    networks = [
        {"kind": "design", "name": name, "rmse": rmse, "rmse_se": 3.0, "bops": bops}
        for name, rmse, bops in (("good", 58.0, 30.0), ("level", 60.0, 20.0), ("bad", 66.0, 10.0))
    ]
    front = Front.build([*networks, constant], ["rmse", "bops"], metrics=("rmse",))
    assert front.warnings == [
        "design level: rmse 60.0 ± 3.0 is within its error no better than the constant answer's 62.0 ± 2.0",
        "design bad: rmse 66.0 ± 3.0 is worse than the constant answer's 62.0 ± 2.0",
    ]


def test_the_benchmark_finds_the_optimism_of_a_choice_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import optimism

    random = np.random.default_rng(0)
    known = [{"kind": kind, "name": str(k), "bops": 10.0} for kind in ("trial", "design") for k in range(12)]
    hits = {name: random.random((24, n)) < 0.6 for name, n in (("choose", 100), ("judge", 100), ("held", 8000))}
    found = optimism.repeated(optimism.Networks(known, hits), 150, 0)
    deviation = 100 * np.sqrt(0.24 / 100)
    for chosen in ("search front", "design front", "best design"):
        naive, rescored = found[chosen, "naive"], found[chosen, "rescored"]
        assert naive.points == pytest.approx(1.63 * deviation, abs=4 * naive.error)  # the largest of 12 normal values
        assert rescored.points == pytest.approx(0.0, abs=4 * rescored.error)
        assert 0 < rescored.error < 0.5
