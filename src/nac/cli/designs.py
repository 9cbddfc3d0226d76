"""Verbs on one design: synth, evaluate."""

from pathlib import Path
from typing import Annotated

import typer

from nac.cli.options import DataOption, DesignArgument, JsonOption
from nac.cli.output import progress_console, say_json, say_table

SYNTH_EXAMPLES = """\
[dim]nac synth runs/demo/designs/NAME[/]

[dim]nac synth runs/demo/designs/NAME --backend Quartus --project hls_projects/mine[/]
"""
EVALUATE_EXAMPLES = """\
[dim]nac evaluate runs/demo/designs/NAME --data jets.npz[/]

[dim]nac evaluate runs/demo/designs/NAME --data jets.npz --engine hls --json[/]

Two engines compute the same bits if and only if their predictions_sha256 are equal.
"""


def synth(
    design: DesignArgument,
    backend: Annotated[str | None, typer.Option(help="hls4ml backend.", show_default="the task's")] = None,
    project: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the HLS project.", show_default="DESIGN/hls")
    ] = None,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """QONNX, HLS project and C simulation of a design, verified bit for bit."""
    from nac.pipeline.designs import synth_design

    result = synth_design(design, backend=backend, project=project, files=data or [], console=progress_console())
    if json:
        say_json(result.to_json())
        return
    say_table(f"Hardware of {design}", ["quantity", "value", "unit", "kind", "tool"], result.rows)
    for label, place in result.places:
        typer.echo(f"{label + ':':<10}{place}")


def evaluate(
    design: DesignArgument,
    data: DataOption = None,
    engine: Annotated[str, typer.Option(help="What computes: torch, qonnx, hls or rtl.")] = "torch",
    json: JsonOption = False,
) -> None:
    """Metrics of a design on a data file, computed by one of the engines that must agree."""
    from nac.pipeline.designs import evaluate_design

    result = evaluate_design(design, data or [], engine, console=progress_console())
    if json:
        say_json(result.to_json())
        return
    say_table(
        f"{result.task}: {design} on {result.n:,} samples by {result.engine}",
        ["metric", "value"],
        list(result.metrics.items()),
    )
    typer.echo(f"predictions_sha256: {result.predictions_sha256}")
