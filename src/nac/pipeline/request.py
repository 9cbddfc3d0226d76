"""From what was typed to a run folder: everything is checked before anything is written."""

import hashlib
import logging
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from nac.config import TaskConfig, find_file, is_path, load_task, merge, parse_override, task_of, validate
from nac.errors import InputError
from nac.pipeline.check import task_problems
from nac.pipeline.context import Context
from nac.pipeline.executors import WorkerOptions
from nac.pipeline.problem import SAMPLES, Problem
from nac.rundir import DataFile, Run, RunRecord, data_files, provenance, write_atomic
from nac.tasks import make_task
from nac.tasks.own import require
from nac.tasks.simulate import SIMULATORS
from nac.train import training_device

logger = logging.getLogger(__name__)

# What a start that was killed at once may leave behind; a folder with nothing else counts as empty.
TRACES = {".lock", "search_space.yaml"}
# What a resumed run may have otherwise than it was started with: a search can always go on.
BUDGET = ("search.trials", "search.timeout", "search.repeats", "search.folds")


@dataclass(frozen=True)
class Request:
    """What a user asked for. `options` are settings that no task file holds (workers, storage).

    `task` is a name, the path of a file, the folder of a run to go on with, or what a program states itself.
    """

    task: str | Problem
    preset: str | None = None
    data: tuple[Path, ...] = ()
    overrides: tuple[str, ...] = ()
    seed: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def settings(self) -> tuple[str, ...]:
        """All `KEY=VALUE` overrides, the seed included."""
        return self.overrides if self.seed is None else (*self.overrides, f"seed={self.seed}")

    @property
    def source(self) -> str:
        """The task as a command can name it from anywhere: its name, or the whole path of its file; empty without."""
        if isinstance(self.task, Problem):
            return ""
        return str(Path(self.task).resolve()) if is_path(self.task) else self.task

    @property
    def run(self) -> Run | None:
        """The run whose folder is named instead of a task."""
        known = isinstance(self.task, str) and Run(Path(self.task)).config_file.is_file()
        return Run(Path(str(self.task))) if known else None

    def name(self) -> str:
        """The task's name. Raises InputError."""
        return self.task.name if isinstance(self.task, Problem) else load_task(self.task, self.preset or "default").name

    def config(self) -> TaskConfig:
        """The resolved task. Raises InputError that names every problem."""
        if isinstance(self.task, Problem):
            return task_of(self.task.task, self.settings, f"task {self.task.name}")
        if self.run is not None:
            raise InputError(f"{self.task}: is a run, expected --resume to go on with it, or a task to start another")
        return load_task(self.task, self.preset or "default", self.settings)

    def problems(self, config: TaskConfig, *, to_hardware: bool) -> list[str]:
        """What is wrong with the resolved task once the files that it names are looked at."""
        if isinstance(self.task, Problem):
            return task_problems(config, f"task {self.task.name}", to_hardware=to_hardware, space_data=self.task.space)
        return task_problems(config, str(find_file("tasks", self.task)), to_hardware=to_hardware)

    def space_text(self, config: TaskConfig) -> bytes:
        """The file of the search space."""
        if isinstance(self.task, Problem):
            return self.task.space_text.encode()
        return find_file("search_spaces", config.space).read_bytes()

    def files(self, run: Run) -> tuple[DataFile, ...]:
        """The data files; samples in memory are written to the run's folder."""
        written = self.task.write_samples(run) if isinstance(self.task, Problem) else ()
        return data_files((*written, *self.data))


