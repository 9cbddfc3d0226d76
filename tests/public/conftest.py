"""A mirror of public data that is empty yet, and a cache of the test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from command import Command, inline
from mirror import Mirror, mirror


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NAC_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("COLUMNS", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def nac(capsys: pytest.CaptureFixture[str]) -> Command:
    return inline(capsys)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    with mirror() as here:
        monkeypatch.setenv("NAC_DATA_MIRROR", here.url)
        yield here
