"""Verbs that work on a whole run: run, search, compress, report."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nac.cli.options import (
    ClusterOption,
    DataOption,
    DeviceOption,
    FoldsOption,
    GpusOption,
    JsonOption,
    OutOption,
    PartitionOption,
    PresetOption,
    RepeatsOption,
    ResumeOption,
    RunArgument,
    SeedOption,
    SetOption,
    TaskArgument,
    TimeOption,
    TimeoutOption,
    TrialsOption,
    WorkersOption,
    WorkersPerGpuOption,
)
from nac.cli.output import progress_console, say, say_json, say_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nac.design import Design
    from nac.global_search import SearchStatus
    from nac.pipeline.run import Summary

RUN_EXAMPLES = """\
[dim]nac run jets --preset demo --out runs/demo[/]

[dim]nac run jets --data jets.npz --set data.constituents=16 --set search.trials=200 --seed 3[/]

[dim]nac run jets --out runs/demo --resume[/]

[dim]nac run jets --out runs/demo --resume --trials 400[/]     more of the search, and designs of its new winners
"""
SEARCH_EXAMPLES = """\
[dim]nac search jets --out runs/wide --trials 300 --sampler tpe[/]

[dim]nac search bragg --data ruby.npz --out runs/bragg --timeout 3600 --workers 4[/]

[dim]nac search jets --out runs/big --workers 32 --cluster slurm --partition gpu --time 720 --gpus 1[/]
"""
WORKER_EXAMPLES = """\
[dim]nac worker runs/wide[/]                                     on this machine or one that shares its files

[dim]nac worker postgresql://nac@server/searches[/]
"""
STATUS_EXAMPLES = "[dim]nac status runs/wide --json[/]"
COMPRESS_EXAMPLES = """\
[dim]nac compress runs/demo[/]                                        the winners, at the task's widths

[dim]nac compress runs/demo --trial 17 --bits 4 --bits 6 --sparsity 0.8[/]

[dim]nac compress runs/demo --sparsity 0.8 --pruner gradual --pruner distilled[/]

[dim]nac compress runs/demo --mixed 4 --structured 0.5 --tune-training 30[/]

[dim]nac compress runs/demo --digits 0.5 --digits 0.25[/]             for few LUTs: weights of few signed digits

