"""Verbs on data: make, info, list, fetch."""

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

FETCH_EXAMPLES = """\
[dim]nac data fetch lhc_jets_20k --to .[/]    the jets of the result tables

[dim]nac data fetch hls4ml_lhc_jets_hlf[/]    into the cache
"""

app = typer.Typer(no_args_is_help=True, help="Simulate, fetch or describe data.", rich_markup_mode="rich")


def _set_names(incomplete: str) -> list[str]:
    from nac.public import SETS

    return sorted(name for name in SETS if name.startswith(incomplete))


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


@app.command("list")
def list_sets(json: JsonOption = False) -> None:
    """Public data sets that can be fetched: what they hold, how large they are, and their licences."""
    from nac.public import SETS, is_here

    sets = sorted(SETS.items())
    if json:
        say_json({"datasets": [
            {"name": name, "task": it.task, "title": it.title, "size": it.size, "licence": it.licence, "cite": it.cite,
             "here": is_here(name)} for name, it in sets
        ]})  # fmt: skip
        return
    rows = [(name, it.task, it.title, it.size, it.licence, is_here(name)) for name, it in sets]
    say_table("Public data sets (nac data fetch NAME)", ["name", "task", "", "size", "licence", "here"], rows)


@app.command(epilog=FETCH_EXAMPLES)
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="One of `nac data list`.", autocompletion=_set_names)],
    to: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The folder it goes to.", show_default="one in the cache")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Fetch a public data set in its published form, check and unpack it; goes on where an attempt was cut off."""
    from nac.public import fetch

    found = fetch(name, to, progress_console())
    if json:
        say_json({
            "name": found.name, "folder": str(found.folder), "files": list(map(str, found.files)),
            "checked": found.checked, "licence": found.licence, "cite": found.about.cite, "command": found.command,
        })  # fmt: skip
        return
    rows = [*found.checked.items(), ("licence", found.licence), ("cite", found.about.cite), ("then", found.command)]
    say_table(f"{found.name}: {found.about.title}, in {found.folder}", ["", ""], rows)
