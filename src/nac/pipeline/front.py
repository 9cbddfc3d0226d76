"""The front of a run, narrowed and drawn."""

from collections.abc import Sequence
from pathlib import Path

from nac.config import PARTS, capacity
from nac.errors import InputError
from nac.report import plot
from nac.report.anchors import anchors_for
from nac.report.collect import read_front
from nac.report.front import Front
from nac.rundir import Run


def front_of(path: Path, where: Sequence[str] = (), part: str | None = None) -> Front:
    """The front among the rows of a run that satisfy every condition, e.g. `lut<=20000`, and fit a part.

    Raises InputError.
    """
    front = read_front(Run(path))
    return front.where([*where, *(limits(part, front) if part else ())])


def limits(part: str, front: Front) -> list[str]:
    """What the part holds, as conditions on those of its resources that any row says it uses.

    A part that the run's task is for holds what the task says. Raises InputError when that is not known, or no row has
    LUTs.
    """
    target = Run(front.path).read().task.target if front.path else None
    own = target is not None and target.part.lower().startswith(part.lower())
    held = target.capacity if target is not None and own else capacity(part)
    if "lut" not in held:
        raise InputError(f"--part {part}: what it holds is not known, expected one of the devices "
                         f"{', '.join(sorted(PARTS))}, with or without package and speed grade, target.resources in "
                         "the task, or --where 'lut<=NUMBER'")
    used = {name: value for name, value in held.items() if name in front.names}
    if "lut" not in used:
        raise InputError(f"--part {part}: no row has LUTs yet, expected a run that quantises in its search "
                         "(search.quantise) or designs that went through `nac synth`")
    return [f"{name}<={available}" for name, available in used.items()]


def draw(front: Front, file: Path) -> None:
    """Draw a front as .png, .svg or .pdf, or as an interactive .html. Raises InputError."""
    if front.path is None:
        raise InputError("the front belongs to no run")
    plot(front, file, anchors=anchors_for(Run(front.path).read()))
