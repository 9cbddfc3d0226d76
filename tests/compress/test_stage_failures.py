"""One design's failure is its own: it is on record, the others are made, and it alone is tried again."""

import json
from pathlib import Path

import pytest
from networks import BRAGGNN
from problems import Problem

from nac.compress import Winner, compress
from nac.compress.tuning import Tuned, save_tuned
from nac.config import CompressConfig
from nac.errors import InputError, WorkError
from nac.report.front import Front
from nac.rundir import Run

SETTINGS = CompressConfig.model_validate(
    {"bits": [8, 4], "sparsity": [0.0], "train": {"epochs": 2, "batch_size": 64}, "finetune": {"epochs": 1}}
)
GOOD, BAD = 3, 4


def _training(run: Run, learning_rate: float) -> None:
    """What the float trainings of the bad winner are done with."""
    train = SETTINGS.train.model_copy(update={"optimiser": "sgd", "learning_rate": learning_rate})
    save_tuned(run.trial(BAD), Tuned(train=train, loss=1.0, start_loss=1.0, trials=1, pruned=0, seed=0))


def _failure(run: Run, name: str) -> str:
    return str(json.loads((run.design(name) / "reports.json").read_text())["failure"])


def test_a_winner_whose_training_diverges_fails_alone_and_is_tried_again(problem: Problem, tmp_path: Path) -> None:
    task, dataset, architecture = problem
    run, winners = Run(tmp_path), [Winner(BAD, architecture), Winner(GOOD, architecture)]
    failures: dict[str, str] = {}
    _training(run, 1e30)
    made = compress(winners, task, dataset, run, SETTINGS, seed=0, on_failure=failures.__setitem__)
    assert [design.record.name for design in made] == ["t0003-w8-s00", "t0003-w4-s00"]
    assert list(failures) == ["t0004-w8-s00", "t0004-w4-s00"]
    for name, reason in failures.items():
        assert reason.startswith("compress: training diverged")
        assert _failure(run, name) == reason
        assert not (run.design(name) / "design.json").exists()

    _training(run, 1e-2)
    before = {d.path: (d.path / "design.json").stat().st_mtime_ns for d in made}
    failures.clear()
    made = compress(winners, task, dataset, run, SETTINGS, seed=0, on_failure=failures.__setitem__)
    assert len(made) == 4 and not failures
    assert {path: (path / "design.json").stat().st_mtime_ns for path in before} == before
    assert not list(run.designs.glob("*/reports.json"))


def test_without_a_listener_the_first_failure_is_raised(problem: Problem, tmp_path: Path) -> None:
    task, dataset, architecture = problem
    _training(Run(tmp_path), 1e30)
    with pytest.raises(WorkError, match="training diverged"):
        compress([Winner(BAD, architecture)], task, dataset, Run(tmp_path), SETTINGS, seed=0)


def test_a_winner_without_an_exact_form_does_not_end_the_others(problem: Problem, tmp_path: Path) -> None:
    task, dataset, architecture = problem
    failures: dict[str, str] = {}
    winners = [Winner(1, BRAGGNN), Winner(GOOD, architecture)]
    made = compress(winners, task, dataset, Run(tmp_path), SETTINGS, seed=0, on_failure=failures.__setitem__)
    assert len(made) == 2
    assert all("trial 1 cannot be quantised exactly" in reason for reason in failures.values()) and len(failures) == 2
    with pytest.raises(InputError, match="trial 1 cannot be quantised exactly"):
        compress(winners[:1], task, dataset, Run(tmp_path), SETTINGS, seed=0, on_failure=failures.__setitem__)


def test_a_design_that_starts_from_a_failed_one_says_so(problem: Problem, tmp_path: Path) -> None:
    task, dataset, architecture = problem
    failures: dict[str, str] = {}
    diverges = SETTINGS.finetune.model_copy(update={"optimiser": "sgd", "learning_rate": 1e30})
    settings = SETTINGS.model_copy(update={"bits": (4,), "digits": (0.5,), "finetune": diverges})
    winners = [Winner(GOOD, architecture)]
    assert compress(winners, task, dataset, Run(tmp_path), settings, seed=0, on_failure=failures.__setitem__) == []
    assert "diverged" in failures["t0003-w4-s00"]
    assert failures["t0003-w4-s00-d50"] == "compress: it starts from t0003-w4-s00, which failed"


def test_a_front_shows_what_failed_and_chooses_something_else() -> None:
    rows = [
        {"kind": "design", "name": "good", "accuracy": 0.6, "bops": 10.0, "feasible": True},
        {"kind": "design", "name": "bad", "accuracy": 0.7, "bops": 10.0, "feasible": False, "failure": "synth: no g++"},
        {"kind": "trial", "name": "0001", "accuracy": 0.8, "bops": 10.0},
    ]  # fmt: skip
    front = Front.build(rows, ["accuracy", "bops"])
    assert front.failures == {"bad": "synth: no g++"}
    assert front.best("accuracy")["name"] == "good"
    assert [row["failure"] for row in front.to_json()["rows"]] == [None, "synth: no g++", None]
