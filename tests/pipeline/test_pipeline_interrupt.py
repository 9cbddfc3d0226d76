"""Ctrl-C raises at once in our code, and after Optuna's in Optuna's."""

import os
import signal
import time
import types
from collections.abc import Iterator

import pytest

from nac.pipeline.interrupt import orderly_interrupts

WRITE = """
def write(done):
    os.kill(os.getpid(), signal.SIGINT)
    end = time.monotonic() + 0.1
    while time.monotonic() < end:
        pass
    done.append("whole")
"""


def _write_in(package: str) -> types.ModuleType:
    module = types.ModuleType(package)
    exec("import os, signal, time\n" + WRITE, module.__dict__)
    return module


@pytest.fixture(autouse=True)
def _hear_ctrl_c() -> Iterator[None]:
    """A test suite that a shell started in the background is deaf to Ctrl-C; a terminal's command is not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(("package", "expected"), [("optuna.storages", ["whole"]), ("nac.train", [])])
def test_a_write_to_the_study_ends_first(package: str, expected: list[str]) -> None:
    done: list[str] = []
    module = _write_in(package)
    with pytest.raises(KeyboardInterrupt), orderly_interrupts():
        module.write(done)
        time.sleep(10)  # the signal that waited comes here
    assert done == expected


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGALRM)
    with orderly_interrupts():
        assert signal.getsignal(signal.SIGINT) is not before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGALRM)) == before


def test_a_process_deaf_to_ctrl_c_stays_deaf() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with orderly_interrupts():
        os.kill(os.getpid(), signal.SIGINT)
