"""The command in this process, and small data files."""

from pathlib import Path

import numpy as np
import pytest
from command import Command, inline, jets


@pytest.fixture
def nac(capsys: pytest.CaptureFixture[str]) -> Command:
    """The command in this process."""
    return inline(capsys)


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables are as wide as in a pipe, whatever runs the tests."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulations go to a folder that all tests of a session share."""
    monkeypatch.setenv("NAC_CACHE", str(tmp_path_factory.getbasetemp() / "nac-cache"))


@pytest.fixture
def jets_file(tmp_path: Path) -> Path:
    """A good data file for the task jets."""
    file = tmp_path / "jets.npz"
    np.savez(file, allow_pickle=False, **jets())
    return file
