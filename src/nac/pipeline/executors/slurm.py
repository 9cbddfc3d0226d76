"""Workers as jobs of SLURM, by submitit."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nac.errors import InputError
from nac.pipeline.executors.contract import EXECUTORS, THREAD_VARIABLES, Worker, WorkerOptions, command
from nac.rundir import Run


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


@EXECUTORS.register("slurm")
def slurm(run: Run, options: WorkerOptions) -> list[Worker]:
    """Hand the workers to SLURM, each with a core of its own. Raises InputError when submitit or SLURM is not here."""
    try:
        import submitit
    except ImportError as error:
        raise InputError("--cluster slurm: needs submitit (pip install 'nac-codesign[slurm]')") from error
    try:
        executor = submitit.AutoExecutor(folder=run.workers / "slurm", cluster="slurm")
    except RuntimeError as error:
        raise InputError(f"--cluster slurm: {error}, expected sbatch on the PATH") from error
    threads = dict.fromkeys(THREAD_VARIABLES, "1")
    given = {
        "name": f"nac-{run.path.name}", "cpus_per_task": 1, "gpus_per_node": options.gpus or None,
        "timeout_min": options.time, "slurm_partition": options.partition,
        "slurm_setup": [f"export {name}={value}" for name, value in threads.items()],
    }  # fmt: skip
    executor.update_parameters(**{key: value for key, value in given.items() if value is not None})
    work = submitit.helpers.CommandFunction(command(run), verbose=False)
    return [SlurmWorker(executor.submit(work)) for _ in range(options.workers)]
