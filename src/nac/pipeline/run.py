"""What the verbs on a whole run do: run, search, compress, report."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType

from nac.config import CompressConfig, TaskConfig, merge, validate
from nac.design import Design
from nac.errors import InputError, WorkError
from nac.pipeline.interrupt import orderly_interrupts
from nac.pipeline.request import Request, open_run, resume, start, withdraw
from nac.pipeline.steps import STEPS, is_synthesised, make_designs, run_steps, write_report
from nac.report.collect import read_front
from nac.report.front import Front
from nac.report.tables import front_table
from nac.rundir import Run

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Summary:
    """What a run has made so far and where it is; `failures` are the designs that the command failed on."""

    run: Run
    front: Front
    failures: Mapping[str, str] = field(default_factory=dict)

    @property
    def table(self) -> RenderableType:
        """The designs, or the trials while there is no design."""
        return front_table(self.front, trials=self.front.of("design").empty)

    @property
    def places(self) -> list[tuple[str, Path]]:
        """Labelled paths of what is there, for people."""
        projects = [path / "hls" for path in self.run.design_paths() if is_synthesised(path)]
        listed = [
            ("run", self.run.path), ("front", self.run.journal), ("figure", self.run.figures / "front.png"),
            ("report", self.run.report), *(("project", path) for path in projects),
        ]  # fmt: skip
        return [(label, path) for label, path in listed if path.exists()]

    def to_json(self) -> dict[str, Any]:
        """The front with its rows, and the paths by label."""
        paths: dict[str, list[str]] = {}
        for label, path in self.places:
            paths.setdefault(label, []).append(str(path))
        return {**self.front.to_json(), "paths": paths, "failures": dict(self.failures)}


def run_task(
    request: Request, out: Path | None, *, resumed: bool = False, stop: str = STEPS[-1].name, console: Console
) -> Summary:
    """Start a run, or go on with one, and take its steps up to `stop`.

    A design that fails is among the failures of the summary, and the others are finished.

    Raises:
        InputError: the request is wrong, and then nothing was written.
        WorkError: a step failed; finished work is kept.
        InterruptionError: Ctrl-C.
    """
    context = resume(request, out, console) if resumed else None
    fresh = context is None
    if context is None:
        context = start(request, out, to_hardware=stop != "search", console=console)
    with context.run.lock(), orderly_interrupts():
        if not fresh and context.record != context.run.read():
            context.run.write(context.record)
        try:
            run_steps(context, stop=stop)
        except InputError:
            if fresh:
                withdraw(context.run)
            raise
    return Summary(context.run, _warned(context.run), context.failures)


def require_none(failures: Mapping[str, str], run: Run) -> None:
    """Raises WorkError that names every design that failed, with its reason."""
    if failures:
        what = "1 design" if len(failures) == 1 else f"{len(failures)} designs"
        said = "; ".join(f"{name} ({reason})" for name, reason in failures.items())
        raise WorkError(f"{run.path}: {what} failed, the others are finished: {said}")


UNIFORM = ("bits", "sparsity", "mixed", "structured", "digits")
"""What designs vary in that have no learned widths."""


def compress_run(
    path: Path, asked: Mapping[str, Any], *, trials: Sequence[int] | None = None, console: Console
) -> tuple[list[Design], dict[str, str]]:
    """Make designs of a run's winners, with other settings than the task's `compress` where they are `asked` for.

    Returns the designs, and of those that could not be made the step and the reason by name.

    Raises InputError when there is no run or no such trial, or a setting is unknown or out of range.
    """
    context = open_run(Run(path), console)
    settings = _settings(context.record.task, asked)
    with context.run.lock():
        designs = make_designs(context, settings, trials)
    _warned(context.run)
    return designs, context.failures


def _settings(task: TaskConfig, asked: Mapping[str, Any]) -> CompressConfig:
    """The task's `compress` with what is asked for in place. Raises InputError where nothing would come of it."""
    given = {key: value for key, value in asked.items() if value is not None}
    if uniform := [key for key in UNIFORM if key in given]:
        if task.search.fronts is not None:
            raise InputError(f"--{uniform[0]}: the trials of this run are fronts of learned widths, which become "
                             "designs as they are")
        if (given.get("learned") or {}).get("alone"):
            raise InputError(f"--{uniform[0]}: --learned makes designs of learned widths alone, expected one of both")
        if task.compress.learned is not None:  # who asks for such designs gets them, whatever the task makes alone
            given["learned"] = {**(given.get("learned") or {}), "alone": False}
    return validate(CompressConfig, merge(task.compress.model_dump(), given), "nac compress")


def _warned(run: Run) -> Front:
    """The front of a run, after saying what is wrong with it."""
    front = read_front(run)
    for line in front.warnings:
        logger.warning(line)
    return front


def report_run(path: Path) -> Path:
    """Write the HTML page of a run and return its path. Raises InputError when there is no run."""
    return Path(write_report(Run(path)))
