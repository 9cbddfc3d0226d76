"""Verbs on kits: export, verify."""

from pathlib import Path
from typing import Annotated

import typer

from nac.cli.options import DesignArgument, JsonOption
from nac.cli.output import progress_console, say_json, say_table

EXPORT_EXAMPLES = """\
[dim]nac export runs/demo/designs/NAME --to kits/NAME[/]

The design has been through `nac synth` (or `nac run`, which does it).
"""
VERIFY_EXAMPLES = """\
[dim]nac verify kits/NAME[/]

Needs nothing but the folder; what tools are missing is said.
"""


def export(
    design: DesignArgument,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="New folder of the kit.")],
    json: JsonOption = False,
) -> None:
    """Pack what a firmware engineer needs: sources, test benches with vectors, interface sheet, references, hashes."""
    from nac.pipeline.kit import export_design

    record = export_design(design, to, progress_console())
    if json:
        say_json({"kit": str(to), **record.model_dump(mode="json")})
        return
    typer.echo(f"kit of {record.design}: {to}; begin with {to / 'README.md'}")


def verify(
    kit: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a kit.")], json: JsonOption = False
) -> None:
    """Check a kit: its hashes, and its test benches in every tool that is here."""
    from nac.pipeline.kit import verify_folder

    checks = verify_folder(kit, progress_console())
    if json:
        say_json({"kit": str(kit), "checks": [check.model_dump(mode="json") for check in checks]})
        return
    rows = [[check.name, check.passed or f"skipped: {check.skipped}"] for check in checks]
    say_table(f"Kit {kit}", ["check", "result"], rows)
