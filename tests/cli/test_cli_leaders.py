"""`--repeats` and `--folds` by the command: within the time limit, also later, and shown as what was counted."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from command import Command
from searching import write_space

from nac.rundir import Run
from nac.study import counted_trainings, load_study


@pytest.fixture
def search(tmp_path: Path, nac: Command) -> Any:
    """The rows of the trials by number, after a tiny search with some more arguments, and what was said."""
    write_space(tmp_path)
    task = {
        "name": "points", "space": "tiny.yaml",
        "data": {"layout": "arrays", "kind": "classification", "classes": ["same", "other"], "shape": [4]},
        "train": {"epochs": 2, "batch_size": 64, "learning_rate": 0.02},
        "search": {"trials": 6, "population": 4, "objectives": [{"name": "accuracy"}, {"name": "bops"}]},
    }  # fmt: skip
    (tmp_path / "points.yaml").write_text(yaml.safe_dump({"task": task}))
    x = np.random.default_rng(0).normal(size=(400, 4)).astype(np.float32)
    np.savez(tmp_path / "points.npz", x=x, y=(x[:, 0] * x[:, 1] > 0).astype(np.int64))

    def call(*arguments: object) -> tuple[dict[int, dict[str, Any]], str]:
        run = tmp_path / "run"
        done = nac("search", tmp_path / "points.yaml", "--data", tmp_path / "points.npz", "--out", run, "--json",
                   *arguments)
        assert done.status == 0, done.err
        rows = json.loads(done.out)["rows"]
        return {row["trial"]: row for row in rows if row["kind"] == "trial"}, done.err

    return call


def test_leaders_are_trained_again_later_within_the_time_limit(search: Any, tmp_path: Path) -> None:
    before, _ = search()
    again = ("--resume", "--repeats", 2, "--folds", 2)
    late, said = search(*again, "--timeout", 0.01)
    assert "of 3 further trainings of what leads the search 0 count" in said.replace("\n", " ")
    assert {number: row["choice_accuracy"] for number, row in late.items()} == {
        number: row["choice_accuracy"] for number, row in before.items()
    }
    after, _ = search(*again, "--timeout", 1000)
    counted = counted_trainings(load_study(Run(tmp_path / "run")))
    assert {name for known in counted.values() for name in known} == {"seed 1", "fold 1", "fold 2"}
    for number, row in after.items():
        others = [training["metrics"]["accuracy"] for training in counted.get(number, {}).values()]
        assert row["choice_accuracy"] == pytest.approx(np.mean([before[number]["choice_accuracy"], *others]))
        assert (row["accuracy_spread"] is None) == (number not in counted)
        assert number in counted or not row["front"]
