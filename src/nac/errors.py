"""The two ways a command can end badly; the command line turns them into exit statuses."""

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


@contextmanager
def third_party(name: str) -> Iterator[None]:
    """Around calls into a library: whatever it raises becomes a WorkError that names it. Our own errors pass."""
    try:
        yield
    except NacError:
        raise
    except Exception as error:
        said = " ".join(str(error).split())
        raise WorkError(f"{name}: {type(error).__name__}{': ' if said else ''}{said}") from error
