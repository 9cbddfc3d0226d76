"""The journal file of a study, written so that a killed process can neither block nor spoil it."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from optuna.storages.journal import BaseJournalBackend, JournalFileBackend, JournalFileSymlinkLock

LOCK_SECONDS = 5


class Journal(BaseJournalBackend):
    """Optuna's journal file, forced to the disk when a trial starts or ends instead of at every gene.

    What is not yet on the disk survives the death of the process, not that of the machine, which costs at most
    the trial in progress. The lock is Optuna's own, so that its dashboard can be used beside; it is taken over
    from a dead process after LOCK_SECONDS. (That needs an absolute path: its link would dangle otherwise and be
    waited for without end.)
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock = JournalFileSymlinkLock(str(self.path), grace_period=LOCK_SECONDS)
        self._file = JournalFileBackend(str(self.path), self._lock)

    def read_logs(self, log_number_from: int) -> Iterable[dict[str, Any]]:
        """Entries from this number on."""
        return self._file.read_logs(log_number_from)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Add entries, all or none of them visible to a reader."""
        text = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs)
        self._lock.acquire()
        try:
            with self.path.open("ab") as file:
                file.write(text.encode())
                file.flush()
                if any("state" in log for log in logs):
                    os.fsync(file.fileno())
        finally:
            self._lock.release()

    def heal(self) -> None:
        """Cut off a last line that a killed process or a full disk left unfinished: nothing can follow it."""
        self._lock.acquire()
        try:
            with self.path.open("r+b") as file:
                content = file.read()
                whole = content.rfind(b"\n") + 1
                if whole < len(content):
                    file.truncate(whole)
        finally:
            self._lock.release()
