"""Wrong input: exit status 2, one sentence that names what is wrong, and nothing written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from command import Command, jets, process
from datafiles import patch_arrays, write_npz

from nac.errors import WorkError

SPOILERS: dict[str, tuple[Callable[[dict[str, Any]], dict[str, Any]], str]] = {
    "NaN": (lambda d: {**d, "constituents": np.where(d["constituents"] > 900, np.nan, d["constituents"])}, "nan"),
    "infinity": (lambda d: {**d, "constituents": np.where(d["constituents"] > 900, np.inf, d["constituents"])}, "inf"),
    "two axes": (lambda d: {**d, "constituents": d["constituents"][..., 0]}, "(N, P, 3)"),
    "four features": (lambda d: {**d, "constituents": np.tile(d["constituents"], 2)[..., :4]}, "(N, P, 3)"),
    "text": (lambda d: {**d, "constituents": d["constituents"].astype(str)}, "floats"),
    "label 7": (lambda d: {**d, "label": d["label"] + 3}, "0..4"),
    "negative label": (lambda d: {**d, "label": d["label"] - 1}, "0..4"),
    "half a label": (lambda d: {**d, "label": d["label"] + 0.5}, "0..4"),
    "fewer labels": (lambda d: {**d, "label": d["label"][:-1]}, "length"),
    "no labels": (lambda d: {"constituents": d["constituents"]}, "'label'"),
    "no constituents": (lambda d: {"label": d["label"]}, "'constituents'"),
    "a class without samples": (lambda d: {key: value[d["label"] != 2] for key, value in d.items()}, "class W"),
    "no samples": (lambda d: {key: value[:0] for key, value in d.items()}, "no samples"),
    "pickles": (lambda d: {**d, "label": d["label"].astype(object)}, "label"),
}


def _refused(nac: Command, out: Path, *arguments: object) -> str:
    """What the command says when it refuses, after checking that it does so in the right way."""
    done = nac("run", *arguments, "--out", out)
    assert done.status == 2, done.err
    assert done.out == ""
    assert "Traceback" not in done.err
    assert not out.exists()
    lines = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    return done.err


@pytest.mark.parametrize("name", SPOILERS)
def test_spoilt_data(nac: Command, tmp_path: Path, name: str) -> None:
    spoil, expected = SPOILERS[name]
    file = tmp_path / "spoilt.npz"
    np.savez(file, **spoil(jets()))
    said = _refused(nac, tmp_path / "run", "jets", "--data", file)
    assert str(file) in said
    assert expected.lower() in said.lower()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"\x89HDF\r\n\x1a\n truncated", b"a,b\n1,2\n"])
def test_broken_files(nac: Command, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "broken.npz"
    file.write_bytes(content)
    assert str(file) in _refused(nac, tmp_path / "run", "jets", "--data", file)


def test_truncated_npz(nac: Command, jets_file: Path, tmp_path: Path) -> None:
    jets_file.write_bytes(jets_file.read_bytes()[:-200])
    assert str(jets_file) in _refused(nac, tmp_path / "run", "jets", "--data", jets_file)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["no_such_task"], ["no_such_task", "jets", "bragg"]),
        (["missing.yaml"], ["missing.yaml"]),
        (["jets", "--preset", "fast"], ["fast", "demo", "default"]),
        (["jets", "--set", "search.sampler=annealing"], ["search.sampler", "nsga2", "annealing"]),
        (["jets", "--set", "target.part=xc 9000"], ["target.part", "xc 9000", "xcvu13p"]),
        (["jets", "--set", "target.backend=Verilogue"], ["target.backend", "Verilogue", "Vitis"]),
        (["jets", "--set", "data.constitutents=8"], ["data.constitutents", "unknown key"]),
        (["jets", "--set", "search.trials=0"], ["search.trials", "greater than 0"]),
        (["jets", "--set", "search.trials"], ["KEY=VALUE"]),
        (["jets", "--set", "space=nowhere"], ["space", "nowhere"]),
        (["jets", "--set", "space=bragg"], ["space", "(3, 8)"]),
        (["jets", "--set", "space=jets_nac"], ["jets_nac", "research"]),
        (["jets", "--set", "search.objectives=[{name: acuracy}]"], ["search.objectives.0.name", "acuracy", "accuracy"]),
        (["jets", "--set", "search.objectives=[{name: accuracy}, {name: bops, max: 10}]"], ["bops <= 10", "feasible"]),
        (["jets", "--set", "data.constituents=9"], ["9"]),
        (["jets", "--set", "target.fold=3"], ["target.fold", "3 positions a clock", "8"]),
        (["jets", "--set", "compress.distilled_data.file=few.npz"], ["compress.distilled_data.file", "few.npz"]),
        (["jets", "--data", "missing.npz"], ["missing.npz"]),
        (["jets", "--data", "."], ["."]),
    ],
)
def test_wrong_settings(
    nac: Command, tmp_path: Path, jets_file: Path, arguments: list[str], expected: list[str]
) -> None:
    data = [] if "--data" in arguments else ["--data", jets_file]
    said = _refused(nac, tmp_path / "run", *arguments, *data)
    for word in expected:
        assert word in said


def test_distilled_samples_of_another_task_are_refused_before_the_search(
    nac: Command, tmp_path: Path, jets_file: Path
) -> None:
    file = write_npz(tmp_path / "few.npz", **patch_arrays(10))
    said = _refused(nac, tmp_path / "run", "jets", "--data", jets_file, "--set", f"compress.distilled_data.file={file}")
    assert "compress.distilled_data.file" in said
    assert str(file) in said


def test_what_only_the_work_finds_wrong_is_withdrawn(nac: Command, tmp_path: Path, jets_file: Path) -> None:
    out = tmp_path / "run"
    limit = "search.objectives=[{name: accuracy}, {name: ebops, max: 10}]"
    for flags in (["--storage", "nosuch://here"], ["--set", limit]):
        done = nac("search", "jets", "--data", jets_file, "--out", out, *flags)
        assert done.status == 2, done.err
        assert not out.exists()


def test_a_folder_in_use_is_left_alone(nac: Command, tmp_path: Path, jets_file: Path) -> None:
    kept = tmp_path / "thesis.tex"
    kept.write_text("years of work")
    done = nac("run", "jets", "--data", jets_file, "--out", tmp_path)
    assert done.status == 2
    assert "not empty" in done.err
    assert kept.read_text() == "years of work"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["jets.npz", "thesis.tex"]


def test_a_file_is_no_folder(nac: Command, jets_file: Path) -> None:
    done = nac("run", "jets", "--data", jets_file, "--out", jets_file)
    assert done.status == 2
    assert "is a file" in done.err


def test_a_real_process_refuses_in_one_line(tmp_path: Path) -> None:
    done = process("run", "jets", "--data", tmp_path / "missing.npz", "--out", tmp_path / "run")
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["front", "nowhere"],
        ["report", "nowhere"],
        ["compress", "nowhere"],
        ["synth", "nowhere"],
        ["evaluate", "nowhere", "--data", "x.npz"],
        ["evaluate", "nowhere", "--engine", "slide-rule"],
        ["synth", "nowhere", "--backend", "slide-rule"],
        ["cost", "nowhere.onnx"],
        ["check", "nowhere.yaml"],
        ["check", "pyproject.toml"],
        ["data", "info", "nowhere.npz"],
        ["data", "make", "bragg", "--out", "peaks.csv"],
        ["search", "jets", "--cluster", "pbs"],
        ["worker", "nowhere"],
        ["worker", "postgresql://nobody@127.0.0.1:1/none"],
        ["status", "nowhere"],
    ],
)
def test_other_verbs_refuse_too(nac: Command, arguments: list[str]) -> None:
    done = nac(*arguments)
    assert done.status == 2, done.err
    assert done.out == ""
    assert done.err.startswith("error: ")


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_info_describes_a_file_that_its_task_cannot_read_and_says_so(
    nac: Command, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    file = tmp_path / "bad.npz"
    np.savez(file, allow_pickle=False, **SPOILERS["label 7"][0](jets()))
    done = nac("data", "info", "jets", file, *flags)
    assert done.status == 2
    assert "problem" in done.out and "sha256" in done.out
    assert done.err.startswith("error: ") and "0..4" in done.err and str(file) in done.err


def test_check_finds_every_problem_at_once(nac: Command, tmp_path: Path) -> None:
    data = yaml.safe_load(Path("tasks/jets.yaml").read_text())
    data["task"]["search"]["sampler"] = "annealing"
    data["task"]["target"]["part"] = "xc 9000"
    data["task"]["train"]["epoch"] = 3
    data["presets"]["demo"]["compress"]["bits"] = [99]
    file = tmp_path / "wrong.yaml"
    file.write_text(yaml.safe_dump(data))
    done = nac("check", file)
    assert done.status == 2
    for key in ("search.sampler", "target.part", "train.epoch", "compress.bits"):
        assert key in done.err
    assert done.err.count("target.part") == 1


def test_check_looks_beyond_the_file(nac: Command, tmp_path: Path) -> None:
    data = yaml.safe_load(Path("tasks/jets.yaml").read_text())
    data["task"]["space"] = "bragg"
    data["task"]["target"]["backend"] = "Verilogue"
    data["task"]["search"]["objectives"] = [{"name": "distance_px"}, {"name": "bops", "max": 1}]
    file = tmp_path / "wrong.yaml"
    file.write_text(yaml.safe_dump(data))
    done = nac("check", file)
    assert done.status == 2
    for key in ("space:", "target.backend", "search.objectives.0.name"):
        assert key in done.err


@pytest.mark.parametrize(("space", "gene"), [("jets_mlp_quantised", "sparsity"), ("jets_mlp_digits", "digits")])
def test_check_refuses_genes_that_decide_nothing(nac: Command, tmp_path: Path, space: str, gene: str) -> None:
    data = yaml.safe_load(Path("tasks/jets_features.yaml").read_text())
    data["task"]["space"] = space
    del data["presets"]
    file = tmp_path / "floats.yaml"
    file.write_text(yaml.safe_dump(data))
    done = nac("check", file)
    assert done.status == 2
    assert f"{gene} is a gene, which decides something only with search.quantise" in done.err
    data["task"]["search"]["quantise"] = {"epochs": 2}
    file.write_text(yaml.safe_dump(data))
    assert nac("check", file).status == 0


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["target.fold=2"], " has a gene fold, which says it of every network, expected one of both"),
        (["target.ii=4"], "expected one of both; a pace is a limit then, as in search.constraints: "
                          "[{name: ii, max: 4}]"),
        (["target.rate_mhz=25", "target.wait=8"], "as in search.constraints: [{name: rate_mhz, min: 25}]"),
        (["target.wait=8"], " has a gene wait"),
        (["target.recall=2"], " has a gene recall"),
        (["data.constituents=12"], ": fold: 8: 8 positions a clock do not divide the input's 12"),
        (["search.quantise=null", "search.objectives=[{name: accuracy}]", "search.constraints=[]"],
         "space: fold is a gene, which decides something only with search.quantise"),
    ],
)  # fmt: skip
def test_check_refuses_folds_that_are_said_twice_or_that_no_network_has(
    nac: Command, tmp_path: Path, settings: list[str], said: str
) -> None:
    space = tmp_path / "stream.yaml"
    space.write_text(Path("search_spaces/jets_stream.yaml").read_text() + "wait: [0, 32]\nrecall: [1, 4]\n")
    given = [word for text in (f"space={space}", *settings) for word in ("--set", text)]
    done = nac("check", "jets", "--preset", "stream", *given)
    assert done.status == 2
    assert said in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "content", ["a: &a [1]\nb: *a\n", "a: [", "task: 3\n", "\x00", "kind: forest\n", "a: 1\na: 2\n", ""]
)
def test_check_of_nonsense(nac: Command, tmp_path: Path, content: str) -> None:
    file = tmp_path / "nonsense.yaml"
    file.write_text(content)
    done = nac("check", file)
    assert done.status == 2
    assert "nonsense.yaml" in done.err


@pytest.mark.parametrize("content", ["", "[]", "{", '{"input": [3]}', "[" * 100_000])
def test_check_of_nonsense_json(nac: Command, tmp_path: Path, content: str) -> None:
    file = tmp_path / "nonsense.json"
    file.write_text(content)
    assert nac("check", file).status == 2
    assert nac("cost", file).status == 2


def test_a_search_without_a_finished_trial_has_failed(
    nac: Command, tmp_path: Path, jets_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def diverges(*_: object, **__: object) -> None:
        raise WorkError("the training diverged")

    monkeypatch.setattr("nac.global_search.candidate.fit", diverges)
    done = nac("search", "jets", "--data", jets_file, "--out", tmp_path / "run", "--trials", "3")
    assert (done.status, done.out) == (1, "")
    assert "no trial has finished, so there is no front: 3 fail (the last: WorkError: the training div" in done.err
