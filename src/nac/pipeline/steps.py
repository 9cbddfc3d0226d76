"""The steps of a run. Each finishes what it finds unfinished and repeats nothing, so that any of them can be killed."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import optuna
from numpy.typing import NDArray

from nac.compress import Winner, subject
from nac.compress import compress as compress_winners
from nac.config import CompressConfig, validate
from nac.design import DESIGN_FAILURES, Design, forget_failure, record_failure
from nac.errors import InputError, InterruptionError, NacError, WorkError
from nac.global_search import TrialResult, front, results, run_search, select, train_leaders_again, trainings
from nac.hardware import export, synthesise
from nac.pipeline.context import Context
from nac.pipeline.deployment import deployment_for
from nac.pipeline.executors import WorkerOptions
from nac.pipeline.progress import Say, progress, teller
from nac.pipeline.request import worker_options
from nac.pipeline.select import along_the_front
from nac.pipeline.workers import search_with
from nac.report import plot_front
from nac.report.anchors import anchors_for
from nac.report.collect import read_front
from nac.report.hardware import hardware_report
from nac.report.page import write_page
from nac.rundir import Run, write_atomic
from nac.study import load_study
from nac.tasks import BASELINES, Dataset, baselines
from nac.trial import record_of

logger = logging.getLogger(__name__)

CHECKED_SAMPLES = 1000


@dataclass(frozen=True)
class Step:
    """A named piece of a run. `work` returns what there is to say about its result."""

    name: str
    title: str
    work: Callable[[Context], str]


def load_data(context: Context) -> str:
    """Read or simulate the samples, and record what they are."""
    dataset = context.dataset
    measure_baselines(context)
    kept = len(dataset.kept or ())
    sizes = [len(dataset.train), len(dataset.validation) + kept, kept, len(dataset.test)]
    return "{:,} samples to train, {:,} to validate ({:,} of them take part in no choice), {:,} to test".format(*sizes)


def measure_baselines(context: Context) -> None:
    """Write what the constant answer and a linear model reach, unless that is known."""
    file = context.run.baselines
    if not file.is_file():
        write_atomic(file, BASELINES.dump_json(baselines(context.task, context.dataset), indent=1))


def search(context: Context) -> str:
    """Train architectures until as many have finished as the task asks for."""
    config, options = context.record.task, context.record.options
    workers = validate(WorkerOptions, worker_options(options), context.run.config_file)
    if workers.alone:
        study = run_search(
            context.task, context.space, context.dataset, context.run, config.search, config.seed,
            storage=options.get("storage"), console=context.console,
            deployment=deployment_for(context.task, context.dataset),
        )  # fmt: skip
    else:
        study = search_with(context, workers)
    if not results(study):
        raise WorkError(f"{context.run.path}: no trial has finished, so there is no front: {_ends(study)}")
    if config.search.trains_again:
        train_again(context, study)
    found = results(study)
    trials = len({result.number for result in found})
    networks = f" with {len(found)} networks" if len(found) > trials else ""
    return f"{trials} trials{networks}, {len(front(study))} of them on the front"


def train_again(context: Context, study: optuna.Study) -> None:
    """Train what leads a search again, with other seeds and on folds of the samples."""
    task, config = context.task, context.record.task
    listed = trainings(config.search.repeats, config.search.folds, context.dataset, context.fold)
    with progress(context.console) as bar:
        job = bar.add_task("leaders", total=None)
        train_leaders_again(
            study, task, listed, config.seed, lambda dataset: deployment_for(task, dataset),
            lambda what, done, total: bar.update(job, description=what, completed=done, total=total),
        )  # fmt: skip


def _ends(study: optuna.Study) -> str:
    """How the trials of a search without results ended."""
    trials = study.get_trials(deepcopy=False)
    states = Counter(trial.state.name.lower() for trial in trials)
    counts = ", ".join(f"{number} {state}" for state, number in states.items()) or "none was begun in the time given"
    errors = [said for trial in trials if (said := record_of(trial).error or record_of(trial).infeasible)]
    return f"{counts} (the last: {errors[-1]})" if errors else counts


def compress(context: Context) -> str:
    """Make designs of the winners."""
    return f"{len(make_designs(context, context.record.task.compress))} designs"


def make_designs(context: Context, settings: CompressConfig, trials: Sequence[int] | None = None) -> list[Design]:
    """Designs of the named trials, or of the winners along the front. Raises InputError when there is none to make.

    Those that cannot be made join the context's failures.
    """
    chosen = winners(context, settings, trials)
    measure_baselines(context)
    deployment = deployment_for(context.task, context.dataset)
    with progress(context.console) as bar:
        job = bar.add_task("compress", total=None)
        return compress_winners(
            chosen, context.task, context.dataset, context.run, settings, seed=context.record.task.seed,
            on_progress=lambda what, done, total: bar.update(job, description=what, completed=done, total=total),
            measure=None if deployment is None else deployment.costs, on_failure=context.failures.__setitem__,
        )  # fmt: skip


def winners(context: Context, settings: CompressConfig, numbers: Sequence[int] | None = None) -> list[Winner]:
    """The trials that become designs: those of the given numbers, or as many along the front as the settings want.

    Raises InputError when a number is of no finished trial, or none has finished.
    """
    run = context.run
    study = load_study(run, context.record.options.get("storage"))
    if numbers is None:
        chosen = select(study, settings.designs, lambda result: subject(_winner(result), settings))
        if not chosen:
            raise InputError(f"{run.path}: no feasible trial has finished, so there is nothing to compress")
    else:
        finished = results(study)
        if missing := [number for number in numbers if number not in {result.number for result in finished}]:
            raise InputError(f"--trial {missing[0]}: {run.path} has no such finished trial")
        chosen = [result for number in dict.fromkeys(numbers) for result in finished if result.number == number]
    return [_winner(result) for result in chosen]


def _winner(result: TrialResult) -> Winner:
    return Winner(result.number, result.architecture, result.compression, result.folding, point=result.point)


def export_designs(context: Context) -> str:
    """Export every design and recount its costs from the exported graph."""
    designs = [Design.load(path) for path in context.run.design_paths()]
    missing = [design for design in designs if not (design.path / "model.onnx").is_file()]
    with progress(context.console) as bar:
        for design in bar.track(missing, description="export"):
            try:
                forget_failure(design.path)
                export(design)
            except DESIGN_FAILURES as error:
                context.failures[design.path.name] = record_failure(design.path, "export", error)
    done = [design for design in designs if design.path.name not in context.failures]
    return f"{len(done)} networks as QONNX"


def synth(context: Context) -> str:
    """Write, compile and verify the HLS projects and the RTL of as many designs along the front as the task asks for.

    In the place of one that fails the next one along the front is taken, at most as many as were asked for.
    """
    wanted = context.record.task.compress.synthesise
    rows = along_the_front(read_front(context.run), 2 * wanted)
    if not rows and not context.failures:
        raise WorkError(f"{context.run.path}: has no designs to synthesise")
    names = [str(row["name"]) for row in rows if row["name"] not in context.failures]
    done: list[str] = []
    with progress(context.console) as bar:
        job = bar.add_task("synth", total=min(wanted, len(names)))
        say = teller(context.console, lambda what: bar.update(job, description=what))
        for name in names:
            if len(done) == wanted:
                break
            folder = context.run.design(name)
            if is_synthesised(folder) or _synthesised(context, folder, say):
                done.append(name)
                bar.advance(job)
    return f"HLS projects and RTL equal to the networks bit for bit: {', '.join(done) or 'none'}"


def _synthesised(context: Context, folder: Path, say: Say) -> bool:
    """Whether a design became verified firmware; where it did not, the failure is on record."""
    config, design = context.record.task, Design.load(folder)
    try:
        synthesise(
            design, design.record.task.target, check_inputs=check_inputs(context.dataset, design),
            simulation=config.compress.simulate_rtl, synthesis=config.compress.synthesise_rtl,
            say=lambda what: say(f"{folder.name}: {what}"),
        )  # fmt: skip
    except DESIGN_FAILURES as error:
        context.failures[folder.name] = record_failure(folder, "synth", error)
        return False
    return True


def check_inputs(dataset: Dataset, design: Design, count: int = CHECKED_SAMPLES) -> NDArray[np.float32]:
    """Inputs (count, *input) that engines are compared on: of the test split, then of the others where it is short."""
    splits = (dataset.test, dataset.kept, dataset.validation, dataset.train)
    return np.concatenate([design.inputs_of(split, count) for split in splits if split is not None])[:count]


def is_synthesised(folder: Path) -> bool:
    """Whether `synth` has finished with a design's folder: it writes the report last, without a failure."""
    report = hardware_report(folder)
    return bool(report) and not report.get("failure")


