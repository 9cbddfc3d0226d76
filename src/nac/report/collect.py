"""Reading a run folder into rows: trials from the Optuna study, designs and hardware reports from their files."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState
from pydantic import ValidationError

from nac.arch import Architecture
from nac.config.base import explained
from nac.design import REPORTS, Design
from nac.errors import InputError
from nac.locks import abandoned, locks_of
from nac.report.front import Front
from nac.report.hardware import exactness, hardware_numbers, hardware_report
from nac.report.quantities import QUANTITIES
from nac.report.rows import CHOICE
from nac.rundir import Run
from nac.space import folding
from nac.study import Trainings, averaged, counted_trainings, expecting_a_search, find_study
from nac.tasks import BASELINES, Interval, read_intervals
from nac.tasks.layouts import layout_of
from nac.trial import Measured, Point, TrialRecord, record_of


def read_front(run: Run) -> Front:
    """The front of a run, finished or not. Raises InputError when the folder holds no run or no result yet."""
    record = run.read()
    study = read_study(run)
    objectives = [objective.name for objective in record.task.search.objectives]
    trials = list(_trial_rows(run, study)) if study is not None else []
    designs = (design_row(path) for path in run.design_paths())
    rows = [*trials, *designs, *_unmade_rows(run), *_baseline_rows(run)]
    return Front.build(
        rows,
        objectives,
        metrics=_metrics(rows),
        task=record.task.name,
        title=", ".join(filter(None, (record.task.name, layout_of(record.task.data).title))),
        path=run.path,
        states=_states(run, study) if study is not None else {},
    )


def read_study(run: Run) -> optuna.Study | None:
    """The run's Optuna study, or None when it has none yet; one that is being written is read as far as it is.

    Raises:
        InputError: the journal, or the database that the run was started with, cannot be read.
    """
    return find_study(run, run.read().options.get("storage"))


def importances(study: optuna.Study, *, seed: int = 0) -> dict[str, dict[str, float]]:
    """How much each gene explains of each objective (fANOVA), by objective name then gene, largest first.

    Empty when fewer than eight trials have finished: there is nothing to explain then.
    """
    finished = [trial for trial in study.get_trials(deepcopy=False) if trial.state is TrialState.COMPLETE]
    if len(finished) < 8:
        return {}
    names = study.metric_names or [f"objective {k}" for k in range(len(study.directions))]
    found = {}
    for k, name in enumerate(names):
        values = {trial.values[k] for trial in finished}
        if len(values) < 2:
            continue
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=seed)
        found[name] = optuna.importance.get_param_importances(
            study, evaluator=evaluator, target=lambda trial, k=k: float(trial.values[k])  # type: ignore[misc]
        )
    return found


def _trial_rows(run: Run, study: optuna.Study) -> Iterator[dict[str, Any]]:
    """One row per architecture that was trained, or per network of its front; repeated trials have no other row."""
    again = counted_trainings(study)
    for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        if record_of(trial).duplicate_of is None:
            with expecting_a_search(trial, str(run.journal)):
                row = _trial_row(run, trial, again.get(trial.number, {}))
                rows = [{**row, **point_row(trial.number, point)} for point in record_of(trial).points] or [row]
            yield from rows


def _trial_row(run: Run, trial: FrozenTrial, again: Trainings) -> dict[str, Any]:
    """The row of one finished trial."""
    record = record_of(trial)
    architecture = _architecture(run, trial.number, record)
    return {
        "kind": "trial",
        "name": f"{trial.number:04d}",
        "trial": trial.number,
        "baseline": record.baseline,
        "parent": record.parent,
        **_described(architecture),
        "fold": _positions(folding(record.genotype).fold, architecture),
        "feasible": _feasible(trial),
        **_trial_metrics(record, again),
        **record.costs,
    }


def point_row(number: int, point: Point) -> dict[str, Any]:
    """What of a row is of one network on the front of a trial's training."""
    architecture = None if point.architecture is None else Architecture.model_validate(point.architecture)
    return {
        "name": f"{number:04d}-l{point.index:02d}", **(_described(architecture) if architecture else {}),
        **_trial_metrics(point, {}), **point.costs,
    }  # fmt: skip


def _trial_metrics(record: TrialRecord | Point, again: Trainings) -> dict[str, float]:
    """The columns of metrics: rescored ones and those that choices are made by; one kind where there is no other."""
    rescored = record.rescored
    parts: dict[str, Measured] = {"validation": record}
    if rescored is not None:
        parts = {"validation": rescored, "choice": record}
    key = {"validation": "metrics" if rescored is None else "rescored", "choice": "metrics"}
    means, spreads = {}, {}
    for split, part in parts.items():
        others = [found.get(key[split], {}) for found in again.values()]
        means[split], spreads[split] = averaged(part.metrics, others)
    return {
        **measured(means, {split: read_intervals(part.intervals) for split, part in parts.items()}),
        **{f"{name}_spread": value for name, value in spreads["validation"].items()},
    }


def _architecture(run: Run, number: int, record: TrialRecord) -> Architecture | None:
    """The architecture of a trial from its record, else from its folder."""
    stored = record.architecture
    if isinstance(stored, str):
        return Architecture.from_json(stored, f"trial {number}")
    if stored is not None:
        return Architecture.model_validate(stored)
    file = run.trial(number) / "architecture.json"
    return Architecture.from_json(file.read_text(encoding="utf-8"), file) if file.is_file() else None


