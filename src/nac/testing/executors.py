"""The contract of an executor."""

import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rich.console import Console

from nac.global_search import begin_search
from nac.pipeline.executors import Executor, Worker, WorkerOptions
from nac.pipeline.problem import Problem
from nac.pipeline.request import Request, start
from nac.pipeline.workers import status_of
from nac.rundir import Run

WORKERS, TRIALS = 2, 4
PATIENCE_S, PAUSE_S, LOG = 120, 0.1, 300
SPACE = {"kind": "mlp", "deployable": True, "input": [4], "outputs": 2, "hidden": {"layers": [1], "width": [2, 4, 8]}}
TASK = {
    "name": "checked", "space": "checked", "data": {
        "layout": "arrays", "kind": "classification", "classes": ["a", "b"], "shape": [4], "inputs": "x",
        "targets": "y",
    },
    "search": {"objectives": [{"name": "accuracy"}, {"name": "bops"}], "trials": TRIALS, "population": 2},
    "train": {"epochs": 1},
}  # fmt: skip


def check_executor(executor: Executor, options: WorkerOptions | None = None) -> None:
    """Its workers do the search together and leave; those that are told to leave before that do so as well.

    Args:
        executor: as registered.
        options: what it needs besides two workers.
    """
    options = (options or WorkerOptions()).model_copy(update={"workers": WORKERS})
    with TemporaryDirectory() as folder:
        run = _run(Path(folder) / "run")
        workers = executor(run, options)
        assert len(workers) == WORKERS, f"expected {WORKERS} workers, found {len(workers)}"
        end = time.monotonic() + PATIENCE_S
        while any(worker.status() is None for worker in workers) and time.monotonic() < end:
            time.sleep(PAUSE_S)
        ended = [worker.status() for worker in workers]
        assert ended == [0] * WORKERS, f"workers ended with {ended}, expected 0: {_said(workers)}"
        done = status_of(run.path).complete
        assert done == TRIALS, f"workers did {done} of {TRIALS} trials"
        for worker in workers:
            assert worker.log.is_file(), f"{worker.log}: a worker has a log"
            worker.stop()  # which is too late, and no error
            worker.wait()
            assert worker.status() == 0, "the status of a worker that left changes no more"
        early = executor(_run(Path(folder) / "early"), options)
        for worker in early:
            worker.stop()
        for worker in early:
            worker.wait()


def _run(folder: Path) -> Run:
    random = np.random.default_rng(0)
    x = random.normal(size=(200, 4)).astype(np.float32)
    problem = Problem(TASK, SPACE, {"x": x, "y": (x[:, 0] > 0).astype(np.int64)})
    context = start(Request(problem), folder, to_hardware=False, console=Console(quiet=True))
    config = context.record.task
    begin_search(context.task, context.space, context.run, config.search, config.seed, None)
    return context.run


def _said(workers: Sequence[Worker]) -> str:
    """The ends of their logs."""
    texts = (worker.log.read_text(encoding="utf-8") for worker in workers if worker.log.is_file())
    return " | ".join(text[-LOG:] for text in texts)
