"""A PostgreSQL server of the test suite's own: a fresh cluster in a temporary folder, on a socket and no network."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

DEBIAN = Path("/usr/lib/postgresql")
USERS = ("postgres", "nobody")  # the server refuses to be root


def _program(name: str) -> str:
    found = [*sorted(DEBIAN.glob(f"*/bin/{name}"), reverse=True), shutil.which(name)]
    if (program := found[0]) is None:
        pytest.skip(f"PostgreSQL is not here: no {name} on the PATH or in {DEBIAN} (.ci/setup installs it on Debian)")
    return str(program)


def _user() -> str | None:
    """Who the server runs as; None when that is who we are."""
    if os.getuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in USERS if name in known)


@contextmanager
def server() -> Iterator[str]:
    """The URL of an empty database while the context is open."""
    initdb, pg_ctl = _program("initdb"), _program("pg_ctl")
    user = _user()
    # A short path: that of a socket has at most 107 characters.
    with TemporaryDirectory(prefix="pg", dir="/tmp") as folder:
        if user is not None:
            shutil.chown(folder, user)

        def call(*command: str) -> None:
            subprocess.run(command, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL, timeout=60)

        data = f"{folder}/data"
        call(initdb, "-D", data, "-U", "nac", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
        options = f"-c listen_addresses='' -c fsync=off -k {folder}"
        call(pg_ctl, "start", "-w", "-D", data, "-l", f"{folder}/log", "-o", options)
        try:
            yield f"postgresql://nac@/postgres?host={folder}"
        finally:
            call(pg_ctl, "stop", "-w", "-m", "immediate", "-D", data)
