"""Verbs on data: make, info."""

from pathlib import Path
from typing import Annotated

import typer

from nac.cli.options import JsonOption, SeedOption, SetOption, TaskArgument
from nac.cli.output import progress_console, say_json, say_table

MAKE_EXAMPLES = "[dim]nac data make jets --n 20000 --out jets.npz --seed 1[/]"
INFO_EXAMPLES = """\
[dim]nac data info jets[/]                    what the task expects

[dim]nac data info jets.npz[/]                what a file holds

[dim]nac data info bragg frames.hdf5 peaks.hdf5[/]
"""

app = typer.Typer(no_args_is_help=True, help="Simulate or describe data.", rich_markup_mode="rich")


@app.command(epilog=MAKE_EXAMPLES)
def make(
    task: TaskArgument,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The npz file to write.")],
    n: Annotated[int | None, typer.Option("--n", min=1, help="Samples.", show_default="the task's")] = None,
    seed: SeedOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Simulate data for a task: jets by Pythia 8 and fastjet, Bragg peaks as pseudo-Voigt patches."""
    from nac.pipeline.data import make_data

    made = make_data(task, out, n=n, seed=seed, overrides=tuple(set_ or ()), console=progress_console())
    if json:
        say_json(made)
    else:
        typer.echo(f"{out}: {made['n']:,} samples, seed {made['seed']}")


@app.command(epilog=INFO_EXAMPLES)
def info(
    what: Annotated[list[str], typer.Argument(metavar="TASK|FILE...", help="A task, or data files, or both.")],
    json: JsonOption = False,
) -> None:
    """What a task expects of its data, or what a data file holds; status 2 if the task cannot read it."""
    from nac.errors import InputError
    from nac.pipeline.data import describe_data

    described = describe_data(what)
    if json:
        say_json(described.to_json())
    else:
        say_table(described.title, ["", ""], described.rows)
    if described.problem:
        raise InputError(described.problem)
