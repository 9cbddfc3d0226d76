"""The command in this process, and small data files."""

import sys
from pathlib import Path

import numpy as np
import pytest
from command import Command, Result, jets

from nac.cli import main


@pytest.fixture
def nac(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command in this process: faster by the second that importing torch takes."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)

    def call(*arguments: object) -> Result:
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Result(int(left.value.code or 0), said.out, said.err)

    return call


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulations go to a folder that all tests of a session share."""
    monkeypatch.setenv("NAC_CACHE", str(tmp_path_factory.getbasetemp() / "nac-cache"))


@pytest.fixture
def jets_file(tmp_path: Path) -> Path:
    """A good data file for the task jets."""
    file = tmp_path / "jets.npz"
    np.savez(file, **jets())
    return file
