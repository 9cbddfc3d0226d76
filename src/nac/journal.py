"""Reading the journal file of a study, whatever happened to its lines."""

import json
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from optuna.storages.journal import BaseJournalBackend

from nac.errors import InputError

logger = logging.getLogger(__name__)


class JournalReader(BaseJournalBackend):
    """Optuna's journal file as a reader sees it, also while others write to it or repair it.

    A line that is still being written is left for later. Empty lines, which two writers on a network file system leave,
    count as none. One that is neither empty nor an entry ends in an InputError that names file and line: an entry is
    lost there, and those that follow may mean other trials than they say.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._forget()

    def _forget(self) -> None:
        self._inode, self._offset, self._lines, self._entries = -1, 0, 0, 0

    def read_logs(self, log_number_from: int) -> Iterable[dict[str, Any]]:
        """Entries from this number on. Raises InputError at a line that is none."""
        with self.path.open("rb") as file:
            found = os.fstat(file.fileno())
            if found.st_ino != self._inode or found.st_size < self._offset or self._entries != log_number_from:
                self._forget()
                self._inode = found.st_ino
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._offset += len(line)
                self._lines += 1
                if is_blank(line):
                    logger.warning("%s: line %d is empty and skipped; two writers on a network file system leave such",
                                   self.path, self._lines)
                    continue
                entry = self._entry(line)
                self._entries += 1
                if self._entries > log_number_from:
                    yield entry

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """A reader has nothing to add."""
        raise InputError(f"{self.path}: is open for reading only")

    def _entry(self, line: bytes) -> dict[str, Any]:
        try:
            entry = json.loads(line)
            if isinstance(entry, dict) and "op_code" in entry:
                return entry
            detail = "it is no mapping with an op_code"
        except ValueError as error:
            detail = str(error)
        raise InputError(f"{self.path}: line {self._lines} is no entry of a study ({detail}), expected a JSON object: "
                         "what it said is lost, and with it what later lines mean; restore the file from a copy")


def is_blank(line: bytes) -> bool:
    """Whether a line holds nothing that could have been an entry."""
    return not line.strip(b"\0 \t\r\n")
