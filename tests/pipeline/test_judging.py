"""The samples that judge have no part in anything that a run trains, chooses or marks: their labels may be any."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from rich.console import Console
from searching import write_space

from nac.config import load_task
from nac.global_search import results
from nac.pipeline.request import Request
from nac.pipeline.run import run_task
from nac.pipeline.select import along_the_front
from nac.report import Front
from nac.rundir import Run
from nac.study import load_study
from nac.tasks.split import kept_back, split

Arrays = dict[str, NDArray[Any]]
# Everything that trains or chooses, as little of it as will do.
TASK = {
    "name": "points",
    "data": {
        "layout": "arrays", "kind": "classification", "classes": ["same", "other"], "shape": [4],
        "split": {"train": 0.6, "validation": 0.3, "test": 0.1, "by": "event"},
    },
    "space": "tiny.yaml",
    "train": {"epochs": 3, "batch_size": 64, "learning_rate": 0.02},
    "search": {
        "trials": 5, "population": 4, "repeats": 2, "folds": 2,
        "objectives": [{"name": "accuracy"}, {"name": "bops"}],
    },
    "compress": {
        "designs": 1, "bits": [6], "mixed": [4], "sparsity": [0.0, 0.3], "digits": [0.5], "structured": [0.0, 0.3],
        "pruner": ["gradual", "distilled"], "distilled_data": {"method": "random", "per_class": 5}, "rounds": 1,
        "tune": 2, "train": {"epochs": 2}, "finetune": {"epochs": 2}, "digits_train": {"epochs": 1},
    },
}  # fmt: skip


def judging_rows(task: Path, arrays: Arrays) -> NDArray[np.int64]:
    config = load_task(str(task)).data.split
    labels, columns = arrays["y"], {"event": arrays["event"]}
    rows = split(labels, columns, config, 0, len(labels))
    return kept_back(rows.validation, labels, columns, config, 0)[1]


def hashes(run: Run) -> dict[str, str]:
    """Of all weights that the run wrote."""
    files = sorted(run.path.rglob("*.safetensors"))
    return {str(file.relative_to(run.path)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def made(task: Path, name: str, arrays: Arrays) -> Run:
    file = task.parent / f"{name}.npz"
    np.savez(file, allow_pickle=False, **arrays)
    run = Run(task.parent / name)
    run_task(Request(str(task), data=(file,), seed=0), run.path, stop="compress", console=Console(quiet=True))
    return run


def chosen(front: Front) -> dict[str, Any]:
    """All that the program chooses for its user."""
    return {
        "front": front.table.loc[front.table["front"], "name"].tolist(),
        "best": front.best("accuracy")["name"],
        "within": front.choose("accuracy", within=1.0).row["name"],
        "firmware": [row["name"] for row in along_the_front(front, 3)],
    }


def test_labels_of_the_judging_samples_change_what_is_shown_and_nothing_else(tmp_path: Path) -> None:
    write_space(tmp_path)
    task = tmp_path / "points.yaml"
    task.write_text(yaml.safe_dump({"task": TASK}))
    random = np.random.default_rng(0)
    x = random.normal(size=(400, 4)).astype(np.float32)
    arrays: Arrays = {"x": x, "y": (x[:, 0] + x[:, 1] > 0).astype(np.int64), "event": np.arange(400) // 2}
    judging = judging_rows(task, arrays)
    assert 50 <= len(judging) <= 70
    others = arrays["y"].copy()
    others[judging] = 1 - others[judging]
    runs = made(task, "true", arrays), made(task, "other", {**arrays, "y": others})
    weights = [hashes(run) for run in runs]
    assert weights[0] == weights[1]
    assert len(weights[0]) > 10
    found = [
        [(each.number, each.genotype, each.values, each.metrics) for each in results(load_study(run))] for run in runs
    ]
    assert found[0] == found[1]
    fronts = [Front.read(run) for run in runs]
    assert chosen(fronts[0]) == chosen(fronts[1])
    tables = [front.table[front.table["kind"] != "baseline"] for front in fronts]
    decided = [front.deciding("accuracy", "auc_macro")[front.table["kind"] != "baseline"] for front in fronts]
    assert decided[0].equals(decided[1])
    assert not tables[0]["accuracy"].equals(tables[1]["accuracy"])
    assert tables[0]["test_accuracy"].equals(tables[1]["test_accuracy"])
