"""What `nac connectivity` does: how stable training is under the masks of each pruner, round by round."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from nac.arch import Architecture, copied, initialised
from nac.compress.distillation import Distilling, distil, read_distilled
from nac.compress.mode_connectivity import along_rounds, stability
from nac.compress.pruners import PRUNERS, Pruning, prune, rewound
from nac.config import CompressConfig, load_task, validate
from nac.errors import InputError
from nac.pipeline.architectures import named_architecture
from nac.pipeline.request import open_run
from nac.pipeline.steps import winners
from nac.report.barriers import DENSE, StabilityRow, plot_connectivity
from nac.rundir import Run
from nac.tasks import Dataset, Task, make_task

COMPARED = ("lamp", "distilled", "random")


@dataclass(frozen=True)
class Subject:
    """A network to be pruned, with the data that it is for."""

    task: Task
    dataset: Dataset
    architecture: Architecture
    settings: CompressConfig
    seed: int


def connectivity_of(
    what: str, *, data: Sequence[Path], trial: int | None, architecture: str | None, pruners: Sequence[str] | None,
    sparsity: float, rounds: int | None, plot: Path | None, overrides: Sequence[str], seed: int | None,
    console: Console,
) -> list[StabilityRow]:
    """Error barriers of the dense network and of the masks of every round of every pruner.

    Args:
        what: the folder of a run, or a task.
        data: files of a task; a run knows its own.
        trial: of a run; its first winner without one.
        architecture: of a task: a baseline of its space or an architecture's JSON.
        pruners: compared; lamp, distilled and random without any.
        sparsity: at the end of pruning, in (0, 1).
        rounds: in how many, else the task's.
        plot: where the figure is written, if anywhere.
        overrides: `KEY=VALUE` settings of a task.
        seed: of a task, else its own.
        console: where progress is shown.

    Raises:
        InputError: no such run, task, pruner or architecture, or wrong data.
        WorkError: a training diverged.
    """
    asked = {"pruner": tuple(pruners or COMPARED), "sparsity": (sparsity,), "rounds": rounds}
    given = {key: value for key, value in asked.items() if value is not None}
    if not sparsity:
        raise InputError("--sparsity 0: expected a share of weights to remove")
    if Path(what).is_dir():
        if data or architecture is not None or overrides or seed is not None:
            raise InputError(f"{what}: a run has its own data, settings and seed, expected only --trial")
        context = open_run(Run(Path(what)), console)
        winner = winners(context, context.record.task.compress, None if trial is None else [trial])[0]
        task, dataset, network, base = context.task, context.dataset, winner.architecture, context.record.task
    else:
        if trial is not None:
            raise InputError("--trial: a task has no trials, expected --architecture or the folder of a run")
        base = load_task(what, overrides=(*overrides, *([] if seed is None else [f"seed={seed}"])))
        task, network = make_task(base), named_architecture(base, architecture)
        dataset = task.load([Path(file) for file in data], base.seed)
    settings = validate(CompressConfig, {**base.compress.model_dump(), **given}, "nac connectivity")
    rows = measure(Subject(task, dataset, network, settings, base.seed), console)
    if plot is not None:
        plot_connectivity(rows, plot, metric=task.metric_names[0])
    return rows


def measure(subject: Subject, console: Console) -> list[StabilityRow]:
    """One row for the dense network and one for every round of every pruner. Raises WorkError."""
    settings, task = subject.settings, subject.task
    start = rewound(
        initialised(subject.architecture, subject.seed), settings.rewind, task, subject.dataset, settings.train,
        subject.seed,
    )  # fmt: skip
    pruning = Pruning(
        task, subject.dataset, lambda: copied(start), settings.train, settings.sparsity[0], settings.rounds,
        subject.seed, partial(_distilled, subject), settings.distilled_train,
    )  # fmt: skip
    if any(PRUNERS[name].needs_distilled for name in settings.pruner):
        samples = pruning.distilled()
        pruning = replace(pruning, distilled=lambda: samples)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        job = bar.add_task("dense", total=1 + len(settings.pruner))
        found = stability(pruning.start, None, subject.dataset, task, settings.train, seed=subject.seed)
        rows = [StabilityRow(DENSE, 0, 0.0, found.ends, found.barrier)]
        for name in settings.pruner:
            bar.update(job, description=name, advance=1)
            measured = along_rounds(pruning, prune(name, pruning))
            rows += [
                StabilityRow(name, done, sparsity, found.ends, found.barrier)
                for done, (sparsity, found) in enumerate(measured, start=1)
            ]
    return rows


def _distilled(subject: Subject) -> Dataset:
    settings, config = subject.settings.distilled_data, subject.task.config
    if settings.file is not None:
        samples = read_distilled(settings.file, config.data, subject.dataset.preprocessing)
    else:
        make = partial(initialised, subject.architecture)
        samples = distil(Distilling(subject.task, subject.dataset, make, settings, subject.seed))
    return samples.dataset(subject.dataset, config)
