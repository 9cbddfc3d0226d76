"""What is known of a public data set before anything is fetched, and the places that publish them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from nac.registry import Registry

Ask = Callable[[str], Any]
"""Answers an address with the JSON that lies there."""

ARCHIVES = (".tar.gz", ".tgz", ".tar")


@dataclass(frozen=True)
class RemoteFile:
    """One published file.

    `hash` is `ALGORITHM:DIGEST`: of any algorithm that hashlib knows, or `git:` and the name that git gives to the
    content; None where nobody publishes one. `size` is in bytes, None where it is not known.
    """

    name: str
    url: str
    hash: str | None = None
    size: int | None = None

    @property
    def is_archive(self) -> bool:
        """Whether it is unpacked after it has arrived."""
        return self.name.endswith(ARCHIVES)


@dataclass(frozen=True)
class Listing:
    """What a place says of a set when it is asked: its files, and the licence where it states one."""

    files: tuple[RemoteFile, ...]
    licence: str | None = None


class Place(Protocol):
    """Where a set is published."""

    def listing(self, ask: Ask) -> Listing:
        """Its files as they are now. Raises KeyError, TypeError or ValueError where the answer is not as known."""


@dataclass(frozen=True)
class Zenodo:
    """Files of a record of Zenodo, which publishes their MD5."""

    record: int
    names: tuple[str, ...]

    def listing(self, ask: Ask) -> Listing:
        """See Place."""
        record = ask(f"https://zenodo.org/api/records/{self.record}")
        found = {entry["key"]: entry for entry in record["files"]}
        files = tuple(
            RemoteFile(name, f"https://zenodo.org/records/{self.record}/files/{name}?download=1",
                       found[name]["checksum"], int(found[name]["size"]))
            for name in self.names
        )
        return Listing(files, record.get("metadata", {}).get("license", {}).get("id"))


@dataclass(frozen=True)
class OpenML:
    """A table of OpenML as ARFF, which publishes its MD5."""

    number: int

    def listing(self, ask: Ask) -> Listing:
        """See Place."""
        about = ask(f"https://www.openml.org/api/v1/json/data/{self.number}")["data_set_description"]
        checksum = about.get("md5_checksum")
        file = RemoteFile(f"{about['name']}.arff", about["url"], checksum and f"md5:{checksum}")
        return Listing((file,), about.get("licence"))


@dataclass(frozen=True)
class GitHub:
    """Files of one commit of a repository: path in it to (hash, bytes or None)."""

    repository: str
    commit: str
    files: Mapping[str, tuple[str, int | None]]

    def listing(self, ask: Ask) -> Listing:
        """See Place; these files are listed here, so nothing is asked over the network."""
        base = f"https://raw.githubusercontent.com/{self.repository}/{self.commit}"
        return Listing(tuple(
            RemoteFile(path.rsplit("/", 1)[-1], f"{base}/{path.replace(' ', '%20')}", known, size)
            for path, (known, size) in self.files.items()
        ))


@dataclass(frozen=True)
class PublicSet:
    """A data set that others published.

    Args:
        title: what it holds, in one line.
        task: the shipped task that reads it.
        place: where it is published.
        size: what is transferred and what it takes on disk, in words.
        licence: in words; where the place states one, that is shown when it is fetched.
        cite: how to cite it.
        data: which files a run reads, as a pattern in the set's folder.
        prepare: for what no task reads as it is published: makes such a file of the published files, in a folder.
        unpacked_bytes: what archives take on disk once they are unpacked, where that is much.
    """

    title: str
    task: str
    place: Place
    size: str
    licence: str
    cite: str
    data: str
    prepare: Callable[[Sequence[Path], Path], Path] | None = None
    unpacked_bytes: int = 0


SETS: Registry[PublicSet] = Registry("dataset", "nac.public.sets")
