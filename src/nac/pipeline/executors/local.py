"""Workers as processes of this machine."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from nac.errors import InputError
from nac.pipeline.executors.contract import EXECUTORS, THREAD_VARIABLES, Worker, WorkerOptions, command
from nac.rundir import Run

LEAVE_S = 20


def visible_gpus(environment: Mapping[str, str] = os.environ) -> list[str]:
    """The GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    listed = environment.get("CUDA_VISIBLE_DEVICES")
    if listed is not None:
        return [name for name in listed.split(",") if name.strip()]
    import torch

    return [str(index) for index in range(torch.cuda.device_count())]


def shares(options: WorkerOptions, cores: int, gpus: Sequence[str]) -> list[dict[str, str]]:
    """The environment of every local worker: its share of the cores, and its GPU.

    Raises InputError when there are more workers than places on the GPUs.
    """
    if gpus and options.workers > (places := len(gpus) * options.workers_per_gpu):
        raise InputError(f"--workers {options.workers}: expected at most {places} on {len(gpus)} GPUs; "
                         "--workers-per-gpu puts more on each, --device cpu uses none")
    threads = dict.fromkeys(THREAD_VARIABLES, str(max(1, cores // options.workers)))
    return [
        {**threads, **({"CUDA_VISIBLE_DEVICES": gpus[index % len(gpus)]} if gpus else {})}
        for index in range(options.workers)
    ]


@dataclass(frozen=True)
class LocalWorker:
    """A process of this machine, deaf to the terminal's Ctrl-C: who started it passes that on."""

    run: Run
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, run: Run, environment: Mapping[str, str], log: Path) -> Self:
        """Start a worker that adds to a log."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as out:
            process = subprocess.Popen(
                command(run, "--parent", str(os.getpid())), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env={**os.environ, **environment}, start_new_session=True,
            )  # fmt: skip
        return cls(run, environment, log, process)

    def again(self) -> Self:
        """The same in a new process."""
        return self.start(self.run, self.environment, self.log)

    def status(self) -> int | None:
        """That of the process."""
        return self.process.poll()

    def stop(self) -> None:
        """Send what Ctrl-C sends."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)

    def wait(self) -> None:
        """Wait for it; a worker that cannot hear, for it is loading a library, has nothing to lose."""
        try:
            self.process.wait(LEAVE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@EXECUTORS.register("local")
def local(run: Run, options: WorkerOptions) -> list[Worker]:
    """Workers that share the cores and the GPUs of this machine. Raises InputError."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    environments = shares(options, cores, [] if options.device == "cpu" else visible_gpus())
    return [LocalWorker.start(run, own, run.workers / f"{i}.log") for i, own in enumerate(environments, start=1)]
