"""The table: what is on the front, what can be asked of it, what is refused."""

import io
import json
import math

import pytest
from rich.console import Console

from nac.errors import InputError
from nac.report import Front, front_table
from nac.report.tables import caption, sorted_rows


def dominated(row: dict[str, object], others: list[dict[str, object]]) -> bool:
    def number(r: dict[str, object], name: str) -> float:
        return float(r[name])  # type: ignore[arg-type]

    return any(
        number(o, "accuracy") >= number(row, "accuracy") and number(o, "bops") <= number(row, "bops")
        and (number(o, "accuracy"), number(o, "bops")) != (number(row, "accuracy"), number(row, "bops"))
        for o in others
    )


def test_each_kind_has_its_own_front(front: Front) -> None:
    for kind in ("trial", "design"):
        records = [record for record in front.records() if record["kind"] == kind and record["feasible"]]
        for record in records:
            assert record["front"] == (not dominated(record, records)), record["name"]


def test_an_infeasible_trial_is_never_on_the_front_and_never_best(front: Front) -> None:
    table = front.table.copy()
    table.loc[table["name"] == "0005", "accuracy"] = 0.99
    table.loc[table["kind"] == "design", "accuracy"] = math.nan
    changed = Front.build(table.to_dict("records"), front.objectives)  # type: ignore[arg-type]
    assert not changed.table.set_index("name").loc["0005", "front"]
    assert changed.best("accuracy")["name"] != "0005"


def test_where_keeps_what_satisfies_all_and_marks_the_front_anew(front: Front) -> None:
    kept = front.where(["bops<=100000", "bits<=6", "accuracy>=60%"])
    assert len(kept.table)
    assert (kept.table["bops"] <= 100000).all()
    assert (kept.table["bits"] <= 6).all()
    assert (kept.table["accuracy"] >= 0.6).all()
    assert kept.of("design")["front"].any()


def test_where_on_a_number_that_only_some_rows_have(front: Front) -> None:
    kept = front.where(["lut<=1e9"])
    assert set(kept.table["bits"]) == {6, 4}


def test_best_is_the_best_design_in_the_direction_of_the_name(front: Front) -> None:
    assert front.best("accuracy")["name"] == "t0001-w8-s0"
    assert front.best("bops")["name"] == "t0001-w4-s90"
    assert front.where(["lut<=5000"]).best("accuracy")["lut"] <= 5000


def test_best_falls_back_to_trials_when_there_is_no_design(front: Front) -> None:
    trials = Front.build([r for r in front.records() if r["kind"] == "trial"], front.objectives)
    best = trials.best("accuracy")
    assert best["kind"] == "trial"
    assert best["accuracy"] == trials.table.loc[trials.table["feasible"] != False, "accuracy"].max()  # noqa: E712


def test_ties_go_to_the_cheaper_design() -> None:
    row = {"kind": "design", "accuracy": 0.6}
    tied = Front.build([{**row, "name": "a", "bops": 9}, {**row, "name": "b", "bops": 3}], ["accuracy", "bops"])
    assert tied.best("accuracy")["name"] == "b"


def test_unknown_names_and_empty_choices_are_sentences(front: Front) -> None:
    with pytest.raises(InputError, match="no value named 'speed' here, expected one of: trial, bits, "):
        front.where(["speed<=1"])
    with pytest.raises(InputError, match="no row has such a value"):
        front.best("speed")
    with pytest.raises(InputError, match="no row has such a value, expected one of: none, no row is left"):
        front.where(["accuracy>=99%"]).best("accuracy")


def test_the_test_split_cannot_be_chosen_by(front: Front) -> None:
    with pytest.raises(InputError, match="no value named 'test_accuracy'"):
        front.where(["test_accuracy>=0.6"])
    with pytest.raises(InputError, match="choose by accuracy"):
        front.best("test_accuracy")


def test_other_objectives_give_another_front(front: Front) -> None:
    other = front.marked(["lut", "accuracy"])
    assert not other.of("trial")["front"].any()
    assert other.of("design")["front"].sum() > 1
    with pytest.raises(InputError, match="no value named"):
        front.marked(["watts"])


def test_the_json_form_is_strict_json(front: Front) -> None:
    text = json.dumps(front.to_json(best="accuracy"), allow_nan=False)
    read = json.loads(text)
    assert read["best"]["name"] == "t0001-w8-s0"
    assert [(o["name"], o["direction"]) for o in read["objectives"]] == [("accuracy", "maximize"), ("bops", "minimize")]
    assert len(read["rows"]) == len(front.table)
    assert read["states"] == {"complete": 40, "failed": 2}


def test_an_empty_run_has_an_empty_table() -> None:
    empty = Front.build([], ["accuracy", "bops"])
    assert empty.records() == []
    assert empty.names == []
    with pytest.raises(InputError):
        empty.best("accuracy")


def test_the_table_shows_marks_units_and_both_splits(front: Front) -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(front_table(front, best=front.best("accuracy")))
    text = " ".join(console.export_text().split())
    for expected in ("(test)", "66.00 %", "t0001-w4-s90", "●", "yes", "2 failed"):
        assert expected in text


def test_baselines_are_shown_never_chosen_and_warned_of() -> None:
    rows = [
        {"kind": "design", "name": "bad", "rmse": 373.0, "bops": 10.0, "feasible": True},
        {"kind": "design", "name": "fair", "rmse": 60.0, "bops": 20.0, "feasible": True},
        {"kind": "baseline", "name": "constant", "rmse": 62.0, "architecture": "", "feasible": True},
        {"kind": "baseline", "name": "linear", "rmse": 60.0, "bops": 1.0, "architecture": "", "feasible": True},
    ]
    front = Front.build(rows, ["rmse", "bops"], metrics=("rmse",), task="toy")
    assert front.best("bops")["name"] == "bad"
    assert not front.of("baseline")["front"].any()
    assert front.warnings == [
        "design bad: rmse 373.0000 is worse than the constant answer's 62.0000",
        "design fair: rmse 60.0000 is no better than the linear model's 60.0000",
    ]
    assert front.to_json()["warnings"] == front.warnings
    assert "WARNING: design bad" in caption(front)
    assert [row["name"] for row in sorted_rows(front)] == ["fair", "bad", "linear", "constant"]
    better = Front.build([{**rows[1], "rmse": 50.0}, *rows[2:]], ["rmse", "bops"], metrics=("rmse",))
    assert better.warnings == []