def _feasible(trial: FrozenTrial) -> bool:
    """Whether a trial meets every constraint (Optuna: none above zero)."""
    constraints = trial.constraints
    return all(value <= 0 for value in constraints.values()) if constraints else True


def _described(architecture: Architecture | None) -> dict[str, Any]:
    """The columns that an architecture fills."""
    if architecture is None:
        return {"hash": None, "architecture": "?"}
    return {
        "hash": architecture.hash,
        "architecture": architecture.summary(),
        "bits": architecture.bits.weights,
        "activation_bits": architecture.bits.activations,
        "input_bits": architecture.bits.input,
    }


def _positions(fold: int | str | None, architecture: Architecture | None) -> float:
    """How many positions come with a clock, of an architecture's input; NaN where genes do not say."""
    if fold is None or architecture is None:
        return math.nan
    return float(math.prod(architecture.input[1:]) if fold == "all" else fold)


def design_row(folder: Path) -> dict[str, Any]:
    """The row of a design: its record and, where it went through hardware, what came out."""
    record = Design.load(folder).record
    report = hardware_report(folder)
    verification = report.get("verification") or {}
    return {
        "kind": "design",
        "name": record.name,
        "trial": record.origin.get("trial", math.nan),
        **_described(record.architecture),
        "sparsity": record.sparsity,
        "fold": _positions(record.origin.get("fold"), record.architecture),
        "feasible": not report.get("failure"),
        "failure": report.get("failure"),
        "exact": exactness(verification),
        "verified_samples": verification.get("hls_samples"),
        **measured(record.metrics, record.intervals),
        **record.costs,
        **hardware_numbers(report),
    }


def _baseline_rows(run: Run) -> Iterator[dict[str, Any]]:
    """One row per trivial answer that was measured. Raises InputError when its file is wrong."""
    file = run.baselines
    if not file.is_file():
        return
    try:
        found = BASELINES.validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        said = explained(error, file) if isinstance(error, ValidationError) else f"{file}: cannot be read ({error})"
        raise InputError(said) from error
    for baseline in found:
        yield {
            "kind": "baseline", "name": baseline.name, "feasible": True,
            **(_described(baseline.architecture) if baseline.architecture else {"architecture": ""}),
            **measured(baseline.metrics, baseline.intervals), **baseline.costs,
        }  # fmt: skip


def measured(
    metrics: Mapping[str, Mapping[str, float]], intervals: Mapping[str, Mapping[str, Interval]], prefix: str = ""
) -> dict[str, float]:
    """The columns of metrics and their errors, on the validation split, where it chooses, and on the test split."""
    return {
        f"{prefix}{own}{name}": value
        for split, own in (("validation", ""), ("choice", CHOICE), ("test", "test_"))
        for columns in (metrics.get(split, {}), _errors(intervals.get(split, {})))
        for name, value in columns.items()
    }


def _errors(intervals: Mapping[str, Interval]) -> dict[str, float]:
    """The columns that say how well metrics are known, `accuracy_se`, `accuracy_low` and `accuracy_high`."""
    return {
        f"{name}_{end}": value
        for name, known in intervals.items()
        for end, value in (("se", known.standard_error), ("low", known.low), ("high", known.high))
    }


def _unmade_rows(run: Run) -> Iterator[dict[str, Any]]:
    """The rows of designs that could not be made: a name and what failed."""
    for file in sorted(run.designs.glob(f"*/{REPORTS}")):
        folder = file.parent
        if not (folder / "design.json").exists() and (failure := hardware_report(folder).get("failure")):
            yield {"kind": "design", "name": folder.name, "architecture": "?", "feasible": False, "failure": failure}


def _metrics(rows: list[dict[str, Any]]) -> tuple[str, ...]:
    """The metrics that any row has, in the order of the registry."""
    found = dict.fromkeys(name for row in rows for name in row)
    metrics = [name for name in found if name in QUANTITIES and QUANTITIES[name].role == "metric"]
    known = [*QUANTITIES, *metrics]  # a member of a family is not listed
    return tuple(sorted(metrics, key=known.index))


def _states(run: Run, study: optuna.Study) -> dict[str, int]:
    """How many trials ended how, in words; those are abandoned whose worker is gone."""
    trials = study.get_trials(deepcopy=False)
    counted = Counter(map(_state, trials))
    if counted["running"]:
        counted["abandoned"] = len(abandoned(trials, locks_of(run, run.read().options.get("storage"))))
        counted["running"] -= counted["abandoned"]
    order = ("complete", "duplicate", "infeasible", "passed over", "failed", "cut off", "running", "abandoned",
             "waiting")  # fmt: skip
    return {word: counted[word] for word in order if counted[word]}


def _state(trial: FrozenTrial) -> str:
    """One word for how a trial ended: its candidate trained, known already, never trained, failed; or not at all."""
    if trial.state is TrialState.COMPLETE:
        return "complete" if record_of(trial).duplicate_of is None else "duplicate"
    if trial.state is TrialState.FAIL:
        return "cut off" if record_of(trial).error is None else "failed"
    if trial.state is TrialState.PRUNED:
        return "infeasible" if record_of(trial).unpromising is None else "passed over"
    return {TrialState.RUNNING: "running"}.get(trial.state, "waiting")
