"""The table: what is on the front, what can be asked of it, what is refused."""

import io
import json
import math

import pytest
from rich.console import Console

from nac.errors import InputError
from nac.report import Front, frame, front_table
from nac.report.quantities import quantity, with_error
from nac.report.tables import caption, sorted_rows, terminal_columns


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


def test_folds_are_shown_and_asked_for_where_genes_say_them(front: Front) -> None:
    assert "fold" not in terminal_columns(front) and "fold" not in front.names
    rows = [{**row, "fold": 4.0 if index % 2 else 16.0} for index, row in enumerate(front.records())]
    folded = Front.build(rows, front.objectives)
    assert "fold" in terminal_columns(folded)
    assert set(folded.where(["fold<=4"]).table["fold"]) == {4.0}
    assert quantity("fold").text(16.0) == "16"


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
    with pytest.raises(InputError, match="no row has a value of 'ff', expected one of: "):
        front.where(["ff<=1"])
    with pytest.raises(InputError, match="--best accuracy: no row is left to choose from"):
        front.where(["accuracy>=99%"]).best("accuracy")


def test_the_test_split_narrows_but_cannot_be_chosen_by(front: Front) -> None:
    kept = front.where(["test_accuracy>=0.65"])
    assert set(kept.table["kind"]) == {"design"}
    assert kept.table["test_accuracy"].min() >= 0.65
    assert front.where(["test_accuracy>=0.99"]).table.empty
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
    console.print(front_table(front, choice=front.choose("accuracy")))
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


def known_to(se: float, metric: str = "accuracy") -> Front:
    """Four designs: accuracies 0.70, 0.69, 0.685, 0.66, each cheaper than the one before."""
    rows = [
        {"kind": "design", "name": name, metric: value, f"{metric}_se": se, f"{metric}_low": value - 2 * se,
         f"{metric}_high": value + 2 * se, "bops": cost}
        for name, value, cost in (("a", 0.70, 400), ("b", 0.69, 300), ("c", 0.685, 200), ("d", 0.66, 100))
    ]  # fmt: skip
    return Front.build([*rows, {"kind": "trial", "name": "b", metric: 0.70, f"{metric}_se": se}], [metric, "bops"],
                       metrics=(metric,))


def test_what_is_within_standard_errors_of_the_best_is_named_and_the_cheapest_preferred() -> None:
    front = known_to(0.012)
    best = front.choose("accuracy")
    assert (best.row["name"], best.close) == ("a", ("a", "b"))
    assert front.choose("accuracy", within=1).row["name"] == "b"
    assert front.choose("accuracy", within=2).row["name"] == "c"
    assert front.choose("accuracy", within=0).row["name"] == "a"
    found = front.to_json("accuracy", 2)
    assert found["best"]["name"] == "c"
    assert found["within"] == {"standard_errors": 2, "names": ["a", "b", "c"]}


def test_a_minimised_metric_counts_errors_upwards() -> None:
    assert known_to(0.03, "rmse").choose("rmse", within=1).close == ("d", "c", "b")


def test_within_needs_a_standard_error_and_a_cost(front: Front) -> None:
    assert front.choose("accuracy").close == ("t0001-w8-s0",)  # nothing is known of how well it is known
    with pytest.raises(InputError, match="--within 1: the best accuracy has no standard error here"):
        front.choose("accuracy", within=1)
    with pytest.raises(InputError, match="--within 1: the best bops has no standard error here"):
        known_to(0.01).choose("bops", within=1)
    with pytest.raises(InputError, match="no objective of the run is a cost"):
        known_to(0.01).marked(["accuracy"]).choose("accuracy", within=1)


def test_what_has_no_standard_error_has_nothing_within_one() -> None:
    front = known_to(0.012)
    choice = front.choose("bops")
    assert (choice.row["name"], choice.errors, choice.close) == ("d", None, ("d",))
    assert front.to_json("bops")["within"] is None
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(front_table(front, choice=choice))
    text = console.export_text()
    assert "within" not in text and "≈" not in text


def test_tables_show_one_standard_error_and_say_so() -> None:
    front = known_to(0.012)
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(front_table(front, choice=front.choose("accuracy", within=2)))
    text = console.export_text()
    assert "69.0 ± 1.2 %" in text
    assert "± is one standard error. ≈ within 2 standard errors of the best accuracy." in " ".join(text.split())
    marked = [line.split()[:2] for line in text.splitlines() if line.startswith(("●≈", " ≈"))]
    assert marked == [["●≈", "a"], ["●≈", "b"], ["●≈", "c"]]
    assert "accuracy_low" not in text
    assert frame(front).loc["d", "accuracy"] == "66.0 ± 1.2 %"


def test_errors_are_columns_that_conditions_can_use() -> None:
    kept = known_to(0.012).where(["accuracy_low>=0.66", "accuracy_se<2%"])
    assert list(kept.table["name"]) == ["a", "b", "c"]
    record = known_to(0.012).records()[0]
    assert record["accuracy_se"] == 0.012
    assert record["accuracy_high"] == pytest.approx(0.724)


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [(67.3, 1.2, "67.3 ± 1.2"), (0.010532, 0.000214, "0.01053 ± 0.00021"), (373.2, 12.4, "373 ± 12"),
     (0.9123, 0.0041, "0.9123 ± 0.0041"), (68.1, 0.0999, "68.10 ± 0.10"), (3.0, 0.0, "3.0000 ± 0.0000"),
     (12345.6, 789.0, "12346 ± 789"), (4.24e-23, 7.0e-24, "(4.24 ± 0.70)e-23"), (1.97e20, 2.0e19, "(1.97 ± 0.20)e20"),
     (4.2e-5, 1.0e-5, "(4.2 ± 1.0)e-5")],
)  # fmt: skip
def test_an_error_is_written_with_two_digits(value: float, error: float, text: str) -> None:
    assert with_error(value, error) == text


def test_metrics_in_very_small_or_large_units_are_readable() -> None:
    mae = quantity("mae")
    assert [mae.text(value) for value in (0.0, 0.0135, 3.31e-21, 1.9e20, 483.25)] == [
        "0.0000", "0.0135", "3.31e-21", "1.9e+20", "483.2500"]  # fmt: skip
    assert mae.between(1e-21, 3e-21) == "(1.00 to 3.00)e-21"
    assert quantity("accuracy").between(0.661, 0.682) == "66.10 to 68.20 %"
