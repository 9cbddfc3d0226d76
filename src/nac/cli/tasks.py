"""Verbs on task files: init, task show, task list."""

from pathlib import Path
from typing import Annotated

import typer

from nac.cli.options import JsonOption, TaskArgument
from nac.cli.output import say_json

INIT_EXAMPLES = """\
[dim]nac init pulses --kind waveform[/]        pulses.yaml, to be filled in; then `nac check pulses.yaml`
"""
SHOW_EXAMPLES = "[dim]nac task show jets > mine.yaml[/]"

app = typer.Typer(no_args_is_help=True, help="Show the task files that are shipped.", rich_markup_mode="rich")


def init(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the new task.")],
    kind: Annotated[
        str, typer.Option(help="classification, regression, waveform, patches or constituents.")
    ] = "classification",
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="To write.", show_default="NAME.yaml")] = None,
    json: JsonOption = False,
) -> None:
    """Write a commented task file to start from."""
    from nac.pipeline.new_task import new_task

    file = new_task(name, kind, out)
    if json:
        say_json({"task": name, "kind": kind, "file": str(file)})
    else:
        typer.echo(f"{file}: fill in what your data are called, then nac check {file}")


@app.command(epilog=SHOW_EXAMPLES)
def show(task: TaskArgument) -> None:
    """Print the file of a task, comments included."""
    from nac.pipeline.new_task import task_text

    typer.echo(task_text(task), nl=False)


LIST_EXAMPLES = "[dim]nac task list --json[/]"


@app.command("list", epilog=LIST_EXAMPLES)
def list_(json: JsonOption = False) -> None:
    """The names of the tasks that are there."""
    from nac.pipeline.new_task import task_names

    if json:
        say_json({"tasks": task_names()})
    else:
        typer.echo("\n".join(task_names()))
