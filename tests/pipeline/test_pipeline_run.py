"""A run from data to verified projects in real processes: whole, resumed, killed anywhere and resumed."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from command import Command, Result, jets, tiny

from nac.hardware import ENGINES
from nac.rundir import Run, gpus, sha256

pytestmark = pytest.mark.slow


def _files(path: Path) -> dict[str, float]:
    return {str(file.relative_to(path)): file.stat().st_mtime_ns for file in path.rglob("*") if file.is_file()}


def test_a_run_ends_with_a_verified_project(jets_run: tuple[Path, Result]) -> None:
    path, done = jets_run
    run = Run(path)
    assert run.report.is_file()
    assert (run.figures / "front.png").is_file()
    assert len(run.design_paths()) == 4
    reports = [json.loads(file.read_text()) for file in run.designs.glob("*/reports.json")]
    assert len(reports) == 1
    assert reports[0]["verification"]["equal"] is True
    assert reports[0]["verification"]["samples"] == 600  # all there are: the test split alone is too small
    assert reports[0]["rtl_samples"] > 600
    assert reports[0]["rtl_simulation"] is reports[0]["rtl_synthesis"] is None  # as the settings say
    assert {"lut", "ff", "latency_ns"} <= {n["name"] for n in reports[0]["numbers"] if n["kind"] == "estimate"}
    project = run.design(reports[0]["design"]) / "hls"
    assert (project / "README.md").is_file()
    for place in (run.report, run.figures / "front.png", project):
        assert str(place) in done.out
    for step in ("Data", "Global search", "Local search", "QONNX", "HLS", "Report"):
        assert step in done.err


def test_the_record_says_where_everything_came_from(jets_run: tuple[Path, Result], jets_data: Path) -> None:
    record = Run(jets_run[0]).read()
    assert record.data[0].sha256 == sha256(jets_data)
    assert record.task.search.trials == 4
    assert record.dataset["samples"]["train"] > 0
    assert {"versions", "machine", "created"} <= set(record.provenance)
    assert {"torch", "optuna", "alkaid"} <= set(record.provenance["versions"])
    assert record.provenance["machine"]["gpus"] == gpus()
    assert record.id.startswith("jets-")


def test_engines_agree_on_a_file_that_the_run_never_saw(
    nac: Command, jets_run: tuple[Path, Result], tmp_path: Path
) -> None:
    path = tmp_path / "run"
    shutil.copytree(jets_run[0], path)
    file = tmp_path / "unseen.npz"
    np.savez(file, allow_pickle=False, **jets(200, seed=9))
    design = next(Run(path).designs.glob("*/reports.json")).parent
    told = []
    for engine in ENGINES:
        done = nac("evaluate", design, "--data", file, "--engine", engine, "--json")
        assert done.status == 0, done.err
        told.append(json.loads(done.out))
        assert {"task", "engine", "n", "metrics", "predictions_sha256"} <= set(told[-1])
    assert [one["engine"] for one in told] == list(ENGINES)
    assert len({one["predictions_sha256"] for one in told}) == 1
    assert all(one["metrics"] == told[0]["metrics"] and one["n"] == 200 for one in told)


def test_a_design_keeps_its_own_preprocessing(nac: Command, jets_run: tuple[Path, Result], tmp_path: Path) -> None:
    path = tmp_path / "run"
    shutil.copytree(jets_run[0], path)
    file = next(Run(path).designs.glob("*/design.json"))
    before = json.loads(nac("evaluate", file.parent, "--json").out)
    record = json.loads(file.read_text())
    record["preprocessing"]["offset"][0] += 2.0
    file.write_text(json.dumps(record))
    after = json.loads(nac("evaluate", file.parent, "--json").out)
    assert after["n"] == before["n"]
    assert after["predictions_sha256"] != before["predictions_sha256"]


def test_without_a_terminal_the_log_says_what_a_run_is_at(jets_run: tuple[Path, Result]) -> None:
    said = "".join(jets_run[1].err.split())
    for expected in ("QONNX, project and C simulation", "g++ compiles the C simulation", "RTL, an adder graph"):
        assert "".join(expected.split()) in said


def test_resuming_a_finished_run_repeats_nothing(
    nac: Command, jets_run: tuple[Path, Result], tmp_path: Path
) -> None:
    path = tmp_path / "run"
    shutil.copytree(jets_run[0], path)
    before = _files(path)
    done = nac("run", "jets", "--out", path, "--resume")
    assert done.status == 0, done.err
    after = _files(path)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed <= {"report.html", "figures/front.png", ".lock", "study.journal"}


def test_a_second_run_in_the_same_place_is_refused(
    nac: Command, jets_run: tuple[Path, Result], jets_data: Path
) -> None:
    done = nac(*tiny("jets", "--data", jets_data, "--out", jets_run[0]))
    assert done.status == 2
    assert "--resume" in done.err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--set", "train.epochs=9"], "train.epochs=9"),
        (["--seed", "5"], "seed=5"),
        (["--preset", "demo"], "--preset"),
    ],
)
def test_a_resumed_run_keeps_its_settings(
    nac: Command, jets_run: tuple[Path, Result], arguments: list[str], expected: str
) -> None:
    done = nac("run", "jets", "--out", jets_run[0], "--resume", *arguments)
    assert done.status == 2
    assert expected in done.err


def test_a_resumed_run_keeps_its_data(
    nac: Command, jets_run: tuple[Path, Result], jets_data: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.npz"
    np.savez(other, allow_pickle=False, **jets(seed=1))
    done = nac("run", "jets", "--out", jets_run[0], "--resume", "--data", other)
    assert done.status == 2
    assert "other.npz" in done.err
    same = tmp_path / "moved.npz"
    shutil.copy(jets_data, same)
    assert nac("run", "jets", "--out", jets_run[0], "--resume", "--data", same).status == 0


def test_another_task_is_not_resumed(nac: Command, jets_run: tuple[Path, Result]) -> None:
    done = nac("run", "bragg", "--out", jets_run[0], "--resume")
    assert done.status == 2
    assert "bragg" in done.err


def test_resume_before_anything_was_written_starts(nac: Command, jets_data: Path, tmp_path: Path) -> None:
    """What a job that may be killed at any moment is begun with, again and again; a folder of other things is none."""
    done = nac("search", *tiny("jets", "--data", jets_data, "--out", tmp_path / "run", "--resume")[1:])
    assert done.status == 0, done.err
    assert f"{tmp_path / 'run'}: holds no run to resume, so one is started" in " ".join(done.err.split())
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.tex").touch()
    done = nac("search", *tiny("jets", "--data", jets_data, "--out", other, "--resume")[1:])
    assert (done.status, done.err.splitlines()[-1]) == (2, f"error: {other}: is not empty, expected a new folder")


def test_verbs_go_on_with_a_run(nac: Command, jets_run: tuple[Path, Result], tmp_path: Path) -> None:
    path = tmp_path / "run"
    shutil.copytree(jets_run[0], path)
    made = nac("compress", path, "--trial", 1, "--bits", 4, "--sparsity", 0.3, "--json")
    assert made.status == 0, made.err
    (design,) = json.loads(made.out)["designs"]
    assert design["name"] == "t0001-w4-s30"
    project = tmp_path / "project"
    quick = ("--no-simulation", "--no-synthesis", "--json")
    built = nac("synth", path / "designs" / design["name"], "--project", project, *quick)
    assert built.status == 0, built.err
    assert json.loads(built.out)["verification"]["equal"] is True
    assert (project / "README.md").is_file()
    rows = json.loads(nac("front", path, "--where", "bits<=4", "--json").out)["rows"]
    assert [row["name"] for row in rows] == ["t0001-w4-s30"]
    drawn = nac("front", path, "--plot", tmp_path / "front.svg", "--best", "accuracy")
    assert drawn.status == 0, drawn.err
    assert (tmp_path / "front.svg").is_file()
    assert nac("report", path).out.strip() == str(path / "report.html")
    cost = json.loads(nac("cost", path / "designs" / design["name"] / "model.onnx", "--json").out)
    assert cost["bops"] == pytest.approx(design["costs"]["bops"])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["compress", "RUN", "--trial", "99"], "--trial 99"),
        (["compress", "RUN", "--bits", "40"], "bits"),
        (["compress", "RUN", "--pruner", "scissors"], "pruner"),
        (["front", "RUN", "--where", "acuracy>0"], "acuracy"),
        (["front", "RUN", "--best", "beauty"], "beauty"),
        (["front", "RUN", "--plot", "front.gif"], "front.gif"),
    ],
)
def test_wrong_requests_to_a_run(
    nac: Command, jets_run: tuple[Path, Result], arguments: list[str], expected: str
) -> None:
    done = nac(*[jets_run[0] if word == "RUN" else word for word in arguments])
    assert done.status == 2, done.err
    assert expected in done.err
    assert done.err.startswith("error: ")


def test_bragg_from_simulation_to_firmware(nac: Command, tmp_path: Path) -> None:
    path = tmp_path / "run"
    settings = ("data.simulate=0", "data.simulate_without_file=400", "compress.designs=1", "compress.sparsity=[0.9]")
    done = nac(*tiny("bragg", *(word for text in settings for word in ("--set", text)), "--out", path))
    assert done.status == 0, done.err
    reports = [json.loads(file.read_text()) for file in path.glob("designs/*/reports.json")]
    assert [report["verification"]["equal"] for report in reports] == [True]
