"""A design's firmware is made beside what it has, and takes its place when it is done."""

import fcntl
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nac.design.failure import REPORTS
from nac.design.folder import Design
from nac.rundir import copy_folder

logger = logging.getLogger(__name__)
FOLDER = ".synth"
OWN = ("design.json", "weights.safetensors")
"""What a design is, and nothing makes anew."""
GONE_ON_WITH = ("rtl",)
"""What is made anew only where it is not what is wanted."""


@contextmanager
def beside(design: Design) -> Iterator[Design]:
    """The same design in a folder of its own within the design's, whose content replaces its own in the end.

    So it does where the work fails, which leaves something to look at but no report. Where it is cut off, by Ctrl-C or
    for good, the design is as it was. Another process that makes its firmware is waited for.
    """
    with _alone(design.path):
        yield from _twin(design)


def _twin(design: Design) -> Iterator[Design]:
    work = design.path / FOLDER
    shutil.rmtree(work, ignore_errors=True)  # of a process that was killed
    work.mkdir()
    try:
        for name in OWN:
            shutil.copyfile(design.path / name, work / name)
        for name in GONE_ON_WITH:
            if (design.path / name).is_dir():
                copy_folder(design.path / name, work / name)
        twin = Design(work, design.record)
        try:
            yield twin
        except Exception:
            _adopt(work, design.path)
            raise
        _adopt(work, design.path)
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Be the only process that makes firmware in a folder, where its file system has locks; they go with a process."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                logger.warning("%s: another process makes its firmware, which is waited for", folder)
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _adopt(work: Path, folder: Path) -> None:
    """Put what was made in place of what was there, the report last: what it says is there then."""
    (folder / REPORTS).unlink(missing_ok=True)
    made = sorted((path for path in work.iterdir() if path.name not in OWN), key=lambda path: path.name == REPORTS)
    for path in made:
        old = folder / path.name
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        else:
            old.unlink(missing_ok=True)
        path.rename(old)
