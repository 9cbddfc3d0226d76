"""The two ways a command can end badly; the command line turns them into exit statuses."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager


class NacError(Exception):
    """Base of every error the program raises on purpose. Its text is one sentence for the user."""

    exit_status = 1


class InputError(NacError):
    """What the user gave is wrong: the text names the file, the key and what was expected."""

    exit_status = 2


class WorkError(NacError):
    """The input was right and the work failed: training diverged, two engines disagree, a tool broke."""

    exit_status = 1


class InterruptionError(NacError):
    """Somebody pressed Ctrl-C: the text says what is kept and how to go on."""

    exit_status = 130


FAILURES = (WorkError, RuntimeError, ArithmeticError, MemoryError)
"""What the training or building of one network may die of without ending the work on the others; torch's
out-of-memory is a RuntimeError."""


MISTAKES = (TypeError, AttributeError, NameError, LookupError, AssertionError)
"""What a library raises of its own code or of what it was given; raised by a line of ours, a mistake in that line."""


@contextmanager
def third_party(name: str) -> Iterator[None]:
    """Around calls into a library: whatever it raises becomes a WorkError that names it. Our own errors pass.

    A mistake of ours on the way is a WorkError too, so that it costs no more than the network it was met with, but one
    that names the line of ours instead of the library.
    """
    try:
        yield
    except NacError:
        raise
    except Exception as error:
        said = " ".join(str(error).split())
        what = f"{type(error).__name__}{': ' if said else ''}{said}"
        if line := _own_line(error):
            raise WorkError(f"a mistake in nac itself, {line}, not in {name}: {what}") from error
        raise WorkError(f"{name}: {what}") from error


def _own_line(error: Exception) -> str:
    """Where a mistake was made, `nac.hardware.onnx.read line 12`, if that was in our code."""
    if not isinstance(error, MISTAKES):
        return ""
    *_, (frame, line) = traceback.walk_tb(error.__traceback__)
    module = str(frame.f_globals.get("__name__", ""))
    return f"{module} line {line}" if module.split(".")[0] == __name__.split(".")[0] else ""
