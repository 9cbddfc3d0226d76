"""The contract of a public data set."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from nac.config import load_task
from nac.public import PublicSet
from nac.public.published import Listing
from nac.tasks import make_task


def check_dataset(
    about: PublicSet, files: Sequence[Path], folder: Path, *, answers: Mapping[str, Any] | None = None,
    overrides: Sequence[str] = (),
) -> None:  # fmt: skip
    """It says what it is and how to cite it, is listed where it is published, and its task reads its files.

    Nothing is asked over the network.

    Args:
        about: the set.
        files: small ones in the schema of the published ones, as they lie there once they are fetched and unpacked.
        folder: an empty one, for what is made of them.
        answers: JSON by address, as its place answers; not needed where the set itself lists its files.
        overrides: settings for the task (`data.simulate=0`) that so few samples need.
    """
    for word in ("title", "task", "size", "licence", "cite", "data"):
        text = getattr(about, word)
        assert text.strip() and "\n" not in text, f"{word}: expected one line, found {text!r}"
    _check_listing(about.place.listing((answers or {}).__getitem__))
    there = [*files, about.prepare(files, folder)] if about.prepare else list(files)
    read = [path for path in there if path.match(about.data)]
    assert read, f"data: {about.data} matches none of {', '.join(path.name for path in there)}"
    dataset = make_task(load_task(about.task, overrides=overrides)).load(read, seed=0)
    assert bool(dataset.train.x.isfinite().all()), f"the task {about.task} reads values that are not finite"
    assert len(dataset.validation) and len(dataset.test), "expected samples to choose by and to test with"


def _check_listing(listing: Listing) -> None:
    assert listing.files, "its place lists no file"
    names = [file.name for file in listing.files]
    assert len(set(names)) == len(names), f"files of one name would overwrite each other: {', '.join(names)}"
    for file in listing.files:
        assert file.name == PurePosixPath(file.name).name, f"{file.name}: expected a name without folders"
        assert urlsplit(file.url).scheme == "https", f"{file.url}: expected an address of https"
        assert file.size is None or file.size > 0, f"{file.name}: expected a size in bytes, found {file.size}"
        algorithm, _, digest = (file.hash or "git:0").partition(":")
        assert digest and algorithm in {"git", *hashlib.algorithms_available}, (
            f"{file.name}: expected a hash ALGORITHM:DIGEST, found {file.hash}"
        )
