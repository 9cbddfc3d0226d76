"""Starting workers: as processes of this machine, or as jobs of SLURM. Whoever starts them only watches afterwards."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, Self

from pydantic import Field, PositiveInt

from nac.config import Model
from nac.errors import InputError
from nac.rundir import Run
from nac.train import DeviceName

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
LEAVE_S = 20


class WorkerOptions(Model):
    """How many workers search, and where.

    `device` is what they train on; `workers_per_gpu` share one GPU, when there is one. `partition`, `time` (minutes)
    and `gpus` (per worker) are for SLURM.
    """

    workers: PositiveInt = 1
    device: DeviceName = "auto"
    workers_per_gpu: PositiveInt = 1
    cluster: Literal["local", "slurm"] = "local"
    partition: str | None = None
    time: PositiveInt | None = None
    gpus: int = Field(0, ge=0)

    @property
    def alone(self) -> bool:
        """Whether the process that was started is the only worker."""
        return self.workers == 1 and self.cluster == "local"


class Worker(Protocol):
    """One that was started."""

    @property
    def log(self) -> Path:
        """Where its output goes."""

    def status(self) -> int | None:
        """The exit status, None while it runs or waits to be started."""

    def stop(self) -> None:
        """Ask it to leave, as Ctrl-C does; it gives its trial back."""

    def wait(self) -> None:
        """Return when it has left; one that does not listen is ended."""

    def again(self) -> "Worker | None":
        """Another one in its place; None where that is the scheduler's business."""


def command(run: Run, *more: str) -> list[str]:
    """What a worker of a run is, as a command; code that the task brings runs in who starts it already."""
    trust = ["--trust"] if run.read().task.code else []
    return [sys.executable, "-m", "nac.cli", *trust, "worker", str(run.path.resolve()), *more]


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


@dataclass(frozen=True)
class SlurmWorker:
    """A job of SLURM."""

    job: Any

    @property
    def log(self) -> Path:
        """Where submitit has it written."""
        return Path(self.job.paths.stderr)

    def status(self) -> int | None:
        """0 or 1 by how the job ended; SLURM's accounts are read at most every few seconds."""
        if not self.job.done():
            return None
        return int(self.job.exception() is not None)

    def stop(self) -> None:
        """Cancel the job."""
        self.job.cancel(check=False)

    def wait(self) -> None:
        """SLURM sees to that."""

    def again(self) -> None:
        """SLURM starts jobs again that it has ended itself."""


def submit(run: Run, options: WorkerOptions, cores: int) -> list[Worker]:
    """Hand the workers to SLURM. Raises InputError when submitit or SLURM is not here."""
    try:
        import submitit
    except ImportError as error:
        raise InputError("--cluster slurm: needs submitit (pip install 'nac-codesign[slurm]')") from error
    try:
        executor = submitit.AutoExecutor(folder=run.workers / "slurm", cluster="slurm")
    except RuntimeError as error:
        raise InputError(f"--cluster slurm: {error}, expected sbatch on the PATH") from error
    threads = dict.fromkeys(THREAD_VARIABLES, str(cores))
    given = {
        "name": f"nac-{run.path.name}", "cpus_per_task": cores, "gpus_per_node": options.gpus or None,
        "timeout_min": options.time, "slurm_partition": options.partition,
        "slurm_setup": [f"export {name}={value}" for name, value in threads.items()],
    }  # fmt: skip
    executor.update_parameters(**{key: value for key, value in given.items() if value is not None})
    work = submitit.helpers.CommandFunction(command(run), verbose=False)
    return [SlurmWorker(executor.submit(work)) for _ in range(options.workers)]


def start(run: Run, options: WorkerOptions) -> list[Worker]:
    """Start all workers. Raises InputError when that cannot be done here."""
    if options.cluster == "slurm":
        return submit(run, options, cores=1)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    environments = shares(options, cores, [] if options.device == "cpu" else visible_gpus())
    return [LocalWorker.start(run, own, run.workers / f"{i}.log") for i, own in enumerate(environments, start=1)]
