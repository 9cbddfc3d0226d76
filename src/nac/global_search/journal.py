"""The journal file of a study, written so that a killed process can neither block nor spoil it."""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from optuna.storages.journal import JournalFileSymlinkLock

from nac.journal import JournalReader, is_blank
from nac.locks import locked_file
from nac.rundir import write_atomic

logger = logging.getLogger(__name__)

LOCK_SECONDS = 5


class Journal(JournalReader):
    """Optuna's journal file, forced to the disk when a trial starts or ends instead of at every gene.

    What is not yet on the disk survives the death of the process, not that of the machine, which costs at most
    the trial in progress.

    Two locks guard it. Ours is the kernel's, dropped with the process that holds it: workers of the program wait for
    each other there. Inside it Optuna's own is taken, so that its dashboard can be used beside; it is taken over from a
    dead process after LOCK_SECONDS, which two who wait for it could do at the same time. (It needs an absolute path:
    its link would dangle otherwise and be waited for without end.)
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._ours = self.path.with_name(f".{self.path.name}.lock")
        self._optunas = JournalFileSymlinkLock(str(self.path), grace_period=LOCK_SECONDS)
        with self.path.open("ab"):
            pass

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Add entries, all or none of them visible to a reader."""
        text = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs)
        with self._held(), self.path.open("a+b") as file:
            _heal(file)
            file.write(text.encode())
            file.flush()
            if any("state" in log for log in logs):
                os.fsync(file.fileno())

    def heal(self) -> None:
        """Take out what no entry can follow or Optuna's own tools stumble over.

        That is a last line that a killed process or a full disk left unfinished, and empty ones: readers that are at
        the file notice that it is another one.
        """
        with self._held():
            with self.path.open("r+b") as file:
                _heal(file)
                file.seek(0)
                lines = file.readlines()
            if any(map(is_blank, lines)):
                mode = self.path.stat().st_mode
                write_atomic(self.path, b"".join(line for line in lines if not is_blank(line)))
                self.path.chmod(mode)
                logger.warning("%s: had empty lines, they are taken out", self.path)

    @contextmanager
    def _held(self) -> Iterator[None]:
        with locked_file(self._ours):
            self._optunas.acquire()
            try:
                yield
            finally:
                self._optunas.release()


def _heal(file: BinaryIO) -> None:
    """Leave whole lines only, and the position at their end."""
    end = file.seek(0, os.SEEK_END)
    if end == 0 or _last_byte(file) == b"\n":
        return
    file.seek(0)
    file.truncate(file.read().rfind(b"\n") + 1)
    file.seek(0, os.SEEK_END)


def _last_byte(file: BinaryIO) -> bytes:
    file.seek(-1, os.SEEK_END)
    return file.read(1)
