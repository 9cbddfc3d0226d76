"""The layout of a run on disk, files that appear whole or not at all, and where things came from."""

import hashlib
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from nac import __version__
from nac.errors import InputError

PACKAGES = ("torch", "brevitas", "optuna", "qonnx", "onnx", "onnxruntime", "hls4ml", "numpy", "h5py")


@dataclass(frozen=True)
class Run:
    """The folder of one run; every path in it is named here."""

    path: Path

    @property
    def config_file(self) -> Path:
        """The resolved configuration, seeds, versions and data hashes."""
        return self.path / "run.yaml"

    @property
    def journal(self) -> Path:
        """The Optuna study, the only record of the search."""
        return self.path / "study.journal"

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


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write `content` so that a reader, or a kill at any moment, sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
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
        "machine": {"system": platform.platform(), "processor": platform.machine(), "cores": os.cpu_count()},
        "git_revision": _revision(),
        "command": sys.argv[:],
    }


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
