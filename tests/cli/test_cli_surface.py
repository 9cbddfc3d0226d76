"""What others script against: verbs, flags, exit statuses, and which stream says what."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from command import Command, process

from nac import __version__
from nac.arch import Architecture, Dense

VERBS = (
    "run", "search", "front", "compress", "synth", "evaluate", "cost", "check", "connectivity", "distill", "data",
    "refit", "report", "doctor", "export", "verify", "init", "convert", "task",
)  # fmt: skip


def _architecture(folder: Path, **changes: object) -> Path:
    architecture = Architecture(input=(8,), blocks=(Dense(width=4),), outputs=2)
    data = {**architecture.model_dump(mode="json"), **changes}
    file = folder / "architecture.json"
    file.write_text(json.dumps(data))
    return file


def test_help_names_every_verb() -> None:
    done = process("--help")
    assert done.status == 0
    for verb in VERBS:
        assert verb in done.out


def test_the_command_line_does_not_import_torch() -> None:
    code = "import nac.cli, sys; sys.exit(sum(name in sys.modules for name in ('torch', 'optuna', 'hls4ml', 'numpy')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("verb", [*VERBS, "data make", "data info", "task show", "task list"])
def test_every_verb_explains_itself_with_an_example(nac: Command, verb: str) -> None:
    done = nac(*verb.split(), "--help")
    assert done.status == 0
    assert "Usage: nac" in done.out
    if verb not in {"doctor", "data", "task"}:
        assert f"nac {verb} " in done.out.split("─╯")[-1]


@pytest.mark.parametrize("while_classes_are_made", [False, True])
def test_ctrl_c_is_one_sentence_even_during_an_import(
    nac: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, while_classes_are_made: bool
) -> None:
    class Interrupted:
        def __set_name__(self, owner: type, name: str) -> None:
            raise KeyboardInterrupt

    def interrupted(_: Path) -> None:
        if while_classes_are_made:
            type("Imported", (), {"attribute": Interrupted()})
        raise KeyboardInterrupt

    monkeypatch.setattr("nac.pipeline.workers.status_of", interrupted)
    done = nac("status", tmp_path)
    assert (done.status, done.err) == (130, "error: interrupted; every file is either whole or not there\n")


def test_version(nac: Command) -> None:
    assert nac("--version").out.strip() == f"nac {__version__}"


@pytest.mark.parametrize(
    "arguments",
    [["bogus"], ["run"], ["cost"], ["run", "jets", "--seed", "x"], ["search", "jets", "--trials", "0"], ["--bogus"]],
)
def test_wrong_usage_is_wrong_input(nac: Command, arguments: list[str]) -> None:
    done = nac(*arguments)
    assert done.status == 2
    assert done.out == ""
    assert "Error" in done.err


def test_cost_as_json_is_one_object(tmp_path: Path) -> None:
    done = process("cost", _architecture(tmp_path), "--json")
    assert done.status == 0
    costs = json.loads(done.out)
    assert costs["macs"] == 8 * 4 + 4 * 2
    assert costs["layers"][-1]["layer"] == "output"


def test_cost_as_a_table(nac: Command, tmp_path: Path) -> None:
    done = nac("cost", _architecture(tmp_path))
    assert done.status == 0
    assert "total" in done.out
    assert "bops" in done.out


def test_flags_may_follow_the_verb(nac: Command) -> None:
    done = nac("cost", "missing.json", "--verbose")
    assert done.status == 2
    assert "Traceback" in done.err
    assert done.err.strip().splitlines()[-1].startswith("error: missing.json")


def test_without_verbose_there_is_no_traceback(nac: Command) -> None:
    done = nac("cost", "missing.json")
    assert (done.status, done.out) == (2, "")
    assert done.err.count("\n") == 1


def test_doctor_names_tools_and_what_goes_without(nac: Command) -> None:
    tools = {tool["name"]: tool for tool in json.loads(nac("doctor", "--json").out)["tools"]}
    assert {"g++", "GPU", "vitis_hls", "vivado", "hls4ml", "pythia8mc + fastjet"} <= set(tools)
    assert all(tool["without"] for tool in tools.values())
    assert {"verilator", "iverilog", "yosys", "nextpnr", "vitis_hls", "vivado"} <= set(tools)
    assert "vivado" in nac("doctor").out


def test_check_accepts_the_shipped_files(nac: Command) -> None:
    files = [*Path("tasks").glob("*.yaml"), *Path("search_spaces").glob("*.yaml")]
    assert files
    for file in files:
        done = nac("check", file)
        assert (done.status, done.err) == (0, ""), file


def test_check_of_an_architecture_tells_its_costs(nac: Command, tmp_path: Path) -> None:
    done = nac("check", _architecture(tmp_path), "--json")
    assert json.loads(done.out)["ok"] is True
    assert "bops" in json.loads(done.out)["notes"][0]


def test_check_refuses_what_hardware_cannot_take(nac: Command, tmp_path: Path) -> None:
    blocks = [{"block": "dense", "width": 4, "activation": "gelu"}]
    done = nac("check", _architecture(tmp_path, blocks=blocks), "--json")
    assert done.status == 2
    assert "gelu" in json.loads(done.out)["problems"][0]


def test_data_make_and_info(nac: Command, tmp_path: Path) -> None:
    file = tmp_path / "peaks.npz"
    made = nac("data", "make", "bragg", "--n", "50", "--seed", "3", "--out", file, "--json")
    assert made.status == 0, made.err
    told = json.loads(made.out)
    assert (told["task"], told["n"], told["seed"]) == ("bragg", 50, 3)
    described = json.loads(nac("data", "info", file, "--json").out)
    assert described["task"] == "bragg"
    assert described["samples"] == 50
    again = nac("data", "make", "bragg", "--n", "50", "--out", file)
    assert again.status == 2
    assert "exists" in again.err


def test_data_info_of_a_task_says_what_it_expects(nac: Command) -> None:
    expected = json.loads(nac("data", "info", "jets", "--json").out)
    assert expected["input_shape"] == [3, 8]
    assert expected["classes"] == ["g", "q", "W", "Z", "t"]


def test_a_broken_pipe_is_no_traceback(tmp_path: Path) -> None:
    command = f"{sys.executable} -m nac.cli cost {_architecture(tmp_path)} | head -c 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
