"""Where workers run, by name: as processes of this machine, or as jobs of a scheduler, each in a file."""

from nac.pipeline.executors.contract import EXECUTORS, Executor, Worker, WorkerOptions, start

__all__ = ["EXECUTORS", "Executor", "Worker", "WorkerOptions", "start"]
