"""The layout of a run on disk, files that appear whole or not at all, and where things came from."""

import fcntl
import hashlib
import os
import platform
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml
from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from nac import __version__
from nac.config import Model, TaskConfig, load_yaml, validate
from nac.errors import InputError

PACKAGES = (
    "torch", "brevitas", "optuna", "qonnx", "onnx", "onnxruntime", "hls4ml", "alkaid", "numpy", "h5py", "submitit",
)  # fmt: skip


class DataFile(Model):
    """A file that a run reads its samples from; a relative path is one in the run's folder."""

    path: Path
    sha256: str
    bytes: int


@with_config(ConfigDict(extra="allow"))
class DatasetRecord(TypedDict, total=False):
    """What the data step found out about the samples: of which `files`, how many in each split, and much more."""

    files: list[Mapping[str, Any]]
    samples: Mapping[str, Any]
    output_units: Any
    kept_from_choices: Any


class RunRecord(Model):
    """The content of `run.yaml`: what was asked for, resolved, and where it came from.

    `source` is the task as it was named: a name, or the path of a file. `dataset` is what the data step found out about
    the samples (counts, simulation seed); empty until then. `options` are settings of the verb that started the run and
    that no task file holds (workers, storage). `id` is what the run is called where others are too: its study on a
    server.
    """

    id: str = ""
    task: TaskConfig
    source: str = ""
    preset: str = "default"
    overrides: tuple[str, ...] = ()
    data: tuple[DataFile, ...] = ()
    options: Mapping[str, Any] = Field(default_factory=dict)
    dataset: DatasetRecord = Field(default_factory=DatasetRecord)
    provenance: Mapping[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """The folder of one run; every path in it is named here."""

    path: Path

    @property
    def config_file(self) -> Path:
        """The resolved configuration, seeds, versions and data hashes."""
        return self.path / "run.yaml"

    @property
    def space_file(self) -> Path:
        """The search space as it was when the run started."""
        return self.path / "search_space.yaml"

    @property
    def journal(self) -> Path:
        """The Optuna study, the only record of the search."""
        return self.path / "study.journal"

    @property
    def data(self) -> Path:
        """Samples that were given in memory, as files."""
        return self.path / "data"

    @property
    def baselines(self) -> Path:
        """What the constant answer and a linear model reach."""
        return self.path / "baselines.json"

    @property
    def report(self) -> Path:
        """The HTML report."""
        return self.path / "report.html"

    @property
    def figures(self) -> Path:
        """Figures that the report is made of."""
        return self.path / "figures"

    @property
    def designs(self) -> Path:
        """The folder of all designs."""
        return self.path / "designs"

    @property
    def workers(self) -> Path:
        """What workers that search for the run leave: a lock while they live, and their logs."""
        return self.path / "workers"

    def trial(self, number: int) -> Path:
        """The folder of a trial's architecture and weights."""
        return self.path / "trials" / f"{number:04d}"

    def design(self, name: str) -> Path:
        """The folder of one design. Raises InputError when `name` would leave the run."""
        if not name or Path(name).name != name or name.startswith("."):
            raise InputError(f"{name!r} is no design name, expected letters, digits, '-' and '_'")
        return self.designs / name

    def design_paths(self) -> list[Path]:
        """The folders of all finished designs, sorted by name."""
        return sorted(path.parent for path in self.designs.glob("*/design.json"))

    def read(self) -> RunRecord:
        """The run's record. Raises InputError when the folder holds no run or its `run.yaml` is wrong."""
        if not self.config_file.is_file():
            raise InputError(f"{self.path}: is no run (it has no run.yaml), expected the folder of `nac run`")
        record = validate(RunRecord, load_yaml(self.config_file), self.config_file)
        root = self.path.resolve()  # an absolute path stays what it is
        files = tuple(file.model_copy(update={"path": root / file.path}) for file in record.data)
        return record.model_copy(update={"data": files})

    @property
    def study_name(self) -> str:
        """What its study is called on a server: another name for every run, wherever its folder is moved to."""
        return (self.read().id if self.config_file.is_file() else "") or self.path.resolve().name

    def write(self, record: RunRecord) -> None:
        """Store the record, whole or not at all; files in the run's folder by their place in it."""
        root = self.path.resolve()
        files = tuple(
            file.model_copy(update={"path": file.path.relative_to(root)}) if file.path.is_relative_to(root) else file
            for file in record.data
        )
        stored = record.model_copy(update={"data": files})
        write_atomic(self.config_file, dump_yaml(stored.model_dump(mode="json")))

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the run for this process, so that two cannot work on it at once.

        The kernel drops the lock with the process, however it ends. Raises InputError when another has it.
        """
        with (self.path / ".lock").open("a+") as file:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                file.seek(0)
                owner = file.read().strip() or "unknown"
                raise InputError(f"{self.path}: process {owner} is working on this run, wait for it") from error
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield


class _Dumper(yaml.SafeDumper):
    """Writes every value out: our reader refuses aliases."""

    def ignore_aliases(self, data: object) -> bool:
        return True

    def text(self, text: str) -> yaml.Node:
        """Texts of many lines are written as such, to be read by people."""
        return self.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _Dumper.text)


def dump_yaml(data: Mapping[str, Any]) -> str:
    """Plain YAML that `nac.config.load_yaml` reads back."""
    text: str = yaml.dump(dict(data), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text


def database_url(url: str) -> str:
    """The URL of a storage with the driver that the extra `postgres` installs, where it names none."""
    scheme, _, rest = url.partition(":")
    return f"postgresql+psycopg:{rest}" if scheme in {"postgres", "postgresql"} else url


def data_files(paths: Sequence[Path]) -> tuple[DataFile, ...]:
    """Where data files are and what they hold. Raises InputError when one cannot be read."""
    files = []
    for path in paths:
        try:
            files.append(DataFile(path=path.resolve(strict=True), sha256=sha256(path), bytes=path.stat().st_size))
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror}), expected a data file") from error
    return tuple(files)


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write `content` so that a reader, or a kill at any moment, sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        error.filename = str(path)  # a full disk names no file, a closed folder the temporary one
        raise


def copy_folder(folder: Path, to: Path, *left_out: str) -> None:
    """A copy without the files of some patterns, which its owner may write to even if the original is closed."""
    shutil.copytree(folder, to, ignore=shutil.ignore_patterns(*left_out))
    for path in (to, *to.rglob("*")):
        path.chmod(path.stat().st_mode | stat.S_IWUSR)


def sha256(path: Path) -> str:
    """The hex digest of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def provenance() -> dict[str, object]:
    """Versions, machine and code revision, for `run.yaml` and `design.json`."""
    versions = {"nac": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions,
        "machine": {"system": platform.platform(), "processor": platform.machine(), "cores": os.cpu_count(),
                    "gpus": gpus()},
        "git_revision": _revision(),
        "command": sys.argv[:],
    }


def gpus() -> list[str]:
    """The names of the GPUs that this process sees."""
    import torch

    return [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]


def _revision() -> str | None:
    """The commit of the source checkout that runs, with `-dirty` for uncommitted changes."""
    root = Path(__file__).resolve().parent.parent.parent
    if not (root / ".git").exists():
        return None
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
            capture_output=True, text=True, check=True, timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
