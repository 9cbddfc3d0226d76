"""Files from the network: whole and as published, or a sentence; what has arrived stays for the next attempt."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pooch
import requests
from rich.progress import Progress

from nac.errors import WorkError
from nac.public.published import RemoteFile

MIRROR = "NAC_DATA_MIRROR"
"""The environment variable that names a mirror: the address of the original without its scheme follows it."""

TIMEOUT_S = (10, 60)
CHUNK = 1 << 16  # what a broken connection may lose


def ask(url: str) -> Any:
    """The JSON at an address. Raises WorkError when it cannot be had."""
    with _reaching(f"what {urlsplit(url).netloc} says of it", url):
        answer = requests.get(address(url), timeout=TIMEOUT_S)
        answer.raise_for_status()
        return answer.json()


def download(file: RemoteFile, folder: Path, progress: Progress) -> Path:
    """The file in the folder, with the published content. Raises WorkError when it cannot be had."""
    pooch.get_logger().setLevel("ERROR")
    known = file.hash if file.hash and not file.hash.startswith("git:") else None
    resuming = _Resuming(folder / f".{file.name}.part", file, progress)
    try:
        with _reaching(file.name, file.url):
            path = Path(pooch.retrieve(address(file.url), known, file.name, folder, downloader=resuming))
    except ValueError as error:
        raise _other_content(file) from error
    if file.hash and known is None and git_name(path) != file.hash:
        path.unlink()
        raise _other_content(file)
    return path


def _other_content(file: RemoteFile) -> WorkError:
    return WorkError(f"{file.name}: what {address(file.url)} sent is not what was published ({file.hash}); "
                     "it is removed, fetch it again")


def address(url: str) -> str:
    """Where to ask for an address: there, or at the mirror that the environment names."""
    mirror = os.environ.get(MIRROR)
    return f"{mirror.rstrip('/')}/{url.split('://', 1)[1]}" if mirror else url


def git_name(path: Path) -> str:
    """`git:` and the name that git gives to the content of a file."""
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(CHUNK):
            digest.update(block)
    return f"git:{digest.hexdigest()}"


@dataclass(frozen=True)
class _Resuming:
    """A downloader for pooch that goes on where an earlier attempt ended."""

    part: Path
    file: RemoteFile
    progress: Progress

    def __call__(self, url: str, output_file: str, _: Any) -> None:
        """Fetch an address into a file, through the part that is kept."""
        done = self.part.stat().st_size if self.part.exists() else 0
        # Any encoding would change what the positions in the file mean.
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as answer:
            if done and answer.status_code == requests.codes.requested_range_not_satisfiable:
                self._whole(answer, done)
            else:
                answer.raise_for_status()
                self._receive(answer, done if answer.status_code == requests.codes.partial_content else 0)
        self.part.replace(output_file)

    def _receive(self, answer: requests.Response, done: int) -> None:
        rest = int(answer.headers.get("Content-Length", 0))
        total = done + rest if rest else self.file.size
        task = self.progress.add_task(self.file.name, total=total, completed=done)
        with self.part.open("ab" if done else "wb") as out:
            for chunk in answer.iter_content(CHUNK):
                out.write(chunk)
                self.progress.advance(task, len(chunk))

    def _whole(self, answer: requests.Response, done: int) -> None:
        """Nothing follows the part: it is the file, or of another one."""
        if answer.headers.get("Content-Range", "") != f"bytes */{done}":
            self.part.unlink()
            raise requests.exceptions.ChunkedEncodingError


@contextmanager
def _reaching(what: str, url: str) -> Iterator[None]:
    """Whatever keeps an address from answering becomes one sentence."""
    host = urlsplit(address(url)).netloc
    try:
        yield
    except requests.HTTPError as error:
        raise WorkError(f"{what}: {error}") from error
    except requests.exceptions.ChunkedEncodingError as error:
        raise WorkError(f"{what}: the connection to {host} broke; "
                        "the same command goes on from what has arrived") from error
    except requests.exceptions.InvalidJSONError as error:
        raise WorkError(f"{what}: {address(url)} answers no JSON, expected it") from error
    except requests.RequestException as error:
        raise WorkError(f"{what}: {host} cannot be reached, is there a network? (the environment variable "
                        f"{MIRROR} names a mirror)") from error
