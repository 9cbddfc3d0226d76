"""What somebody meets who has only the help: names, presets, files beside a task, answers without contradictions."""

import json
from pathlib import Path

import pytest
import yaml
from command import Command

from nac.config import load_task
from nac.pipeline.request import Request

TASKS = sorted(Path("tasks").glob("*.yaml"))


def _words(text: str) -> str:
    """Help without its frames and line breaks."""
    return " ".join(text.replace("│", " ").split())


def test_help_shows_what_to_install_for_slurm(nac: Command) -> None:
    for verb in ("run", "search"):
        assert "nac-codesign[slurm]" in _words(nac(verb, "--help").out)


def test_help_names_every_preset_that_is_shipped(nac: Command) -> None:
    presets = {name for file in TASKS for name in yaml.safe_load(file.read_text()).get("presets", {})}
    said = _words(nac("run", "--help").out)
    assert {"demo", "full", "hardware"} <= presets
    assert [name for name in sorted(presets) if name not in said] == []


def test_demo_presets_leave_the_slow_tools_out() -> None:
    for file in TASKS:
        demo = yaml.safe_load(file.read_text())["presets"]["demo"]["compress"]
        assert (demo["simulate_rtl"], demo["synthesise_rtl"]) == (False, False), file


@pytest.mark.parametrize("name", ["jets", "qubit", "jets_mlp_quantised"])
def test_check_takes_names(nac: Command, name: str) -> None:
    done = nac("check", name)
    assert (done.status, done.err) == (0, "")


def test_check_of_one_preset_speaks_of_that_one(nac: Command) -> None:
    assert len(nac("check", "jets").out.splitlines()) == 7
    (line,) = nac("check", "jets", "--preset", "hardware").out.splitlines()
    assert line.startswith("hardware: ")
    done = nac("check", "jets", "--preset", "nonsense")
    assert (done.status, done.out) == (2, "")
    assert "no preset 'nonsense', expected one of: default, demo" in done.err
    done = nac("check", "jets_mlp", "--preset", "demo")
    assert done.status == 2 and "is no task but search space" in done.err


def test_check_of_a_name_that_there_is_not(nac: Command) -> None:
    done = nac("check", "jetz")
    assert done.status == 2 and "'jetz' is no file and no name in tasks/" in done.err and "jets" in done.err


def test_check_says_nothing_good_of_a_preset_with_a_problem(nac: Command, tmp_path: Path) -> None:
    file = tmp_path / "task.yaml"
    task = yaml.safe_load(Path("tasks/qubit.yaml").read_text())
    task["presets"]["full"]["search"]["objectives"] = [{"name": "nonsense"}]
    file.write_text(yaml.safe_dump(task))
    done = nac("check", file)
    assert done.status == 2 and "search.objectives.0.name" in done.err
    assert [line.split(":")[0] for line in done.out.splitlines()] == ["default", "demo", "learned"]


def test_check_says_nothing_good_of_an_architecture_without_a_route(nac: Command, tmp_path: Path) -> None:
    space = yaml.safe_load(Path("search_spaces/jets_nac.yaml").read_text())
    file = tmp_path / "space.yaml"
    file.write_text(yaml.safe_dump({**space, "deployable": True}))
    done = nac("check", file)
    assert done.status == 2 and done.err and done.out == ""


def test_check_refuses_the_widths_that_the_local_search_does(nac: Command) -> None:
    wide = ["--preset", "demo", "--set", "data.shape=[64]", "--set", "compress.input_bits=12", "--set"]
    assert nac("check", "qubit", *wide, "compress.bits=[8]").status == 0  # and they are made: no sum is too wide
    done = nac("check", "qubit", *wide, "compress.bits=[17]")
    assert (done.status, done.out) == (2, "") and "compress.bits" in done.err


def test_a_task_finds_its_files_beside_it(nac: Command, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "space.yaml").write_text(Path("search_spaces/jets_mlp.yaml").read_text())
    task = yaml.safe_load(Path("tasks/qubit.yaml").read_text())
    task["task"]["space"] = "space.yaml"
    task["presets"]["full"]["space"] = "gone.yaml"
    file = folder / "task.yaml"
    file.write_text(yaml.safe_dump(task))
    assert nac("check", file, "--preset", "demo").status == 0
    done = nac("check", file, "--preset", "full")
    assert done.status == 2 and f"{folder / 'gone.yaml'}: no such file" in done.err


def test_check_as_json_has_the_same_answer(nac: Command) -> None:
    said = json.loads(nac("check", "jets", "--preset", "demo", "--json").out)
    assert said["ok"] and said["kind"] == "task" and len(said["notes"]) == 1


def test_one_wrong_value_is_one_sentence(nac: Command) -> None:
    done = nac("check", "qubit", "--preset", "demo", "--set", "compress.pruner=nonsense")
    assert done.status == 2 and done.err.count("\n") == 1 and "compress.pruner.0" in done.err


def test_a_run_remembers_its_task_so_that_it_can_be_named_from_anywhere() -> None:
    assert Request("jets").source == "jets"
    assert Request("tasks/qubit.yaml").source == str(Path("tasks/qubit.yaml").resolve())


def test_check_says_what_a_preset_trains(nac: Command) -> None:
    said = " ".join(nac("check", "jets_features").out.split())
    fronts = load_task("jets_features", preset="hardware")
    assert fronts.compress.learned is not None
    assert f"hardware: {fronts.search.trials} trials of {fronts.compress.learned.train.epochs} epochs" in said
    assert "winners at learned widths, for" in said
    assert "winners at 8, 6, 4 bits, for" in said
