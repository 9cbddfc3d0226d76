"""Fetching on a bad day: cut off, wrong content, no network, no room; and on the second day, without asking."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command import Command, process
from mirror import Mirror
from published import serve_zenodo
from rich.console import Console

from nac.cli.options import matching
from nac.errors import WorkError
from nac.public import fetch
from nac.public.transfer import CHUNK

QUIET = Console(quiet=True)
NAME, RECORD = "lhc_jets_150p", 3602260
TRAIN = f"zenodo.org/records/{RECORD}/files/hls4ml_LHCjet_150p_train.tar.gz"


@pytest.fixture(autouse=True)
def _published(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    if "served" in request.fixturenames:
        serve_zenodo(request.getfixturevalue("served"), NAME, tmp_path)


def test_the_command_says_what_to_cite_and_what_to_do_next(served: Mirror, nac: Command, tmp_path: Path) -> None:
    done = nac("data", "fetch", NAME, "--to", tmp_path / "here")
    assert done.status == 0
    said = " ".join(done.out.split())
    for wanted in ("doi:10.5281/zenodo.3602260", "cc-by-4.0", "as published (md5:", "nac run jets --data '"):
        assert wanted in said
    assert nac("data", "info", "jets", *(tmp_path / "here" / "train").iterdir()).status == 0


def test_the_next_command_takes_all_files_by_their_pattern(served: Mirror, nac: Command, tmp_path: Path) -> None:
    fetch(NAME, tmp_path / "here", QUIET)
    plain = tmp_path / "here" / "train" / "jetImage_0.h5"
    assert matching([plain, tmp_path / "here" / "val" / "*.h5"]) == [plain, *sorted(plain.parents[1].glob("val/*"))]
    wrong = nac("run", "jets", "--data", f"{tmp_path}/here/*.h6", "--out", tmp_path / "run")
    assert (wrong.status, "no file is called like this" in wrong.err) == (2, True)


def test_what_is_here_is_not_asked_for_again(served: Mirror, nac: Command) -> None:
    first = fetch(NAME, None, QUIET)
    asked = len(served.asked)
    served.content.clear()
    assert fetch(NAME, None, QUIET) == first
    assert len(served.asked) == asked
    assert '"here": true' in nac("data", "list", "--json").out


def test_what_was_removed_is_fetched_again(served: Mirror) -> None:
    first = fetch(NAME, None, QUIET)
    first.files[0].unlink()
    assert fetch(NAME, None, QUIET).files == first.files
    assert first.files[0].is_file()


def test_a_broken_connection_is_gone_on_with(served: Mirror, nac: Command, cache: Path) -> None:
    served.breaks.add(TRAIN)
    broken = nac("data", "fetch", NAME)
    assert broken.status == 1
    assert "train.tar.gz: the connection to 127.0.0.1" in broken.err
    assert "goes on from what has arrived" in broken.err
    half = len(served.content[TRAIN]) // 2
    (kept,) = [path.stat().st_size for path in (cache / "data" / NAME).glob(".*.part")]
    assert half - CHUNK < kept <= half
    assert nac("data", "fetch", NAME).status == 0
    assert (TRAIN, f"bytes={kept}-") in served.asked
    assert not list((cache / "data" / NAME).glob(".*.part"))


def test_a_part_that_is_already_whole_is_taken(served: Mirror, cache: Path) -> None:
    (cache / "data" / NAME).mkdir(parents=True)
    (cache / "data" / NAME / ".hls4ml_LHCjet_150p_train.tar.gz.part").write_bytes(served.content[TRAIN])
    assert len(fetch(NAME, None, QUIET).files) == 3


def test_a_part_of_something_else_does_not_stay(served: Mirror, cache: Path) -> None:
    (cache / "data" / NAME).mkdir(parents=True)
    (cache / "data" / NAME / ".hls4ml_LHCjet_150p_train.tar.gz.part").write_bytes(b"x" * 9_000_000)
    with pytest.raises(WorkError, match="the connection"):
        fetch(NAME, None, QUIET)
    assert len(fetch(NAME, None, QUIET).files) == 3


def test_other_content_than_was_published_is_refused_and_removed(served: Mirror, nac: Command, cache: Path) -> None:
    good = served.content[TRAIN]
    served.content[TRAIN] = good[:-1] + b"x"
    wrong = nac("data", "fetch", NAME)
    assert wrong.status == 1
    assert "is not what was published (md5:" in wrong.err
    assert not [path for path in (cache / "data" / NAME).iterdir() if "train" in path.name]
    served.content[TRAIN] = good
    assert nac("data", "fetch", NAME).status == 0


def test_an_archive_may_not_write_outside(served: Mirror, tmp_path: Path) -> None:
    serve_zenodo(served, NAME, tmp_path, inside="../")
    with pytest.raises(WorkError, match="cannot be unpacked"):
        fetch(NAME, tmp_path / "a" / "here", QUIET)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["here"]


def test_without_a_network_there_is_one_sentence(nac: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAC_DATA_MIRROR", "http://127.0.0.1:9")
    done = nac("data", "fetch", NAME)
    assert done.status == 1
    assert done.err.count("\n") == 1
    assert "127.0.0.1:9 cannot be reached, is there a network?" in done.err


def test_a_record_that_is_gone_and_one_that_has_changed(served: Mirror, nac: Command) -> None:
    served.put_json(f"zenodo.org/api/records/{RECORD}", {"files": []})
    assert "answers otherwise than it used to" in nac("data", "fetch", NAME).err
    del served.content[f"zenodo.org/api/records/{RECORD}"]
    gone = nac("data", "fetch", NAME)
    assert (gone.status, "404" in gone.err) == (1, True)


def test_a_full_disk_is_foreseen(served: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: _Usage)
    with pytest.raises(WorkError, match=r"1\.0 GB free, expected 5\.0; --to names another folder"):
        fetch(NAME, None, QUIET)


class _Usage:
    free = 10**9


@pytest.mark.parametrize("name", ["jets", "lhc_jets"])
def test_an_unknown_set_is_wrong_input(nac: Command, name: str) -> None:
    wrong = nac("data", "fetch", name)
    assert wrong.status == 2
    assert "braggnn" in wrong.err


def test_a_killed_fetch_is_finished_by_the_next(served: Mirror, tmp_path: Path) -> None:
    """A real process that is killed while it waits for the rest."""
    served.slow.add(TRAIN)
    command = [sys.executable, "-m", "nac.cli", "data", "fetch", NAME, "--to", str(tmp_path / "here")]
    running = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    part = tmp_path / "here" / ".hls4ml_LHCjet_150p_train.tar.gz.part"
    deadline = time.monotonic() + 60
    while not (part.exists() and part.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert 0 < part.stat().st_size < len(served.content[TRAIN])
    served.slow.clear()
    assert process("data", "fetch", NAME, "--to", tmp_path / "here").status == 0
    assert any(wanted for path, wanted in served.asked if path == TRAIN)
