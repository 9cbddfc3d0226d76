"""`nac front` on a real run: what is as good as the best, the cheapest of it, and nothing at all."""

import json

import pytest
from command import Command, inline

from nac.rundir import Run


@pytest.fixture
def nac(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command in this process, its tables as wide as in a pipe."""
    monkeypatch.delenv("COLUMNS", raising=False)
    return inline(capsys)


def test_the_cheapest_within_an_error_of_the_best(nac: Command, run: Run) -> None:
    best = json.loads(nac("front", run.path, "--best", "accuracy", "--json").out)
    near = json.loads(nac("front", run.path, "--best", "accuracy", "--within", 1, "--json").out)
    assert best["within"]["names"][0] == best["best"]["name"]
    assert near["within"] == best["within"] == {"standard_errors": 1, "names": best["within"]["names"]}
    costs = {row["name"]: row["bops"] for row in near["rows"] if row["kind"] == "design"}
    assert near["best"]["bops"] == min(costs[name] for name in near["within"]["names"])
    row = near["best"]
    for name in ("accuracy", "test_accuracy", "auc_macro"):
        assert row[f"{name}_low"] <= row[name] <= row[f"{name}_high"]
        assert row[f"{name}_se"] > 0
    table = nac("front", run.path, "--best", "accuracy", "--within", 1).out
    assert "within 1 standard error of the best accuracy" in " ".join(table.split())
    assert " ± " in table


def test_within_needs_what_it_is_within_of(nac: Command, run: Run) -> None:
    done = nac("front", run.path, "--within", 1)
    assert (done.status, done.out) == (2, "")
    assert "--within 1: expected --best METRIC with it" in done.err


def test_a_condition_that_nothing_satisfies_is_no_missing_column(nac: Command, run: Run) -> None:
    done = nac("front", run.path, "--where", "test_accuracy>=100%", "--where", "bops<=1")
    assert done.status == 0, done.err
    assert "no trial or design satisfies test_accuracy>=100% and bops<=1" in done.out
    done = nac("front", run.path, "--where", "bops<=1", "--best", "accuracy")
    assert done.status == 2
    assert "no row is left to choose from" in done.err
    done = nac("front", run.path, "--where", "ff<=10")
    assert done.status == 2
    assert "no row has a value of 'ff'" in done.err
