"""Targets in any unit: they are scaled by the training split, and metrics are in the unit of the file."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from rich.console import Console

from nac.pipeline.context import Context
from nac.pipeline.request import Request
from nac.pipeline.run import run_task
from nac.report.collect import read_front
from nac.rundir import Run

TASK = {
    "name": "calo",
    "data": {"layout": "arrays", "kind": "regression", "shape": [6], "outputs": 1, "scaling": "standard"},
    "space": "jets_mlp",
    "train": {"epochs": 15, "learning_rate": 0.01},
    "search": {"trials": 2, "objectives": [{"name": "mae"}, {"name": "bops"}]},
}


def searched(folder: Path, unit: float) -> Run:
    random = np.random.default_rng(0)
    x = random.normal(size=(1000, 6))
    energy = 5000 + 600 * np.tanh(x @ [0.5, 0.4, 0.3, 0.2, 0.1, 0.1]) + random.normal(0, 50, 1000)
    folder.mkdir()
    np.savez(folder / "energy.npz", x=x, y=(energy * unit)[:, None])
    (folder / "task.yaml").write_text(yaml.safe_dump({"task": TASK}))
    request = Request(str(folder / "task.yaml"), data=(folder / "energy.npz",))
    run_task(request, folder / "run", stop="search", console=Console(quiet=True))
    return Run(folder / "run")


def test_raw_units_are_learned_and_metrics_keep_them(tmp_path: Path) -> None:
    mev, gev = (searched(tmp_path / name, unit) for name, unit in (("MeV", 1.0), ("GeV", 1e-3)))
    errors = [read_front(run).of("trial")["mae"].min() for run in (mev, gev)]
    assert errors[0] < 120  # the mean of the targets is 230 MeV off
    assert 1000 * errors[1] == pytest.approx(errors[0], rel=0.15)


def test_runs_from_before_keep_their_units_and_their_validation_split(tmp_path: Path) -> None:
    run = searched(tmp_path / "MeV", 1.0)
    record = run.read()
    assert record.dataset["output_units"]["scale"] == [256.0]
    assert record.dataset["kept_from_choices"] == 38
    new = {"output_units", "kept_from_choices"}
    dataset = {key: value for key, value in record.dataset.items() if key not in new}
    old = Context(run, record.model_copy(update={"dataset": dataset}), Console(quiet=True))
    assert (len(old.dataset.validation), old.dataset.kept) == (75, None)
    assert old.dataset.judging is old.dataset.validation
    assert old.dataset.preprocessing.output_offset == (0.0,)
    assert old.dataset.preprocessing.output_scale == (1.0,)


def test_a_run_knows_what_needs_no_network_and_measures_it_once(tmp_path: Path) -> None:
    run = searched(tmp_path / "MeV", 1.0)
    rows = {row["name"]: row for row in read_front(run).records() if row["kind"] == "baseline"}
    assert 150 < rows["constant"]["mae"] < 400
    assert rows["linear"]["mae"] < 150
    assert rows["linear"]["macs"] == 6
    before = run.baselines.stat().st_mtime_ns
    request = Request(str(tmp_path / "MeV" / "task.yaml"), data=(tmp_path / "MeV" / "energy.npz",))
    run_task(request, run.path, resumed=True, stop="search", console=Console(quiet=True))
    assert run.baselines.stat().st_mtime_ns == before
