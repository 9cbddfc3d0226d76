"""Who may claim the next candidate, and which workers live: locks that the system drops with their process.

Nothing here has to expire. A worker holds a lock on its own name for as long as it lives; whoever finds that lock free
knows that the worker is gone, at once and without comparing clocks.
"""

import fcntl
import hashlib
import os
import secrets
import socket
import weakref
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Protocol

import sqlalchemy
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from nac.errors import InputError
from nac.rundir import Run, database_url
from nac.study import brief, study_name
from nac.trial import record_of


class Locks(Protocol):
    """The locks of one search."""

    def claim(self) -> AbstractContextManager[None]:
        """Be the only worker of the search for as long as the context is open."""

    def presence(self, worker: str) -> AbstractContextManager[None]:
        """Let the others see this worker for as long as the context is open and its process lives."""

    def alive(self, worker: str) -> bool:
        """Whether a worker is present."""


def worker_name() -> str:
    """A name that no other worker has: the host and the process are in it for people."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


class FileLocks:
    """Locks on files in the run's folder, on one machine or on a file system that knows flock (NFS 4, Lustre, GPFS)."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @contextmanager
    def claim(self) -> Iterator[None]:
        """Wait for the file `.claims`."""
        with locked_file(self.run.path / ".claims"):
            yield

    @contextmanager
    def presence(self, worker: str) -> Iterator[None]:
        """Hold the worker's own file, which goes when the worker leaves in good order."""
        path = self._file(worker)
        with locked_file(path):
            try:
                yield
            finally:
                path.unlink(missing_ok=True)

    def alive(self, worker: str) -> bool:
        """Whether somebody holds the worker's file, which who may only read can ask too."""
        try:
            with self._file(worker).open() as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def _file(self, worker: str) -> Path:
        return self.run.workers / f"{Path(worker).name}.lock"


class PostgresLocks:
    """Advisory locks of a PostgreSQL server, which drops them with the connection that took them.

    One connection for the life of the object holds them all; a pool that hands connections around between statements
    (pgbouncer in transaction mode) would lose them.
    """

    def __init__(self, url: str, study: str) -> None:
        self._space = _key(study)
        engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool, isolation_level="AUTOCOMMIT")
        self._connection = engine.connect()
        weakref.finalize(self, self._connection.close)

    @contextmanager
    def claim(self) -> Iterator[None]:
        """Wait for the lock of the study."""
        with self._held("claims"):
            yield

    @contextmanager
    def presence(self, worker: str) -> Iterator[None]:
        """Hold the lock of the worker's name."""
        with self._held(worker):
            yield

    def alive(self, worker: str) -> bool:
        """Whether the server knows of somebody who holds the worker's name."""
        held = (
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = :space "
            "AND objid = :name AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
        )
        return bool(self._connection.execute(sqlalchemy.text(held), self._keys(worker)).scalar_one())

    @contextmanager
    def _held(self, name: str) -> Iterator[None]:
        self._connection.execute(sqlalchemy.text("SELECT pg_advisory_lock(:space, :name)"), self._keys(name))
        try:
            yield
        finally:
            self._connection.execute(sqlalchemy.text("SELECT pg_advisory_unlock(:space, :name)"), self._keys(name))

    def _keys(self, name: str) -> dict[str, int]:
        return {"space": self._space, "name": _key(name)}


def locks_of(run: Run, url: str | None) -> Locks:
    """The locks that go with a storage. Raises InputError when the server cannot be reached."""
    if url is None or not database_url(url).startswith("postgresql"):
        return FileLocks(run)
    try:
        return PostgresLocks(database_url(url), study_name(run, url))
    except (ImportError, SQLAlchemyError) as error:
        raise InputError(f"{url}: is no storage of a study ({brief(error)})") from error


def abandoned(trials: Iterable[FrozenTrial], locks: Locks) -> list[FrozenTrial]:
    """Those that are begun and not ended, and whose worker is gone."""
    running = (trial for trial in trials if trial.state == TrialState.RUNNING)
    return [trial for trial in running if not (names := record_of(trial).workers) or not locks.alive(names[-1])]


def _key(name: str) -> int:
    """31 bits of a hash: the server takes two signed 32-bit keys and shows them unsigned."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "little") >> 1


@contextmanager
def locked_file(path: Path) -> Iterator[IO[str]]:
    """Hold a file alone, waiting for it. Raises InputError where the file system has no locks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            raise InputError(f"{path}: cannot be locked ({error.strerror}), expected a file system with locks, or "
                             "--storage postgresql://...") from error
        yield file
