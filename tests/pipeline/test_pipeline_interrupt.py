"""Ctrl-C raises at once in our code, and after Optuna's in Optuna's."""

import os
import signal
import types

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


@pytest.mark.parametrize(("package", "expected"), [("optuna.storages", ["whole"]), ("nac.train", [])])
def test_a_write_to_the_study_ends_first(package: str, expected: list[str]) -> None:
    done: list[str] = []
    module = _write_in(package)
    with pytest.raises(KeyboardInterrupt), orderly_interrupts():
        module.write(done)
        while True:  # the signal that waited comes here
            pass
    assert done == expected


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGALRM)
    with orderly_interrupts():
        assert signal.getsignal(signal.SIGINT) is not before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGALRM)) == before


def test_a_process_deaf_to_ctrl_c_stays_deaf() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with orderly_interrupts():
            os.kill(os.getpid(), signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
