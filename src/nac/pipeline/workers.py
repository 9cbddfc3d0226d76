"""Many workers on one search: starting and watching them, and being one."""

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

import optuna
from rich.console import Console

from nac.errors import InputError, InterruptionError, WorkError
from nac.global_search import SearchStatus, begin_search, run_of, run_search, serves_many, status
from nac.global_search.budget import Session, require_progress, running
from nac.global_search.circuits import is_spent
from nac.global_search.progress import SearchProgress
from nac.locks import locks_of
from nac.pipeline.context import Context
from nac.pipeline.deployment import deployment_for
from nac.pipeline.executors import Worker, WorkerOptions, start
from nac.pipeline.interrupt import orderly_interrupts
from nac.pipeline.request import open_run
from nac.rundir import Run
from nac.study import load_study

logger = logging.getLogger(__name__)

WATCH_S = 0.5
# Dead workers are started again while that helps: so many times without a trial in between.
RESTARTS_IN_A_ROW = 10
LOG_LINES = 5


def search_with(context: Context, options: WorkerOptions) -> optuna.Study:
    """Search with several processes, and return when the budget is spent or the time is up.

    Raises:
        InputError: a setting is wrong.
        WorkError: the search gets nowhere (`nac.global_search.run_search`), or workers keep dying.
        InterruptionError: Ctrl-C; every worker has given its trial back.
    """
    config, run, storage = context.record.task, context.run, context.record.options.get("storage")
    if not serves_many(storage):
        raise InputError(f"--storage {storage}: SQLite cannot serve several workers, expected the run's own journal "
                         "(no --storage) or postgresql://...")
    study = begin_search(context.task, context.space, run, config.search, config.seed, storage)
    locks = locks_of(run, storage)

    def read() -> SearchStatus:
        return status(study, config.search, locks)

    def over() -> bool:
        """Whether nothing is left to do; jobs may still wait in a queue then."""
        session, trials = Session.of(study), study.get_trials(deepcopy=False)
        require_progress(trials[session.found if session else 0 :], context.space.name)
        out_of_time = session is not None and session.over
        return not running(trials) and (out_of_time or is_spent(study, context.space, config.search))

    workers = start(run, options)
    try:
        with SearchProgress(context.console, read) as progress:
            _watch(workers, read, over, progress)
    except KeyboardInterrupt as error:
        now = read()
        raise InterruptionError(
            f"{run.path}: interrupted after {now.done} of {now.asked} trials; all of them are kept, go on with --resume"
        ) from error
    finally:
        for worker in workers:
            worker.stop()
        for worker in workers:
            worker.wait()
    return study


def _watch(
    workers: list[Worker], read: Callable[[], SearchStatus], over: Callable[[], bool], progress: SearchProgress
) -> None:
    """Wait for all workers, with others in the place of those that die."""
    restarts, done = 0, read().done
    while not over() and any(worker.status() is None for worker in workers):
        time.sleep(WATCH_S)
        progress.update()
        for index, worker in enumerate(workers):
            if not (code := worker.status()):
                continue
            over()
            if code == InputError.exit_status:
                raise InputError(_last_words(worker.log))
            if (now := read().done) > done:
                restarts, done = 0, now
            restarts += 1
            if (another := worker.again() if restarts <= RESTARTS_IN_A_ROW else None) is not None:
                logger.warning("worker %d ended with status %d and is started again", index + 1, code)
                workers[index] = another
    progress.update(at_once=True)
    if not over() and all(worker.status() for worker in workers):
        raise WorkError(f"no worker could go on after {read().done} trials: {_last_words(workers[-1].log)}")


def _last_words(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        return f"{log} cannot be read"
    return " ".join(" ".join(lines[-LOG_LINES:]).split())


def join(where: str, console: Console, *, parent: int | None = None) -> SearchStatus:
    """Work on a search that somebody began until it ends, and say how it ended.

    Args:
        where: the folder of the run, or the URL of the storage that it is in.
        console: for a progress line, unless a parent shows one.
        parent: leave after a candidate when this process is no longer the parent.

    Raises:
        InputError: there is no run, or its storage cannot serve several workers.
        WorkError, InterruptionError: as `nac.global_search.run_search`.
    """
    run = run_of(where) if "://" in where else Run(Path(where))
    opened = open_run(run, console)
    config, storage = opened.record.task, opened.record.options.get("storage")
    if not serves_many(storage):
        raise InputError(f"{run.path}: its storage {storage} cannot serve several workers")
    load_study(run, storage)  # a search that nobody began is a wrong folder
    with orderly_interrupts():
        run_search(
            opened.task, opened.space, opened.dataset, run, config.search, config.seed, storage=storage,
            console=console if parent is None else None, joining=True,
            deployment=deployment_for(opened.task, opened.dataset),
            leave=lambda: parent is not None and os.getppid() != parent,
        )  # fmt: skip
    return status_of(run.path)


def status_of(path: Path) -> SearchStatus:
    """How far the search of a run is. Raises InputError when there is none."""
    run = Run(path)
    record = run.read()
    storage = record.options.get("storage")
    return status(load_study(run, storage), record.task.search, locks_of(run, storage))
