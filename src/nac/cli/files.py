"""Verbs on a file, and on this machine: check, cost, doctor."""

from pathlib import Path
from typing import Annotated

import typer

from nac.cli.options import FileArgument, JsonOption, SetOption
from nac.cli.output import say_json, say_table

CHECK_EXAMPLES = """\
[dim]nac check jets --preset hardware --set compress.input_bits=12[/]

[dim]nac check tasks/mine.yaml[/]

[dim]nac check search_spaces/mine.yaml[/]

[dim]nac check runs/demo/trials/0017/architecture.json[/]
"""
COST_EXAMPLES = """\
[dim]nac cost runs/demo/trials/0017/architecture.json[/]

[dim]nac cost runs/demo/designs/NAME/model.onnx --json[/]
"""
REFIT_EXAMPLES = """\
[dim]nac refit runs/jets runs/bragg --out circuits.jsonl[/]

[dim]nac run jets --preset quantised --set target.circuits=circuits.jsonl[/]
"""


CheckedArgument = Annotated[
    str, typer.Argument(metavar="FILE", help="A file, or the name of a task or search space that is shipped.")
]


def check(
    file: CheckedArgument,
    preset: Annotated[str | None, typer.Option(help="Of a task.", show_default="every one of it")] = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Lint a task, a search space or an architecture before any training; every problem at once."""
    from nac.pipeline.check import check_file

    result = check_file(file, tuple(set_ or ()), preset)
    if json:
        say_json(result.to_json())
    else:
        for line in result.problems:
            typer.echo(line, err=True)
        for line in result.notes:
            typer.echo(line)
    if result.problems:
        raise typer.Exit(2)


def cost(file: FileArgument, json: JsonOption = False) -> None:
    """Cost table of an architecture (JSON) or of an exported network (ONNX)."""
    from nac.pipeline.costs import cost_of

    result = cost_of(file)
    if json:
        say_json(result.to_json())
    else:
        say_table(str(file), result.columns, result.rows)
        for line in (*result.remarks, result.forecast_sentence):
            typer.echo(line)


def refit(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of runs with synthesised designs.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The new table, for target.circuits in a task.")],
    table: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Table to start from.", show_default="the program's own")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Fit the instant model of hardware costs again, with the circuits of your runs."""
    from nac.pipeline.circuits import refit as fit_again

    result = fit_again(runs, out, table)
    if json:
        say_json(result.to_json())
        return
    say_table(f"{result.added} circuits added, {result.after.circuits} in {out}",
              ["quantity", "mean error before [%]", "after [%]"], result.rows)  # fmt: skip


def doctor(json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False) -> None:
    """Which tools and devices are here, and what is skipped without them."""
    from nac.pipeline.doctor import diagnose

    findings = diagnose()
    if json:
        say_json({"tools": [finding.to_json() for finding in findings]})
    else:
        say_table(
            "This machine",
            ["tool", "found", "needed for", "without it"],
            [[f.name, f.found or "-", f.purpose, f.without] for f in findings],
        )