def start(request: Request, out: Path | None, *, to_hardware: bool, console: Console) -> Context:
    """Check everything, then make the run's folder. Raises InputError, and then nothing was written."""
    config = request.config()
    training_device(validate(WorkerOptions, worker_options(request.options), "nac search").device)
    require(config.code, request.source or f"task {config.name}")
    if problems := request.problems(config, to_hardware=to_hardware):
        raise InputError("\n".join(problems))
    run = Run(_vacant(out or _fresh_name(config.name)))
    _require_data(config, request)
    try:
        files = request.files(run)
        # Reading the data is the only way to find out whether it is wrong; the data step gets what was read.
        dataset = make_task(config).load([file.path for file in files], config.seed) if files else None
        run.path.mkdir(parents=True, exist_ok=True)
    except InputError:
        withdraw(run)
        raise
    except OSError as error:
        raise InputError(f"{run.path}: cannot be created ({error.strerror}), expected a folder to write to") from error
    record = RunRecord(
        id=f"{config.name}-{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(4)}", task=config,
        source=request.source, preset=request.preset or "default", overrides=request.settings, data=files,
        options=request.options, provenance=provenance(),
    )  # fmt: skip
    write_atomic(run.space_file, request.space_text(config))
    run.write(record)
    return Context(run, record, console, dataset)


def resume(request: Request, out: Path | None, console: Console) -> Context | None:
    """The run to go on with, or None when there is none yet (a start that was killed at once).

    It keeps its settings, but for the budget of its search.

    Raises InputError when the request contradicts what the run was started with, or its data changed.
    """
    run = request.run
    if run is None:
        run = Run(out) if out else _newest(request.name())
    elif out is not None and out.resolve() != run.path.resolve():
        raise InputError(f"--out {out}: {run.path} is gone on with where it is, expected no --out")
    if not run.config_file.is_file():
        request.name()  # a task that there is not is the first thing to hear of
        logger.warning("%s: holds no run to resume, so one is started", run.path)
        return None
    record = run.read()
    require(record.task.code, run.config_file)
    if conflicts := list(_conflicts(request, record)):
        raise InputError("\n".join(f"{run.config_file}: {conflict}" for conflict in conflicts))
    given = data_files(request.data) if request.data else ()
    asked = {key: value for key, value in request.options.items() if value is not None}
    update = {"data": unchanged(record, given, run), "options": {**record.options, **asked}}
    update |= _budget([text for text in request.settings if _key(text) in BUDGET], record)
    return Context(run, record.model_copy(update=update), console)


def _key(override: str) -> str:
    return override.partition("=")[0].strip()


def _budget(settings: Sequence[str], record: RunRecord) -> dict[str, Any]:
    """Fields of a record whose search has another budget from now on."""
    task = record.task.model_dump(mode="json")
    for text in settings:
        task = merge(task, parse_override(text))
    replaced = set(map(_key, settings))
    kept = [text for text in record.overrides if _key(text) not in replaced]
    return {"task": validate(TaskConfig, task, "--resume"), "overrides": (*kept, *settings)}


def unchanged(record: RunRecord, given: Sequence[DataFile], run: Run) -> tuple[DataFile, ...]:
    """The run's data files where they are now. Raises InputError when one is missing or differs."""
    now = tuple(given) or data_files([file.path for file in record.data])
    for was, file in zip(record.data, now, strict=True):
        if was.sha256 != file.sha256:
            raise InputError(f"{file.path}: is not the file that the run {run.path} started with (sha256 "
                             f"{file.sha256[:12]}, expected {was.sha256[:12]})")
    return now


def open_run(run: Run, console: Console) -> Context:
    """A run to work on with its own settings. Raises InputError when there is none, or its data changed."""
    record = run.read()
    require(record.task.code, run.config_file)
    if not run.space_file.is_file():
        raise InputError(f"{run.space_file}: is missing, expected the search space of the run")
    return Context(run, record.model_copy(update={"data": unchanged(record, (), run)}), console)


