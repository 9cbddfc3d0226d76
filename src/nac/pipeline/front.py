"""The front of a run, narrowed and drawn."""

from collections.abc import Sequence
from pathlib import Path

from nac.errors import InputError
from nac.report import plot_front
from nac.report.anchors import anchors_for
from nac.report.collect import read_front
from nac.report.front import Front
from nac.report.interactive import interactive_front, write_interactive
from nac.rundir import Run


def front_of(path: Path, where: Sequence[str] = ()) -> Front:
    """The front among the rows of a run that satisfy every condition, e.g. `lut<=20000`. Raises InputError."""
    return read_front(Run(path)).where(where)


def draw(front: Front, file: Path) -> None:
    """Draw a front as .png, .svg or .pdf, or as an interactive .html. Raises InputError."""
    if front.path is None:
        raise InputError("the front belongs to no run")
    anchors = tuple(anchors_for(Run(front.path).read()))
    if file.suffix == ".html":
        write_interactive(interactive_front(front, anchors=anchors), file)
    else:
        plot_front(front, file, anchors=anchors)
