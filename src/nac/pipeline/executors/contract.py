"""What starts workers. Whoever starts them only watches afterwards."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Protocol

from pydantic import Field, PositiveInt

from nac.config import Model
from nac.config.names import known
from nac.registry import Registry
from nac.rundir import Run
from nac.train import DeviceName

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class WorkerOptions(Model):
    """How many workers search, and where.

    `device` is what they train on; `workers_per_gpu` share one GPU, when there is one. `partition`, `time` (minutes)
    and `gpus` (per worker) are for SLURM.
    """

    workers: PositiveInt = 1
    device: DeviceName = "auto"
    workers_per_gpu: PositiveInt = 1
    cluster: Annotated[str, known("nac.pipeline.executors:EXECUTORS")] = "local"
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


Executor = Callable[[Run, WorkerOptions], list[Worker]]
"""The extension point: starts all workers of a run. Raises InputError when that cannot be done here."""
EXECUTORS: Registry[Executor] = Registry("executor", "nac.pipeline.executors")


def command(run: Run, *more: str) -> list[str]:
    """What a worker of a run is, as a command; code that the task brings runs in who starts it already."""
    trust = ["--trust"] if run.read().task.code else []
    return [sys.executable, "-m", "nac.cli", *trust, "worker", str(run.path.resolve()), *more]


def start(run: Run, options: WorkerOptions) -> list[Worker]:
    """Start all workers where the options say. Raises InputError when that cannot be done here."""
    return EXECUTORS[options.cluster](run, options)
