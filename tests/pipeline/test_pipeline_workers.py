"""Workers as processes and as jobs: what they are given, and that a run ends right whatever happens to them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import torch
from command import Command, process, tiny
from rich.console import Console

from nac.errors import InputError
from nac.pipeline.executors import WorkerOptions
from nac.pipeline.executors import start as start_workers
from nac.pipeline.executors.local import LocalWorker, shares, visible_gpus
from nac.pipeline.request import Request, open_run, start
from nac.pipeline.workers import status_of
from nac.rundir import Run

SLURM = Path(__file__).resolve().parent.parent / "support" / "slurm"


@pytest.mark.parametrize(
    ("options", "cores", "gpus", "threads", "devices"),
    [
        ({"workers": 2}, 8, [], ["4", "4"], [None, None]),
        ({"workers": 4}, 2, [], ["1"] * 4, [None] * 4),
        ({"workers": 2}, 8, ["0", "1"], ["4", "4"], ["0", "1"]),
        ({"workers": 4, "workers_per_gpu": 2}, 8, ["3", "GPU-ab"], ["2"] * 4, ["3", "GPU-ab", "3", "GPU-ab"]),
    ],
)
def test_cores_are_divided_and_gpus_given_out(
    options: dict[str, int], cores: int, gpus: Sequence[str], threads: list[str], devices: list[str | None]
) -> None:
    given = shares(WorkerOptions.model_validate(options), cores, gpus)
    assert [own["OMP_NUM_THREADS"] for own in given] == threads
    assert [own.get("CUDA_VISIBLE_DEVICES") for own in given] == devices


def test_more_workers_than_places_on_gpus_are_refused() -> None:
    with pytest.raises(InputError, match="--workers 3: expected at most 2 on 2 GPUs"):
        shares(WorkerOptions(workers=3), 8, ["0", "1"])


def test_gpus_that_the_environment_hides_are_not_used() -> None:
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": ""}) == []
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": "2,5"}) == ["2", "5"]


def test_a_search_trains_on_the_device_that_was_asked_for(
    nac: Command, jets_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    refused = nac("search", *tiny("jets", "--data", jets_data, "--out", tmp_path / "run", "--device", "cuda")[1:])
    assert refused.status == 2
    assert "--device cuda: there is no GPU" in refused.err
    assert not (tmp_path / "run").exists()

    out = tmp_path / "other"
    request = Request("jets", data=(jets_data,), options={"device": "cpu"})
    assert start(request, out, to_hardware=False, console=Console()).dataset.device == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    for name, expected in {"cpu": "cpu", "auto": "cuda", "cuda": "cuda"}.items():
        record = Run(out).read()
        Run(out).write(record.model_copy(update={"options": {"device": name}}))
        assert open_run(Run(out), Console()).dataset.device == torch.device(expected)


def test_workers_on_the_cpu_need_no_places_on_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    started: list[Mapping[str, str]] = []
    monkeypatch.setattr(LocalWorker, "start", lambda run, environment, log: started.append(environment))
    start_workers(Run(tmp_path), WorkerOptions(workers=3, device="cpu"))
    assert len(started) == 3
    assert not any("CUDA_VISIBLE_DEVICES" in own for own in started)


def test_sqlite_is_refused_for_several_workers(nac: Command, jets_data: Path, tmp_path: Path) -> None:
    arguments = tiny("jets", "--data", jets_data, "--out", tmp_path / "run", "--workers", 2)[1:]
    done = nac("search", *arguments, "--storage", f"sqlite:///{tmp_path}/studies.db")
    assert done.status == 2
    assert "SQLite cannot serve several workers" in done.err
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_killed_worker_is_replaced(nac: Command, jets_data: Path, tmp_path: Path) -> None:
    run = tmp_path / "a run"
    trials = 8
    arguments = tiny("jets", "--data", jets_data, "--out", run, "--workers", 2, "--set", f"search.trials={trials}")
    with subprocess.Popen(
        [sys.executable, "-m", "nac.cli", "search", *map(str, arguments[1:])], stderr=subprocess.PIPE, text=True
    ) as search:
        end = time.monotonic() + 120
        while not (run / "study.journal").is_file() or not (workers := status_of(run).workers):
            assert time.monotonic() < end and search.poll() is None
            time.sleep(0.02)
        os.kill(int(next(iter(workers)).split("-")[-2]), signal.SIGKILL)
        _, said = search.communicate(timeout=120)
    assert search.returncode == 0, said
    assert "is started again" in said
    told = json.loads(nac("status", run, "--json").out)
    assert (told["done"], told["complete"], told["running"], told["abandoned"]) == (trials, trials, 0, 0)
    assert told["finished"] and told["front"] > 0
    joined = nac("worker", run)
    assert joined.status == 0, joined.err
    assert joined.out.startswith(f"{trials} of {trials} trials")


@pytest.mark.slow
def test_slurm_gets_jobs_that_do_the_search(
    jets_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = tmp_path / "jobs"
    jobs.mkdir()
    monkeypatch.setenv("FAKE_SLURM", str(jobs))
    monkeypatch.setenv("PATH", f"{SLURM}{os.pathsep}{os.environ['PATH']}")
    arguments = tiny("jets", "--data", jets_data, "--out", tmp_path / "run")[1:]
    cluster = ["--cluster", "slurm", "--workers", 2, "--partition", "fast lane", "--time", 30, "--gpus", 1]
    done = process("search", *arguments, *cluster)
    assert done.status == 0, done.err
    assert status_of(tmp_path / "run").complete == 4
    scripts = [file.read_text() for file in jobs.glob("*.sh")]
    assert len(scripts) == 2
    for script in scripts:
        for line in ("--partition='fast lane'", "--time=30", "--gpus-per-node=1", "--cpus-per-task=1"):
            assert f"#SBATCH {line}\n" in script


def test_slurm_without_slurm_is_a_sentence(
    nac: Command, jets_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    arguments = tiny("jets", "--data", jets_data, "--out", tmp_path / "run", "--cluster", "slurm")[1:]
    done = nac("search", *arguments)
    assert done.status == 2
    assert "--cluster slurm" in done.err.strip().splitlines()[-1]
