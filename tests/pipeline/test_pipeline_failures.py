"""A run in which designs fail: the others are finished, everything is on record, and --resume tries again."""

import json
import os
import shutil
from pathlib import Path

import pytest
from command import Command, Result, tiny

from nac import train
from nac.global_search import candidate
from nac.rundir import Run
from nac.train import FitResult

BROKEN = """#!/bin/sh
[ -e {mark} ] || pwd > {mark}
if [ "$(pwd)" = "$(cat {mark})" ]; then echo 'error: the disk of this compiler is full' >&2; exit 1; fi
exec {compiler} "$@"
"""


@pytest.fixture
def run(jets_run: tuple[Path, Result], tmp_path: Path) -> Run:
    """A finished run whose only firmware is gone."""
    copy = Run(tmp_path / "run")
    shutil.copytree(jets_run[0], copy.path)
    (report,) = copy.designs.glob("*/reports.json")
    shutil.rmtree(report.parent / "hls")
    report.unlink()
    copy.report.unlink()
    return copy


def _resume(nac: Command, run: Run, data: Path, *more: str) -> Result:
    return nac(*tiny("jets", "--data", data, "--out", run.path, "--resume", *more))


def _reports(run: Run) -> dict[str, dict[str, object]]:
    return {file.parent.name: json.loads(file.read_text()) for file in run.designs.glob("*/reports.json")}


@pytest.mark.parametrize("good", [0, 3])
def test_a_search_that_gets_nowhere_ends_with_its_reason_and_a_report(
    nac: Command, jets_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good: int
) -> None:
    trained: list[object] = []

    def fit(*given: object, **more: object) -> FitResult:
        if len(trained) >= good:
            raise RuntimeError("the loss is not a number")
        trained.append(given[0])
        return train.fit(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(candidate, "fit", fit)
    run = Run(tmp_path / "run")
    done = nac(*tiny("jets", "--data", jets_data, "--out", run.path, "--set", "search.trials=40"))
    last = done.err.strip().splitlines()[-1]
    assert done.status == 1
    assert last == "error: 10 candidates in a row failed, the last one with: RuntimeError: the loss is not a number"
    assert "the loss is not a number" in run.report.read_text()
    states = json.loads(nac("front", run.path, "--json").out)["states"]
    assert (states.get("complete", 0), states["failed"]) == (good, 10)


@pytest.mark.slow
def test_a_tool_that_fails_on_one_design_costs_that_design(
    run: Run, nac: Command, jets_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "g++").write_text(BROKEN.format(mark=tmp_path / "failed", compiler=shutil.which("g++")))
    (tools / "g++").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    done = _resume(nac, run, jets_data)
    assert done.status == 1
    reports = _reports(run)
    (bad,) = [name for name, report in reports.items() if report.get("failure")]
    (good,) = reports.keys() - {bad}  # the next one along the front
    assert reports[good]["verification"]["equal"] is True  # type: ignore[index]
    reason = str(reports[bad]["failure"])
    assert reason.startswith("synth: ") and "the disk of this compiler is full" in reason
    last = done.err.strip().splitlines()[-1]
    assert last.startswith("error: ") and f"1 design failed, the others are finished: {bad} ({reason})" in last
    assert "".join(f"{bad} failed: {reason}".split()) in "".join(done.out.split())  # a narrow terminal breaks paths
    assert reason in run.report.read_text() or "the disk of this compiler is full" in run.report.read_text()
    rows = {row["name"]: row for row in json.loads(nac("front", run.path, "--json").out)["rows"]}
    assert rows[bad]["failure"] == reason and rows[good]["failure"] is None
    assert not rows[bad]["front"] and rows[good]["exact"] is True

    monkeypatch.setenv("PATH", os.environ["PATH"].partition(":")[2])
    written = (run.design(good) / "reports.json").stat().st_mtime_ns
    again = _resume(nac, run, jets_data)
    assert again.status == 0, again.err
    assert not any(report.get("failure") for report in _reports(run).values())
    assert (run.design(good) / "reports.json").stat().st_mtime_ns == written


@pytest.mark.slow
def test_weights_that_cannot_be_read_fail_in_the_export(run: Run, nac: Command, jets_data: Path) -> None:
    folder = run.design_paths()[0]
    (folder / "weights.safetensors").write_bytes(b"spoilt")
    (folder / "model.onnx").unlink()
    done = _resume(nac, run, jets_data, "--json")
    assert done.status == 1 and "1 design failed" in done.err.splitlines()[-1]
    said = json.loads(done.out)
    assert list(said["failures"]) == [folder.name]
    assert said["failures"][folder.name].startswith("export: ") and "weights" in said["failures"][folder.name]
    assert sum(report.get("failure") is None for report in _reports(run).values()) == 1
    assert run.report.is_file()


@pytest.mark.slow
def test_a_finished_search_goes_on_with_more_trials(run: Run, nac: Command, jets_data: Path) -> None:
    old = {path: (path / "design.json").stat().st_mtime_ns for path in run.design_paths()}
    trained = {path: path.stat().st_mtime_ns for path in run.path.glob("trials/*/weights.safetensors")}
    settings = ("--data", jets_data, "--out", run.path, "--resume")
    done = nac("run", "jets", *settings, "--trials", 6)
    assert done.status == 0, done.err
    assert run.read().task.search.trials == 6
    assert sum(text.startswith("search.trials=") for text in run.read().overrides) == 1
    assert json.loads(nac("status", run.path, "--json").out)["done"] == 6
    assert {path: path.stat().st_mtime_ns for path in trained} == trained
    assert {path: (path / "design.json").stat().st_mtime_ns for path in old} == old  # kept, whoever wins now
    refused = nac("run", "jets", *settings, "--set", "train.epochs=9")
    assert refused.status == 2 and "a resumed run keeps its settings" in refused.err