[dim]nac compress runs/demo --learned[/]                              for few LUTs: a whole front of learned widths
"""
REPORT_EXAMPLES = "[dim]nac report runs/demo[/]"


def run(
    task: TaskArgument,
    preset: PresetOption = None,
    out: OutOption = None,
    data: DataOption = None,
    trials: TrialsOption = None,
    timeout: TimeoutOption = None,
    repeats: RepeatsOption = None,
    folds: FoldsOption = None,
    seed: SeedOption = None,
    set_: SetOption = None,
    workers: WorkersOption = None,
    device: DeviceOption = None,
    workers_per_gpu: WorkersPerGpuOption = None,
    cluster: ClusterOption = None,
    partition: PartitionOption = None,
    time: TimeOption = None,
    gpus: GpusOption = None,
    resume: ResumeOption = False,
    json: JsonOption = False,
) -> None:
    """The whole way: data, search, compression, QONNX, verified HLS projects and a report."""
    from nac.pipeline.request import Request
    from nac.pipeline.run import run_task

    options = _given(
        workers=workers, device=device, workers_per_gpu=workers_per_gpu, cluster=cluster, partition=partition,
        time=time, gpus=gpus,
    )
    settings = _settings(set_, {
        "search.trials": trials, "search.timeout": timeout, "search.repeats": repeats, "search.folds": folds,
    })
    request = Request(task, preset, tuple(data or ()), settings, seed, options)
    _say_summary(run_task(request, out, resumed=resume, console=progress_console()), json)


def search(
    task: TaskArgument,
    out: OutOption = None,
    trials: TrialsOption = None,
    workers: WorkersOption = None,
    device: DeviceOption = None,
    workers_per_gpu: WorkersPerGpuOption = None,
    cluster: ClusterOption = None,
    partition: PartitionOption = None,
    time: TimeOption = None,
    gpus: GpusOption = None,
    sampler: Annotated[str | None, typer.Option(help="tpe, nsga2, ..., or a class of optuna.samplers.")] = None,
    timeout: TimeoutOption = None,
    repeats: RepeatsOption = None,
    folds: FoldsOption = None,
    storage: Annotated[str | None, typer.Option(metavar="URL", help="Optuna storage instead of the journal.")] = None,
    preset: PresetOption = None,
    data: DataOption = None,
    seed: SeedOption = None,
    set_: SetOption = None,
    resume: ResumeOption = False,
    json: JsonOption = False,
) -> None:
    """The global search alone: a Pareto front of trained float networks."""
    from nac.pipeline.request import Request
    from nac.pipeline.run import run_task

    settings = _settings(set_, {
        "search.trials": trials, "search.sampler": sampler, "search.timeout": timeout, "search.repeats": repeats,
        "search.folds": folds,
    })
    options = _given(
        workers=workers, device=device, workers_per_gpu=workers_per_gpu, cluster=cluster, partition=partition,
        time=time, gpus=gpus, storage=storage,
    )
    request = Request(task, preset, tuple(data or ()), settings, seed, options)
    _say_summary(run_task(request, out, resumed=resume, stop="search", console=progress_console()), json)


def worker(
    where: Annotated[str, typer.Argument(metavar="DIR|URL", help="The folder of a run, or its storage.")],
    parent: Annotated[int | None, typer.Option(hidden=True)] = None,
    json: JsonOption = False,
) -> None:
    """Join a search that somebody began, from this machine or another, until it ends."""
    from nac.pipeline.workers import join

    _say_status(join(where, progress_console(), parent=parent), json)


def status(run: RunArgument, json: JsonOption = False) -> None:
    """How far the search of a run is, while it runs or afterwards."""
    from nac.pipeline.workers import status_of

    _say_status(status_of(run), json)


def compress(
    run: RunArgument,
    trial: Annotated[list[int] | None, typer.Option(min=0, metavar="N", help="Trial to compress, repeatable.")] = None,
    bits: Annotated[list[int] | None, typer.Option(metavar="B", help="Bit width, repeatable.")] = None,
    sparsity: Annotated[list[float] | None, typer.Option(metavar="S", help="Share of zeros, repeatable.")] = None,
    pruner: Annotated[
        list[str] | None, typer.Option(metavar="P", help="How weights are chosen for removal, repeatable.")
    ] = None,
    mixed: Annotated[
        list[int] | None, typer.Option(metavar="B", help="Mixed precision at the cost of B bits, repeatable.")
    ] = None,
    structured: Annotated[
        list[float] | None, typer.Option(metavar="S", help="Share of channels to remove, repeatable.")
    ] = None,
    digits: Annotated[
        list[float] | None, typer.Option(metavar="S", help="Share of the weights' signed digits kept, repeatable.")
    ] = None,
    learned: Annotated[
        bool, typer.Option("--learned", help="Learn a width for every weight and channel: a whole front, alone.")
    ] = False,
    order: Annotated[
        str | None, typer.Option(help="prune_then_quantise, quantise_then_prune or joint.")
    ] = None,
    tune_training: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Search the training's settings in N trainings.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """The local search: winners of a run, quantised and pruned into designs."""
    from nac.pipeline.run import compress_run, require_none
    from nac.rundir import Run

    asked = {
        "bits": bits or None, "sparsity": sparsity or None, "pruner": pruner or None, "mixed": mixed or None,
        "structured": structured or None, "digits": digits or None, "order": order, "tune": tune_training,
        "learned": {"alone": True} if learned else None,
    }  # fmt: skip
    designs, failures = compress_run(run, asked, trials=trial or None, console=progress_console())
    if json:
        records = [design.record.model_dump(mode="json") for design in designs]
        say_json({"run": str(run), "designs": records, "failures": failures})
    else:
        _say_designs(run, designs)
    require_none(failures, Run(run))


def _say_designs(run: Path, designs: "list[Design]") -> None:
    from nac.report.collect import measured
    from nac.report.rows import value_text

    metrics = sorted({name for design in designs for name in design.record.metrics["validation"]})
    rows = [measured(design.record.metrics, design.record.intervals) for design in designs]
    say_table(
        f"{len(designs)} designs in {run / 'designs'} (metrics on the validation split, ± is one standard error)",
        ["design", "bits", "sparsity", *metrics, "bops"],
        [
            [
                design.record.name, design.record.bits, design.record.sparsity,
                *(value_text(row, name) for name in metrics), design.record.costs["bops"],
            ]
            for design, row in zip(designs, rows, strict=True)
        ],
    )


def report(run: RunArgument, json: JsonOption = False) -> None:
    """Write one self-contained HTML page about a run."""
    from nac.pipeline.run import report_run

    page = report_run(run)
    if json:
        say_json({"run": str(run), "report": str(page)})
    else:
        typer.echo(page)


def _settings(set_: "list[str] | None", asked: "Mapping[str, object]") -> tuple[str, ...]:
    """What --set says, and flags for which there is a key too."""
    return (*(set_ or ()), *(f"{key}={value}" for key, value in asked.items() if value is not None))


def _given(**options: object) -> dict[str, object]:
    return {name: value for name, value in options.items() if value is not None}


def _say_status(status: "SearchStatus", json: bool) -> None:
    if json:
        say_json(status.to_json())
        return
    from nac.global_search.progress import sentence

    typer.echo(f"{status.done} of {status.asked} trials: {sentence(status)}")
    for worker, trial in status.workers.items():
        typer.echo(f"worker {worker} is at trial {trial}")
    if status.abandoned:
        typer.echo(f"{status.abandoned} trials were left by workers that are gone; the next worker does them again")
    for error in status.errors:
        typer.echo(error)


def _say_summary(summary: "Summary", json: bool) -> None:
    """What a run made and where it is."""
    from nac.pipeline.run import require_none

    if json:
        say_json(summary.to_json())
    else:
        say(summary.table)
        for label, place in summary.places:
            typer.echo(f"{label + ':':<10}{place}")
        typer.echo(f"nac front {summary.run.path} shows and filters this table")
    require_none(summary.failures, summary.run)


