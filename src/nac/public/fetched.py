"""One public data set onto this disk: asked for once, checked, unpacked, and made into what a task reads."""

import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from nac.cache import cache_folder
from nac.config import Model
from nac.errors import InputError, WorkError
from nac.public.published import SETS, Listing, PublicSet, RemoteFile
from nac.public.transfer import ask, download
from nac.rundir import write_atomic

COLUMNS = (
    TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(),
)  # fmt: skip
NOT_VERIFIED = "not verified (no hash is published)"


class Record(Model):
    """What is noted beside a set that is here: its files by path in its folder with their bytes, and the checks."""

    files: Mapping[str, int]
    checked: Mapping[str, str]
    licence: str | None = None

    def holds(self, folder: Path) -> bool:
        """Whether all files are there, with the sizes that they had."""
        return all((folder / name).is_file() and (folder / name).stat().st_size == n for name, n in self.files.items())


@dataclass(frozen=True)
class Fetched:
    """A set on this disk: `files` are what a run reads, `checked` says per published file what it was compared with."""

    name: str
    about: PublicSet
    folder: Path
    files: tuple[Path, ...]
    checked: Mapping[str, str]
    licence: str

    @property
    def command(self) -> str:
        """What to do with it. One `--data` may be a pattern."""
        given = self.files if len(self.files) <= 2 else (self.folder / self.about.data,)
        words = " ".join(f"--data '{path}'" if set(" *?") & set(str(path)) else f"--data {path}" for path in given)
        return f"nac run {self.about.task} {words}"


def default_folder(name: str) -> Path:
    """Where a set goes if nobody says otherwise."""
    return cache_folder() / "data" / name


def is_here(name: str) -> bool:
    """Whether a set lies in its default folder, whole."""
    return _record(default_folder(name), name) is not None


def fetch(name: str, to: Path | None, console: Console) -> Fetched:
    """Bring a public set onto this disk, unless it is here.

    Args:
        name: of a set in `SETS`.
        to: the folder it goes to; by default one in the cache ($NAC_CACHE, or that of the platform).
        console: shows how far it is.

    Raises:
        InputError: there is no such set, or `to` is no folder.
        WorkError: it cannot be had, is not what was published, or does not fit onto the disk.
    """
    about, folder = SETS[name], to or default_folder(name)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"--to {folder}: is a file, expected a folder")
    record = _record(folder, name) or _bring(name, folder, console)
    files = tuple(folder / path for path in record.files if Path(path).match(about.data))
    if not files:
        raise WorkError(f"{folder}: there is no {about.data} after fetching {name}: what is published has changed")
    return Fetched(name, about, folder, files, record.checked, record.licence or about.licence)


def _record_file(folder: Path, name: str) -> Path:
    return folder / f".{name}.fetched.json"


def _record(folder: Path, name: str) -> Record | None:
    try:
        record = Record.model_validate_json(_record_file(folder, name).read_bytes())
    except (OSError, ValueError):
        return None
    return record if record.holds(folder) else None


def _bring(name: str, folder: Path, console: Console) -> Record:
    about = SETS[name]
    folder.mkdir(parents=True, exist_ok=True)
    listing = _listing(about)
    _require_room(folder, listing, about)
    with Progress(*COLUMNS, console=console) as progress:
        arrived = [download(file, folder, progress) for file in listing.files]
    there: list[Path] = []
    for file, path in zip(listing.files, arrived, strict=True):
        if file.is_archive:
            with console.status(f"unpacking {file.name}"):
                there += _unpack(path, folder)
        else:
            there.append(path)
    if about.prepare:
        with console.status("making what the task reads"):
            there.append(_prepared(about.prepare, there, folder))
    record = Record(
        files={path.relative_to(folder).as_posix(): path.stat().st_size for path in sorted(there)},
        checked={file.name: _check(file) for file in listing.files}, licence=listing.licence,
    )
    write_atomic(_record_file(folder, name), record.model_dump_json(indent=2))
    return record


def _prepared(prepare: Callable[[Sequence[Path], Path], Path], files: Sequence[Path], folder: Path) -> Path:
    try:
        return prepare(files, folder)
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise WorkError(f"{folder}: what was fetched is not what it used to be ({error})") from error


def _check(file: RemoteFile) -> str:
    return f"as published ({file.hash})" if file.hash else NOT_VERIFIED


def _listing(about: PublicSet) -> Listing:
    try:
        return about.place.listing(ask)
    except (KeyError, TypeError, ValueError) as error:
        raise WorkError(f"{about.place}: answers otherwise than it used to ({type(error).__name__} {error})") from error


def _require_room(folder: Path, listing: Listing, about: PublicSet) -> None:
    """Raises WorkError where the disk has no room for the published files and what is unpacked from them."""
    needed = about.unpacked_bytes + sum(file.size or 0 for file in listing.files)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise WorkError(f"{folder}: {free / 1e9:.1f} GB free, expected {needed / 1e9:.1f}; --to names another folder")


def _unpack(archive: Path, folder: Path) -> list[Path]:
    """The files of an archive, all of them whole in the folder; the archive is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix=".unpacking-", dir=folder) as inside:
        try:
            with tarfile.open(archive) as tar:
                tar.extractall(inside, filter="data")
        except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
            raise WorkError(f"{archive}: cannot be unpacked ({error})") from error
        moved = []
        for path in [path for path in Path(inside).rglob("*") if path.is_file()]:
            target = folder / path.relative_to(inside)
            target.parent.mkdir(parents=True, exist_ok=True)
            moved.append(path.replace(target))
    archive.unlink()
    return moved
