"""A run that is killed, interrupted or resumed twice at once: it ends as if it was not, or says what is kept."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from command import Command, Result, tiny

from nac.rundir import Run, sha256

pytestmark = pytest.mark.slow


def _designs(path: Path) -> dict[str, tuple[str, object]]:
    """What two equal runs agree in: the weights and the measurements of every design."""
    found: dict[str, tuple[str, object]] = {}
    for folder in Run(path).design_paths():
        record = json.loads((folder / "design.json").read_text())
        found[folder.name] = (sha256(folder / "weights.safetensors"), (record["metrics"], record["costs"]))
    return found


def _files(path: Path) -> dict[str, float]:
    return {str(file.relative_to(path)): file.stat().st_mtime_ns for file in path.rglob("*") if file.is_file()}


def _trials_finished(path: Path) -> bool:
    return len(list(path.glob("trials/*/architecture.json"))) >= 2


def _a_design_finished(path: Path) -> bool:
    return len(list(path.glob("designs/*/design.json"))) >= 1


def _an_export_finished(path: Path) -> bool:
    return any(path.glob("designs/*/model.onnx"))


def _project_begun(path: Path) -> bool:
    return any(path.glob("designs/*/hls/*"))


def _hear_ctrl_c() -> None:
    """A shell that starts the test suite in the background makes it deaf to Ctrl-C; a terminal's command is not."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _stopped(arguments: list[object], path: Path, when: Callable[[Path], bool], how: signal.Signals) -> Result:
    """Start the command, stop it at the moment, and say how it ended."""
    command = [sys.executable, "-m", "nac.cli", *map(str, arguments)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
        preexec_fn=_hear_ctrl_c,
    ) as started:  # fmt: skip
        end = time.monotonic() + 300
        while not when(path):
            if started.poll() is not None:
                raise AssertionError(f"it ended before the moment came: {started.communicate()}")
            assert time.monotonic() < end
            time.sleep(0.01)
        started.send_signal(how)
        out, err = started.communicate()
    return Result(started.returncode, out, err)


@pytest.mark.parametrize("moment", [_trials_finished, _a_design_finished, _an_export_finished, _project_begun])
def test_killed_and_resumed_gives_the_same_designs(
    nac: Command, jets_run: tuple[Path, Result], jets_data: Path, tmp_path: Path, moment: Callable[[Path], bool]
) -> None:
    path = tmp_path / "run"
    arguments = tiny("jets", "--data", jets_data, "--out", path)
    assert _stopped(arguments, path, moment, signal.SIGKILL).status == -signal.SIGKILL
    finished = {name: time for name, time in _files(path).items() if name.startswith("trials/")}
    done = nac("run", "jets", "--out", path, "--resume")
    assert done.status == 0, done.err
    assert _designs(path) == _designs(jets_run[0])
    if moment is not _trials_finished:
        after = _files(path)
        assert {name: after[name] for name in finished} == finished
    assert len(list(path.glob("designs/*/reports.json"))) == 1


def test_ctrl_c_says_what_is_kept(jets_data: Path, tmp_path: Path) -> None:
    path = tmp_path / "run"
    arguments = tiny("jets", "--data", jets_data, "--out", path, "--set", "search.trials=1000")
    done = _stopped(arguments, path, _trials_finished, signal.SIGINT)
    assert done.status == 130
    assert "Traceback" not in done.err
    last = done.err.strip().splitlines()[-1]
    assert last.startswith("error: ")
    assert "--resume" in last
    assert str(path) in last


def test_two_resumes_at_once_do_not_meet(nac: Command, jets_data: Path, tmp_path: Path) -> None:
    path = tmp_path / "run"
    arguments = tiny("jets", "--data", jets_data, "--out", path, "--set", "search.trials=1000")
    refused: list[Result] = []

    def while_running(folder: Path) -> bool:
        if not _trials_finished(folder):
            return False
        refused.append(nac("run", "jets", "--out", folder, "--resume"))
        return True

    _stopped(arguments, path, while_running, signal.SIGKILL)
    assert refused[0].status == 2
    assert "is working on this run" in refused[0].err
