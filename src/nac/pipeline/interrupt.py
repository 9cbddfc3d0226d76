"""Ctrl-C at a moment when it does no harm."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

RETRY_S = 0.02


@contextmanager
def orderly_interrupts() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt as ever, but not in the middle of a write to the study.

    Optuna's journal is guarded by a lock file; an exception between taking and releasing it would leave the lock
    behind and hide the interruption behind another error. There the signal waits until Optuna has returned.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield
        return

    def handle(number: int, frame: FrameType | None) -> None:
        if _inside(frame, "optuna"):
            signal.setitimer(signal.ITIMER_REAL, RETRY_S)
        else:
            raise KeyboardInterrupt

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGALRM)}
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def _inside(frame: FrameType | None, package: str) -> bool:
    """Whether any frame of the stack belongs to a package."""
    while frame is not None:
        if str(frame.f_globals.get("__name__", "")).split(".")[0] == package:
            return True
        frame = frame.f_back
    return False
