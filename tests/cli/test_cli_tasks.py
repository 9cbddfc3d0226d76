"""Task files to start from: of every kind, commented, right as they are written; and those that are shipped."""

import json
from pathlib import Path

import numpy as np
import pytest
from command import Command

from nac.config import load_task
from nac.pipeline.new_task import METRICS


@pytest.mark.parametrize("kind", METRICS)
def test_a_new_file_of_every_kind_is_right(kind: str, nac: Command, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    done = nac("init", "mine", "--kind", kind, "--out", file, "--json")
    assert (done.status, json.loads(done.out)["file"]) == (0, str(file))
    assert "NAME" not in file.read_text() and file.read_text().count("#") > 20
    checked = nac("check", file)
    assert (checked.status, checked.err) == (0, "") and len(checked.out.splitlines()) == 2


def test_traces_are_searched_with_convolutions_in_time(nac: Command, tmp_path: Path) -> None:
    nac("init", "mine", "--kind", "waveform", "--out", tmp_path / "mine.yaml")
    assert load_task(str(tmp_path / "mine.yaml")).space == "waveforms"


def test_it_is_never_laid_over_another(nac: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert nac("init", "pulses", "--kind", "waveform").status == 0
    done = nac("init", "pulses")
    assert done.status == 2 and "pulses.yaml: exists" in done.err
    assert "trace" in (tmp_path / "pulses.yaml").read_text()


@pytest.mark.parametrize(("name", "kind", "said"), [
    ("2x", "patches", "is no name for a task"), ("a b", "patches", "is no name"), ("x", "image", "--kind image: exp"),
])  # fmt: skip
def test_what_is_wrong_is_named(name: str, kind: str, said: str, nac: Command, tmp_path: Path) -> None:
    done = nac("init", name, "--kind", kind, "--out", tmp_path / "x.yaml")
    assert done.status == 2 and said in done.err and not (tmp_path / "x.yaml").exists()


def test_a_new_file_runs_with_data(nac: Command, tmp_path: Path) -> None:
    nac("init", "mine", "--kind", "regression", "--out", tmp_path / "mine.yaml")
    random = np.random.default_rng(0)
    x = random.normal(size=(300, 16))
    np.savez(tmp_path / "data.npz", x=x, energy=x[:, 0], time=x[:, 1], allow_pickle=False)
    done = nac("search", tmp_path / "mine.yaml", "--preset", "demo", "--data", tmp_path / "data.npz", "--trials", 1,
               "--set", "train.epochs=1", "--out", tmp_path / "run", "--json")  # fmt: skip
    assert done.status == 0, done.err


def test_shipped_files_are_shown_and_listed(nac: Command) -> None:
    assert nac("task", "show", "jets").out == Path("tasks/jets.yaml").read_text()
    assert {"jets", "bragg", "qubit"} <= set(nac("task", "list").out.split())
    done = nac("task", "show", "jetz")
    assert done.status == 2 and "jets" in done.err
