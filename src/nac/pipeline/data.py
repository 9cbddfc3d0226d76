"""What the verbs on data do: simulate a file, describe what a task expects or what a file holds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from nac.config import TaskConfig, load_task
from nac.config.load import folders
from nac.errors import InputError
from nac.rundir import sha256
from nac.tasks import describe, make_task, simulate
from nac.tasks.describe import arrays
from nac.tasks.layouts import layout_of


@dataclass(frozen=True)
class Description:
    """Named facts about data, nested as they come."""

    title: str
    facts: Mapping[str, Any]

    @property
    def rows(self) -> list[tuple[str, str]]:
        """One row per fact, the path of its keys first."""
        return list(_flat(self.facts))

    @property
    def problem(self) -> str | None:
        """Why the task cannot use the files, if so."""
        return self.facts.get("problem")

    def to_json(self) -> dict[str, Any]:
        """The facts as they are."""
        return dict(self.facts)


def make_data(
    task: str, out: Path, *, n: int | None, seed: int | None, overrides: Sequence[str], console: Console
) -> dict[str, Any]:
    """Simulate samples of a task into an npz file; returns what was written.

    Raises:
        InputError: no such task, it has no simulator, or the file exists or cannot be an npz.
        WorkError: the simulation failed.
    """
    config = load_task(task, overrides=overrides)
    if out.suffix != ".npz":
        raise InputError(f"--out {out}: expected a name ending in .npz")
    if out.exists():
        raise InputError(f"--out {out}: exists, expected a new file")
    count = config.data.simulate_without_file if n is None else n
    given = config.seed if seed is None else seed
    with console.status(f"simulating {count:,} samples of {config.name}"):
        simulate(config.data, count, given, out)
    return {"task": config.name, "file": str(out), "n": count, "seed": given, "sha256": sha256(out)}


def describe_data(names: Sequence[str]) -> Description:
    """What a task expects (its name alone), or what data files hold, as a task sees them.

    Without a task, every task in tasks/ that can read the files is named. Raises InputError when a file is missing or
    broken.
    """
    first, rest = names[0], [Path(name) for name in names[1:]]
    if first.endswith((".yaml", ".yml")) or not (Path(first).exists() or "." in first or "/" in first):
        config = load_task(first)
        return _of_files(config, rest) if rest else Description(f"Data of {config.name}", _expected(config))
    return _of_any([Path(first), *rest])


def _of_files(config: TaskConfig, files: Sequence[Path]) -> Description:
    facts = describe(make_task(config), files)
    return Description(f"{', '.join(map(str, files))} as data of {config.name}", facts)


def _of_any(files: Sequence[Path]) -> Description:
    """The arrays of the files, and all about them as seen by the first task that can read them."""
    for file in files:
        if not file.is_file():
            raise InputError(f"{file}: no such data file, and no task")
        arrays(file)
    names = sorted({path.stem for folder in folders("tasks") for path in folder.glob("*.yaml")})
    problems = {}
    for name in names:
        facts = describe(make_task(load_task(name)), files)
        if "problem" not in facts:
            return Description(f"{', '.join(map(str, files))} as data of {name}", facts)
        problems[name] = facts.pop("problem")
        bare = facts["files"]
    if not problems:
        raise InputError("tasks/: holds no task that could read the file")
    return Description(", ".join(map(str, files)), {"files": bare, "no_task_reads_it": problems})


def _expected(config: TaskConfig) -> dict[str, Any]:
    data, task = config.data, make_task(config)
    target: dict[str, Any] = {"classes": list(data.classes)} if data.classes else {"outputs": task.outputs}
    return {
        "task": config.name,
        "files": layout_of(data).files,
        "kind": data.kind,
        **target,
        "input_shape": list(task.input_shape),
        "where": dict(data.where),
        **({"windows": list(data.windows)} if data.windows else {}),
        "split": data.split.model_dump(mode="json"),
        "without_a_file": f"{data.simulate_without_file:,} samples by {data.simulator}",
    }


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        if not value and path:
            yield path, "-"
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        for index, item in enumerate(value):
            yield from _flat(item, f"{path}.{index}")
    elif isinstance(value, list | tuple):
        yield path, ", ".join(map(str, value)) or "-"
    else:
        yield path, f"{value:.6g}" if isinstance(value, float) else str(value)