def report(context: Context) -> str:
    """Write the figure of the front and the HTML page."""
    return str(write_report(context.run))


def write_report(run: Run) -> str:
    """The run's page and figure; returns the page's path."""
    front = read_front(run)
    plot_front(front, run.figures / "front.png", anchors=anchors_for(run.read()))
    write_page(run)
    return str(run.report)


def report_what_there_is(run: Run) -> None:
    """The page of a run that one of its steps ended, if any of its trials has ended, well or not."""
    try:
        if read_front(run).states:
            logger.info("report on what there is: %s", write_report(run))
    except NacError as error:  # a file that cannot be read may be what ended the run
        logger.warning("no report: %s", error)


STEPS = (
    Step("data", "Data", load_data),
    Step("search", "Global search", search),
    Step("compress", "Local search: quantise and prune the winners", compress),
    Step("export", "Export to QONNX", export_designs),
    Step("synth", "HLS projects and RTL, verified bit for bit", synth),
    Step("report", "Report", report),
)


def run_steps(context: Context, *, stop: str = STEPS[-1].name) -> None:
    """Take the steps in order up to `stop`, none of which does again what is finished.

    Raises:
        InterruptionError: Ctrl-C; the text says how to go on.
        WorkError, InputError: what a step raises; the report on what was finished before is written then too.
    """
    names = [step.name for step in STEPS]
    steps = STEPS[: names.index(stop) + 1]
    for index, step in enumerate(steps, start=1):
        context.console.print(f"[bold]{index}/{len(steps)} {step.title}")
        began = time.monotonic()
        try:
            said = step.work(context)
        except KeyboardInterrupt as error:
            raise InterruptionError(
                f"interrupted in the step {step.name!r}; what is finished is kept in {context.run.path}, "
                "the same command with --resume goes on from there"
            ) from error
        except (WorkError, InputError):
            if index < len(steps) and steps[-1].work is report:
                report_what_there_is(context.run)
            raise
        logger.info("%s: %s (%.0f s)", step.name, said, time.monotonic() - began)
