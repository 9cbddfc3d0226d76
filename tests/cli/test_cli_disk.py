"""A full disk, folders that cannot be written or read, data that disappear: a sentence, and a run that goes on."""

import ctypes
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command import Command, Result, inline

from nac.config import TaskConfig
from nac.pipeline.steps import is_synthesised
from nac.report import Front
from nac.report.hardware import hardware_report
from nac.rundir import Run

TRIALS = 4
SEARCH = ("--set", f"search.trials={TRIALS}", "--set", "search.population=2", "--set", "train.epochs=1")
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2


def disk_of(size: int) -> Callable[[], None]:
    """No file may grow over `size` bytes, as on a disk that is full by then."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def permissions_bind() -> None:
    """Root loses its right to read and write whatever it likes; others never had it."""
    libc = ctypes.CDLL(None)
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def limited(limit: Callable[[], None], *arguments: object) -> Result:
    done = subprocess.run(
        [sys.executable, "-m", "nac.cli", *map(str, arguments)], capture_output=True, text=True, check=False,
        timeout=300, preexec_fn=limit, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.mark.slow
def test_a_full_disk_and_lost_data_leave_a_run_that_goes_on(nac: Command, jets_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    full = limited(disk_of(12_000), "search", "jets", "--data", jets_file, "--out", out, *SEARCH)
    assert full.status == 1, full.err
    assert "error: " in full.err
    assert "File too large" in full.err
    assert not list(out.rglob(".*.tmp"))
    before = len(Front.read(Run(out)).of("trial"))
    assert before < TRIALS

    kept = jets_file.rename(tmp_path / "elsewhere.npz")
    lost = nac("run", "jets", "--out", out, "--resume")
    assert lost.status == 2, lost.err
    assert str(jets_file) in lost.err

    kept.rename(jets_file)
    done = nac("search", "jets", "--out", out, "--resume")
    assert done.status == 0, done.err
    states = Front.read(Run(out)).states
    assert states.get("complete", 0) + states.get("duplicate", 0) + states.get("failed", 0) == TRIALS


@pytest.mark.slow
def test_a_full_disk_in_the_steps_after_the_search(nac: Command, jets_file: Path, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    assert nac("search", "jets", "--data", jets_file, "--out", run.path, *SEARCH).status == 0
    short = ("--bits", 5, "--sparsity", 0)
    run.write(run.read().model_copy(update={"task": shorter(run.read().task)}))
    full = limited(disk_of(2000), "compress", run.path, *short)
    assert full.status == 1
    assert "weights.safetensors: File too large" in " ".join(full.err.split())
    assert not run.design_paths()

    assert nac("compress", run.path, *short).status == 0
    (design, *_) = run.design_paths()
    full = limited(disk_of(2000), "synth", design)
    assert full.status == 1
    assert "File too large" in full.err
    assert not is_synthesised(design)
    assert "File too large" in hardware_report(design)["failure"]
    assert not [path for path in run.path.rglob(".*.*") if path.name.startswith((".model", ".weights", ".design"))]
    assert len(Front.read(run).of("design")) == len(run.design_paths())


def shorter(task: TaskConfig) -> TaskConfig:
    """The task with a local search of seconds."""
    train = task.compress.train.model_copy(update={"epochs": 1})
    return task.model_copy(update={"compress": task.compress.model_copy(update={
        "train": train, "finetune": train, "designs": 1,
    })})  # fmt: skip


def test_a_folder_that_cannot_be_written(jets_file: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0o500)
    done = limited(permissions_bind, "search", "jets", "--data", jets_file, "--out", closed / "run", *SEARCH)
    assert done.status in {1, 2}
    assert done.err.count("error: ") == 1
    assert str(closed) in done.err
    assert "Permission denied" in done.err
    assert not list(closed.iterdir())


def test_data_that_cannot_be_read(jets_file: Path, tmp_path: Path) -> None:
    jets_file.chmod(0)
    done = limited(permissions_bind, "search", "jets", "--data", jets_file, "--out", tmp_path / "run", *SEARCH)
    assert done.status == 2
    assert "is not readable" in " ".join(done.err.replace("│", " ").split())
    assert not (tmp_path / "run").exists()


NAMES = ["../../owned", "a b", "x'y", 'x"y', "a\nb", "a;touch owned", "$(touch owned)", "[exec touch owned]", "{x}", ""]


@pytest.mark.parametrize("name", NAMES)
def test_names_that_are_code_are_refused(
    capsys: pytest.CaptureFixture[str], jets_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    work = tmp_path / "a" / "b"
    work.mkdir(parents=True)
    monkeypatch.chdir(work)
    done = inline(capsys)("search", "jets", "--data", jets_file, "--out", "run", "--set", f"name={name!r}")
    assert done.status == 2
    assert "name: " in done.err
    assert not [path for path in tmp_path.rglob("*") if path.name in {"owned", "run"}]
