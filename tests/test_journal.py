"""A journal with bad lines: empty ones are skipped and taken out, lost entries are named with their place."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from optuna.storages.journal import JournalFileBackend
from searching import Setting, make_setting

from nac.errors import InputError
from nac.global_search import results
from nac.global_search.journal import Journal
from nac.journal import JournalReader
from nac.study import load_study, quiet

ENTRIES = [{"op_code": number} for number in range(4)]
LINES = [f'{{"op_code":{number}}}\n'.encode() for number in range(4)]
BLANKS = [b"\n", b"\r\n", b"  \n", b"\0\0\0\n"]


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    return make_setting(tmp_path)


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize("at", range(5))
def test_an_empty_line_is_skipped_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, blank: bytes, at: int
) -> None:
    path = tmp_path / "study.journal"
    path.write_bytes(b"".join([*LINES[:at], blank, *LINES[at:]]))
    with caplog.at_level(logging.WARNING):
        reader = JournalReader(path)
        assert list(reader.read_logs(0)) == ENTRIES
        assert list(reader.read_logs(2)) == ENTRIES[2:]
        assert list(reader.read_logs(4)) == []
    assert f"{path}: line {at + 1} is empty and skipped" in caplog.text


@pytest.mark.parametrize("lost", [b'{"op_co\n', b"}\n", b"[1]\n", b"7\n", b'\0\0{"op_code":1}\n', b"\xff\xfe\n"])
def test_a_lost_entry_is_named(tmp_path: Path, lost: bytes) -> None:
    path = tmp_path / "study.journal"
    path.write_bytes(b"".join([*LINES[:2], lost, *LINES[2:]]))
    with pytest.raises(InputError, match=r"study\.journal: line 3 is no entry of a study \(.*restore the file"):
        list(JournalReader(path).read_logs(0))


def test_a_reader_follows_writers_and_repairs(tmp_path: Path) -> None:
    path = tmp_path / "study.journal"
    with quiet():
        journal, reader = Journal(path), JournalReader(path)
        journal.append_logs(ENTRIES[:1])
        assert list(reader.read_logs(0)) == ENTRIES[:1]
        with path.open("ab") as file:
            file.write(b"\n\n" + LINES[1] + b'{"half')
        path.chmod(0o664)
        assert list(reader.read_logs(1)) == ENTRIES[1:2]
        Journal(path).heal()
        assert path.read_bytes() == b"".join(LINES[:2])
        assert path.stat().st_mode & 0o777 == 0o664
        journal.append_logs(ENTRIES[2:])
        assert list(reader.read_logs(2)) == ENTRIES[2:]
        assert list(journal.read_logs(0)) == ENTRIES
        assert list(JournalFileBackend(str(path)).read_logs(0)) == ENTRIES


def spoil(journal: Path, line: bytes) -> None:
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([*lines[:20], line, *lines[20:]]))


def test_a_search_with_empty_lines_goes_on_as_if_there_were_none(setting: Setting) -> None:
    whole = setting.search("whole", trials=6)
    setting.search("spoilt", trials=4)
    journal = setting.run("spoilt").journal
    spoil(journal, b"\n")
    with journal.open("ab") as file:
        file.write(b"\n")
    assert len(results(load_study(setting.run("spoilt")))) == 4
    again = setting.search("spoilt", trials=6)
    assert [trial.params for trial in again.trials] == [trial.params for trial in whole.trials]
    assert b"\n\n" not in journal.read_bytes()


@pytest.mark.parametrize("read", [lambda s: load_study(s.run()), lambda s: s.search(trials=4),
                                  lambda s: s.search(trials=4, joining=True)])
def test_every_reader_names_file_and_line(setting: Setting, read: Callable[[Setting], object]) -> None:
    setting.search(trials=2)
    spoil(setting.run().journal, b'{"op_code":8,"worker_id":"\n')
    with pytest.raises(InputError, match=r"study\.journal: line 21 is no entry of a study"):
        read(setting)
