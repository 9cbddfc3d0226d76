"""The verb distill."""

from pathlib import Path
from typing import Annotated

import typer

from nac.cli.options import DataOption, JsonOption, SeedOption, SetOption, TaskArgument
from nac.cli.output import progress_console, say_json

DISTILL_EXAMPLES = """\
[dim]nac distill jets --data jets.npz --per-class 20 --out few.npz[/]

[dim]nac distill bragg --data ruby.npz --samples 100 --method unrolled --out few.npz[/]

[dim]nac run jets --data jets.npz --set compress.pruner=distilled --set compress.distilled_data.file=few.npz[/]
"""


def distill(
    task: TaskArgument,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The npz file to write.")],
    data: DataOption = None,
    method: Annotated[
        str | None, typer.Option(metavar="M", help="soft_labels, unrolled, trajectories, k_centre or random.")
    ] = None,
    per_class: Annotated[int | None, typer.Option(min=1, metavar="N", help="Samples of every class.")] = None,
    samples: Annotated[int | None, typer.Option(min=2, metavar="N", help="Samples altogether (regression).")] = None,
    architecture: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="A baseline of the space or an architecture.json: of the network "
                                               "that says labels or learns.", show_default="the first baseline"),
    ] = None,
    seed: SeedOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Distil data: few samples on which a network trains as on many, stored like real ones."""
    from nac.pipeline.distill import distill_data

    made = distill_data(
        task, out, data=tuple(data or ()), method=method, per_class=per_class, samples=samples,
        architecture=architecture, seed=seed, overrides=tuple(set_ or ()), console=progress_console(),
    )  # fmt: skip
    if json:
        say_json(made)
    else:
        typer.echo(f"{out}: {made['samples']:,} samples of {made['of']:,} by {made['method']}, {made['seconds']:.0f} s")
