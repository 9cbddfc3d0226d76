"""A design's firmware is made beside what it has, and takes its place when it is done."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nac.design.failure import REPORTS
from nac.design.folder import Design
from nac.rundir import copy_folder

FOLDER = ".synth"
OWN = ("design.json", "weights.safetensors")
"""What a design is, and nothing makes anew."""
GONE_ON_WITH = ("rtl",)
"""What is made anew only where it is not what is wanted."""


@contextmanager
def beside(design: Design) -> Iterator[Design]:
    """The same design in a folder of its own within the design's, whose content replaces its own in the end.

    So it does where the work fails, which leaves something to look at but no report. Where it is cut off, by Ctrl-C or
    for good, the design is as it was.
    """
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
