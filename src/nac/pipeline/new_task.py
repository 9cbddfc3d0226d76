"""Task files: a commented new one of any kind, and those that are shipped."""

from importlib import resources
from pathlib import Path

from nac.config import find_file
from nac.config.load import folders
from nac.errors import InputError
from nac.rundir import write_atomic

METRICS = {"classification": "accuracy", "regression": "rmse", "waveform": "rmse", "patches": "distance_px",
           "constituents": "accuracy"}  # fmt: skip
"""Kinds of task file, and what is searched for in each."""


def new_task(name: str, kind: str, out: Path | None = None) -> Path:
    """Write a commented task file, NAME.yaml by default, and return its path.

    Raises InputError where the name is none for a task, the kind unknown, or the file there.
    """
    if kind not in METRICS:
        raise InputError(f"--kind {kind}: expected one of {', '.join(METRICS)}")
    file = out or Path(f"{name}.yaml")
    if not (name.isidentifier() and name.isascii() and name[0].isalpha() and len(name) <= 64):
        raise InputError(f"{name!r}: is no name for a task, expected a letter, then letters, digits and '_'")
    if file.exists():
        raise InputError(f"{file}: exists, expected a new file")
    templates = resources.files("nac.pipeline") / "templates"
    text = "".join((templates / part).read_text(encoding="utf-8") for part in (f"{kind}.yaml", "rest.yaml"))
    try:
        write_atomic(file, text.replace("NAME", name).replace("METRIC", METRICS[kind]))
    except OSError as error:
        raise InputError(f"{file}: cannot be written ({error.strerror})") from error
    return file


def task_names() -> list[str]:
    """The names of the tasks that are shipped or lie in tasks/."""
    return sorted({path.stem for folder in folders("tasks") for path in folder.glob("*.yaml")})


def task_text(name: str) -> str:
    """The file of a task by its name or path. Raises InputError."""
    return find_file("tasks", name).read_text(encoding="utf-8")
