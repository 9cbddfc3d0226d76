"""The verb `front`: who won, and who wins under given limits."""

from pathlib import Path
from typing import Annotated

import typer

from nac.cli.options import JsonOption, RunArgument
from nac.cli.output import say, say_json

FRONT_EXAMPLES = """\
[dim]nac front runs/demo[/]

[dim]nac front runs/demo --where "bops<=50000" --where "bits<=6" --best accuracy[/]

[dim]nac front runs/demo --where "accuracy>=0.65" --best lut[/]           the smallest that is good enough

[dim]nac front runs/demo --best accuracy --within 1[/]          the cheapest within one standard error of the best

[dim]nac front runs/demo --part xc7z020 --best accuracy[/]                the best that fits a part

[dim]nac front runs/demo --plot front.pdf[/]
"""


def front(
    run: RunArgument,
    json: JsonOption = False,
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="CONDITION", help="Keep these, e.g. 'lut<=20000' or 'test_accuracy>=65%'; repeatable."),
    ] = None,
    part: Annotated[str | None, typer.Option(metavar="PART", help="Keep what fits it, e.g. xc7z020.")] = None,
    best: Annotated[
        str | None,
        typer.Option(metavar="METRIC", help="Mark the best of what is left, and what is within its standard error."),
    ] = None,
    within: Annotated[
        float | None,
        typer.Option(min=0, metavar="K", help="With --best: prefer the cheapest within K standard errors of it."),
    ] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw it: .png, .pdf, .svg or .html.")] = None,
) -> None:
    """The Pareto front of a run: its trials and designs, with what they measure and cost."""
    from nac.errors import InputError
    from nac.pipeline.front import draw, front_of
    from nac.report.tables import front_table

    table = front_of(run, where or [], part)
    if within is not None and best is None:
        raise InputError(f"--within {within:g}: expected --best METRIC with it")
    choice = table.choose(best, within) if best else None
    if plot:
        draw(table, plot)
    if json:
        say_json(table.to_json(best, within))
        return
    say(front_table(table, choice=choice))
    if table.table.empty and (asked := [*(where or []), *([f"--part {part}"] if part else [])]):
        typer.echo(f"no trial or design satisfies {' and '.join(asked)}")
    if plot:
        typer.echo(f"figure: {plot}")
