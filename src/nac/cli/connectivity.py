"""The verb connectivity."""

from pathlib import Path
from typing import Annotated

import typer

from nac.cli.options import DataOption, JsonOption, SeedOption, SetOption
from nac.cli.output import progress_console, say_json, say_table

CONNECTIVITY_EXAMPLES = """\
[dim]nac connectivity runs/demo --trial 17 --plot barriers.png[/]

[dim]nac connectivity jets --data jets.npz --architecture medium --pruner lamp --pruner distilled[/]
"""


def connectivity(
    what: Annotated[str, typer.Argument(metavar="DIR|TASK", help="The folder of a run, or a task.")],
    trial: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Trial of the run.", show_default="its first winner")
    ] = None,
    architecture: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="A baseline of the task's space or an architecture.json.",
                     show_default="the first baseline"),
    ] = None,
    pruner: Annotated[
        list[str] | None,
        typer.Option(metavar="P", help="Pruner, repeatable.", show_default="lamp, distilled, random"),
    ] = None,
    sparsity: Annotated[float, typer.Option(min=0, max=1, metavar="S", help="Share of zeros after the rounds.")] = 0.8,
    rounds: Annotated[
        int | None, typer.Option(min=1, metavar="R", help="Rounds of pruning.", show_default="the task's")
    ] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the figure (.png, .svg or .pdf).")] = None,
    data: DataOption = None,
    seed: SeedOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Stability of pruned networks: the error barrier between two trainings under each mask, along the rounds."""
    from nac.pipeline.stability import connectivity_of

    rows = connectivity_of(
        what, data=tuple(data or ()), trial=trial, architecture=architecture, pruners=pruner or None,
        sparsity=sparsity, rounds=rounds, plot=plot, overrides=tuple(set_ or ()), seed=seed,
        console=progress_console(),
    )  # fmt: skip
    if json:
        say_json({"rows": [row._asdict() for row in rows]})
    else:
        say_table(f"Linear mode connectivity of {what}", ["pruner", "round", "sparsity", "error", "barrier"], rows)
