"""Arguments and options that several verbs share, so that they read the same everywhere."""

from pathlib import Path
from typing import Annotated

import typer

from nac.errors import InputError

PRESETS = ("demo", "default", "full", "hardware", "learned", "quantised", "bit_operations", "stream")
"""Those of the tasks that come with the program; a task's own file may have others."""


def _task_names(incomplete: str) -> list[str]:
    from nac.config.load import folders

    names = {path.stem for folder in folders("tasks") for path in folder.glob("*.yaml")}
    return sorted(name for name in names if name.startswith(incomplete))


def _presets(incomplete: str) -> list[str]:
    return [name for name in PRESETS if name.startswith(incomplete)]


def matching(given: list[Path] | None) -> list[Path] | None:
    """The files, with patterns (in quotes, so that the shell leaves them) replaced by what they match."""
    found: list[Path] = []
    for path in given or ():
        if path.exists() or not set("*?[") & set(str(path)):
            found.append(path)
        elif files := sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor)))):
            found += files
        else:
            raise InputError(f"--data {path}: no file is called like this")
    return found if given else given


TaskArgument = Annotated[
    str, typer.Argument(metavar="TASK", help="A name from tasks/ or a path to a YAML file.", autocompletion=_task_names)
]
RunArgument = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a run.")]
DesignArgument = Annotated[Path, typer.Argument(metavar="DESIGN", help="The folder of a design: DIR/designs/NAME.")]
FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="An architecture (.json) or an exported network (.onnx).")
]

PresetOption = Annotated[
    str | None,
    typer.Option(
        help="Settings that the task's file names: demo, default or full for how much work, where there are such also "
        "hardware (few LUTs: a search of trainings that learn a width for every weight), learned (such trainings of "
        "a few networks), quantised (a search with widths as genes), stream (few LUTs at a detector's pace) and "
        "bit_operations. `nac check TASK` lists them.",
        autocompletion=_presets, show_default="default",
    ),
]
OutOption = Annotated[Path | None, typer.Option(help="Folder of the run.", show_default="runs/TASK-DATE")]
DataOption = Annotated[
    list[Path] | None,
    typer.Option("--data", metavar="FILE", callback=matching,
                 help="Data file or pattern ('train/*.h5'), repeatable; simulated without one."),
]
SamplesOption = Annotated[
    list[Path] | None,
    typer.Option("--data", metavar="FILE", help="Data file or pattern ('val/*.h5'), repeatable.", callback=matching,
                 show_default="the run's test split"),
]
SeedOption = Annotated[
    int | None, typer.Option(min=0, max=2**32 - 1, help="Seed of everything.", show_default="the task's")
]
RepeatsOption = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Train what leads the search N times, with other seeds.")
]
FoldsOption = Annotated[
    int | None, typer.Option(min=2, metavar="K", help="Train what leads the search on K folds of the samples as well.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one value of the task, repeatable: data.constituents=16."),
]
ResumeOption = Annotated[
    bool,
    typer.Option("--resume", help="Finish an interrupted run, or start it if there is none; nothing is done twice."),
]
TrialsOption = Annotated[
    int | None,
    typer.Option(min=1, help="Architectures to finish, all in all: more with --resume.", show_default="the task's"),
]
TimeoutOption = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS", help="End the search after this time, half of it where its leaders are trained again.",
        show_default="no limit",
    ),
]
WorkersOption = Annotated[int | None, typer.Option(min=1, help="Processes that search at once.", show_default="1")]
DeviceOption = Annotated[
    str | None, typer.Option(help="What trains: auto (a GPU where there is one), cpu or cuda.", show_default="auto")
]
WorkersPerGpuOption = Annotated[
    int | None, typer.Option(min=1, help="Workers that share a GPU, where there is one.", show_default="1")
]
ClusterOption = Annotated[
    str | None,
    typer.Option(help="Where workers run: local or slurm (pip install 'nac-codesign\\[slurm]').", show_default="local"),
]
PartitionOption = Annotated[str | None, typer.Option(help="SLURM: partition of the workers.")]
TimeOption = Annotated[int | None, typer.Option(metavar="MINUTES", min=1, help="SLURM: time of every worker.")]
GpusOption = Annotated[int | None, typer.Option(min=0, help="SLURM: GPUs of every worker.", show_default="0")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on standard output and nothing else there.")]