def worker_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those that say how many workers there are and where, of the settings that no task file holds."""
    return {key: value for key, value in options.items() if key in WorkerOptions.model_fields and value is not None}


def withdraw(run: Run) -> None:
    """Remove what `start` wrote, for an input that turned out to be wrong before any work was done."""
    if any(run.path.glob("trials/*")) or run.design_paths():
        return
    written = (run.config_file, run.space_file, run.journal, run.baselines, run.data / SAMPLES)
    for file in (*written, *run.path.glob(".*lock"), *run.path.glob(".claims")):
        file.unlink(missing_ok=True)
    for folder in (run.workers, run.data, run.path):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _conflicts(request: Request, record: RunRecord) -> list[str]:
    """What was asked for otherwise than the run's record has it."""
    found = []
    if request.run is None and (name := request.name()) != record.task.name:
        found.append(f"TASK: the run is of {record.task.name!r} (found {name!r})")
    elif isinstance(request.task, Problem):
        return _differences(request, record)
    if request.preset is not None and request.preset != record.preset:
        found.append(f"--preset: the run was started with {record.preset!r} (found {request.preset!r})")
    found += [
        f"--set {text}: the run was not started with it; a resumed run keeps its settings"
        for text in request.settings if text not in record.overrides and _key(text) not in BUDGET
    ]  # fmt: skip
    if (url := request.options.get("storage")) not in (None, before := record.options.get("storage")):
        found.append(f"--storage: the run was started with {before or 'its own journal'} (found {url})")
    if request.data and len(request.data) != len(record.data):
        found.append(f"--data: the run was started with {len(record.data)} files (found {len(request.data)})")
    return found


def _differences(request: Request, record: RunRecord) -> list[str]:
    """The keys of a task that a program states in which it is another one than the run's."""
    asked, known = (dict(_leaves(task.model_dump(mode="json"))) for task in (request.config(), record.task))
    found = [
        f"{key}: the run was started with {known.get(key)!r} and keeps its settings (found {asked.get(key)!r})"
        for key in sorted(asked.keys() | known.keys())
        if asked.get(key) != known.get(key) and key not in BUDGET
    ]  # fmt: skip
    if isinstance(request.task, Problem) and (samples := request.task.samples):
        digest = hashlib.sha256(samples).hexdigest()
        if digest not in (file.sha256 for file in record.data):
            found.append("data: the run was started with other samples")
    return found


def _leaves(data: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def _vacant(path: Path) -> Path:
    """The folder when a new run may go there. Raises InputError."""
    if path.exists() and not path.is_dir():
        raise InputError(f"{path}: is a file, expected a folder to write to")
    if path.is_dir() and (Run(path).config_file.exists() or {item.name for item in path.iterdir()} - TRACES):
        if Run(path).config_file.exists():
            raise InputError(f"{path}: holds a run, expected a new folder, or --resume to go on")
        raise InputError(f"{path}: is not empty, expected a new folder")
    return path


def _fresh_name(task: str) -> Path:
    """A folder under runs/ that does not exist yet."""
    stem = f"{task}-{datetime.now():%Y%m%d-%H%M%S}"
    names = [stem, *(f"{stem}-{count}" for count in range(2, 100))]
    return next(path for name in names if not (path := Path("runs") / name).exists())


def _newest(task: str) -> Run:
    """The run of the task under runs/ that was started last. Raises InputError when there is none."""
    found = sorted(Path("runs").glob(f"{task}-*/run.yaml"))
    if not found:
        raise InputError(f"runs/: no run of {task} to resume, expected --out DIR")
    return Run(found[-1].parent)


def _require_data(config: TaskConfig, request: Request) -> None:
    """Raises InputError when data must be simulated and cannot be."""
    given = bool(request.data) or (isinstance(request.task, Problem) and bool(request.task.arrays))
    if given and not config.data.simulate:
        return
    if config.data.simulator == "none":
        raise InputError(f"{config.name}: the task has no simulator, expected --data FILE")
    if missing := SIMULATORS[config.data.simulator].missing():
        raise InputError(f"{config.name}: simulating {config.data.simulator} needs {' and '.join(missing)} "
                         "(pip install 'nac-codesign[sim]'), expected it or --data FILE")
