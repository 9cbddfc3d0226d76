"""Verbs that work on a whole run: run, search, compress, report."""

from typing import TYPE_CHECKING, Annotated

import typer

from nac.cli.options import (
    DataOption,
    JsonOption,
    OutOption,
    PresetOption,
    ResumeOption,
    RunArgument,
    SeedOption,
    SetOption,
    TaskArgument,
)
from nac.cli.output import progress_console, say, say_json, say_table

if TYPE_CHECKING:
    from nac.pipeline.run import Summary

RUN_EXAMPLES = """\
[dim]nac run jets --preset demo --out runs/demo[/]

[dim]nac run jets --data jets.npz --set data.constituents=16 --set search.trials=200 --seed 3[/]

[dim]nac run jets --out runs/demo --resume[/]
"""
SEARCH_EXAMPLES = """\
[dim]nac search jets --out runs/wide --trials 300 --sampler tpe[/]

[dim]nac search bragg --data ruby.npz --out runs/bragg --timeout 3600[/]
"""
COMPRESS_EXAMPLES = """\
[dim]nac compress runs/demo[/]                                        the winners, at the task's widths

[dim]nac compress runs/demo --trial 17 --bits 4 --bits 6 --sparsity 0.8[/]

[dim]nac compress runs/demo --sparsity 0.8 --pruner magnitude --pruner distilled[/]

[dim]nac compress runs/demo --mixed 4 --structured 0.5 --tune-training 30[/]
"""
REPORT_EXAMPLES = "[dim]nac report runs/demo[/]"


def run(
    task: TaskArgument,
    preset: PresetOption = None,
    out: OutOption = None,
    data: DataOption = None,
    seed: SeedOption = None,
    set_: SetOption = None,
    resume: ResumeOption = False,
    json: JsonOption = False,
) -> None:
    """The whole way: data, search, compression, QONNX, verified HLS projects and a report."""
    from nac.pipeline.request import Request
    from nac.pipeline.run import run_task

    request = Request(task, preset, tuple(data or ()), tuple(set_ or ()), seed)
    _say_summary(run_task(request, out, resumed=resume, console=progress_console()), json)


def search(
    task: TaskArgument,
    out: OutOption = None,
    trials: Annotated[int | None, typer.Option(min=1, help="Architectures to finish.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that train at once.")] = 1,
    sampler: Annotated[str | None, typer.Option(help="nsga2, nsga3, tpe or random.")] = None,
    timeout: Annotated[float | None, typer.Option(metavar="SECONDS", help="Stop after this time.")] = None,
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

    asked = {"search.trials": trials, "search.sampler": sampler, "search.timeout": timeout}
    settings = (*(set_ or ()), *(f"{key}={value}" for key, value in asked.items() if value is not None))
    request = Request(task, preset, tuple(data or ()), settings, seed, {"workers": workers, "storage": storage})
    _say_summary(run_task(request, out, resumed=resume, stop="search", console=progress_console()), json)


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
    order: Annotated[
        str | None, typer.Option(help="prune_then_quantise, quantise_then_prune or joint.")
    ] = None,
    tune_training: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Search the training's settings in N trainings.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """The local search: winners of a run, quantised and pruned into designs."""
    from nac.pipeline.run import compress_run

    designs = compress_run(
        run, trials=trial or None, bits=bits or None, sparsity=sparsity or None, pruner=pruner or None,
        mixed=mixed or None, structured=structured or None, order=order, tune=tune_training,
        console=progress_console(),
    )
    if json:
        say_json({"run": str(run), "designs": [design.record.model_dump(mode="json") for design in designs]})
        return
    metrics = sorted({name for design in designs for name in design.record.metrics["validation"]})
    say_table(
        f"{len(designs)} designs in {run / 'designs'} (metrics on the validation split)",
        ["design", "bits", "sparsity", *metrics, "bops"],
        [
            [
                design.record.name, design.record.bits, design.record.sparsity,
                *(design.record.metrics["validation"].get(name) for name in metrics), design.record.costs["bops"],
            ]
            for design in designs
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


def _say_summary(summary: "Summary", json: bool) -> None:
    """What a run made and where it is."""
    if json:
        say_json(summary.to_json())
        return
    say(summary.table)
    for label, place in summary.places:
        typer.echo(f"{label + ':':<10}{place}")
    typer.echo(f"nac front {summary.run.path} shows and filters this table")


