"""Starting a run, and opening what is there."""

import re
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from nac.api.console import console
from nac.api.design import Design, Files, paths
from nac.api.run import Run
from nac.api.task import Task
from nac.errors import InputError
from nac.global_search import HARDWARE
from nac.pipeline.request import Request
from nac.pipeline.run import run_task
from nac.pipeline.steps import STEPS

QUANTISE = "search.quantise={epochs: 10, learning_rate: 0.002}"
"""The budget of the training that a search for hardware costs needs, where the task names none."""
_OBJECTIVE = re.compile(r"\s*([A-Za-z]\w*(?:@[\w.:@]+)?)\s*(?:(<=|>=)\s*([-+0-9.eE_]+)\s*)?")


def search(task: Task | str | PathLike[str], objectives: Sequence[str] | None = None, **asked: Any) -> Run:
    """Search for networks: a Pareto front of trained ones (`nac search`).

    Args:
        task: a value, the name of a task that is shipped, or the path of a task file.
        objectives: metrics and costs by name, each with a limit if wanted: `["resolution", "lut<=20000"]`; the
            task's by default.
        asked: see `run`.

    Raises:
        InputError: something asked for is wrong; nothing was written then.
        WorkError: no network could be trained.
    """
    return run(task, objectives, until="search", **asked)


def run(
    task: Task | str | PathLike[str],
    objectives: Sequence[str] | None = None,
    *,
    trials: int | None = None,
    out: str | PathLike[str] | None = None,
    data: Files = (),
    preset: str | None = None,
    seed: int | None = None,
    settings: Sequence[str] = (),
    sampler: str | None = None,
    timeout: float | None = None,
    repeats: int | None = None,
    folds: int | None = None,
    resume: bool = False,
    until: str = STEPS[-1].name,
    **options: Any,
) -> Run:
    """The whole way: data, search, compression, QONNX, verified HLS projects and a report (`nac run`).

    Args:
        task: as for `search`.
        objectives: as for `search`.
        trials: networks that are trained.
        out: the folder of the run, a new one under runs/ by default.
        data: files, for a task of a file.
        preset: of a task of a file.
        seed: of everything.
        settings: other keys of the task, `["train.epochs=20"]`.
        sampler: of the search.
        timeout: seconds for the search.
        repeats: trainings of what leads the search, with other seeds.
        folds: divisions of the samples that what leads is trained on as well.
        resume: go on with the run in `out`, if there is one; finished work is not repeated.
        until: the last step: data, search, compress, export, synth or report.
        options: of workers: `workers`, `device`, `workers_per_gpu`, `cluster`, `partition`, `time`, `gpus`, `storage`.

    Raises:
        InputError: something asked for is wrong; nothing was written then.
        WorkError: a step failed; finished work is kept, and `resume` goes on.
    """
    budget = {"trials": trials, "sampler": sampler, "timeout": timeout, "repeats": repeats, "folds": folds}
    overrides = [*settings, *(f"search.{key}={value}" for key, value in budget.items() if value is not None)]
    if objectives is not None:
        named = [objective(text) for text in objectives]
        overrides.append(f"search.objectives={flow(named)}")
        stated = isinstance(task, Task) and not task.config().search.deploys
        if stated and any(item["name"] in HARDWARE for item in named):
            overrides.insert(0, QUANTISE)
    request = Request(
        task.problem() if isinstance(task, Task) else str(task), preset, tuple(paths(data)), tuple(overrides), seed,
        options,
    )  # fmt: skip
    summary = run_task(request, None if out is None else Path(out), resumed=resume, stop=until, console=console())
    return Run(summary.run.path)


def load(path: str | PathLike[str]) -> Run | Design:
    """Open what lies at a path: a run or a design. Raises InputError when it is neither."""
    folder = Path(path)
    if (folder / "design.json").is_file():
        return Design(folder)
    if (folder / "run.yaml").is_file():
        return Run(folder)
    raise InputError(f"{folder}: is neither a run (it has no run.yaml) nor a design (no design.json)")


def objective(text: str) -> dict[str, Any]:
    """A name with a limit or without, as a task file says it. Raises InputError.

    >>> objective("lut<=20000")
    {'name': 'lut', 'max': 20000.0}
    >>> objective("rmse@energy<=0.5")
    {'name': 'rmse@energy', 'max': 0.5}
    """
    found = _OBJECTIVE.fullmatch(text)
    try:
        bound = {} if found is None or found[2] is None else {"max" if found[2] == "<=" else "min": float(found[3])}
    except ValueError:
        found = None
    if found is None:
        raise InputError(f"objective {text!r}: expected a name, or NAME<=NUMBER or NAME>=NUMBER, as 'lut<=20000'")
    return {"name": found[1], **bound}


def flow(named: Sequence[dict[str, Any]]) -> str:
    """Objectives as YAML in one line."""
    listed = (", ".join(f"{key}: {value}" for key, value in item.items()) for item in named)
    return f"[{', '.join(f'{{{item}}}' for item in listed)}]"
