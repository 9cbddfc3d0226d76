"""Firmware of a design is made beside it, by one process at a time."""

import fcntl
import os
import threading
from pathlib import Path

from designs import architecture, make_design, random_network

from nac.design.twin import FOLDER, beside


def test_who_else_makes_firmware_of_a_design_is_waited_for(tmp_path: Path) -> None:
    arch = architecture("mlp", 3)
    design = make_design(tmp_path / "small", arch, random_network(arch))
    entered = threading.Event()

    def other() -> None:
        with beside(design):
            entered.set()

    handle = os.open(design.path, os.O_RDONLY)  # as another process has it
    fcntl.flock(handle, fcntl.LOCK_EX)
    thread = threading.Thread(target=other)
    thread.start()
    assert not entered.wait(0.3)
    assert not (design.path / FOLDER).exists()
    os.close(handle)
    thread.join(10)
    assert entered.is_set()
