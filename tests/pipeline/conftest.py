"""Tiny runs, each made once."""

from pathlib import Path

import numpy as np
import pytest
from command import Command, Result, inline, jets, process, tiny


@pytest.fixture(scope="session")
def jets_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data file for the task jets."""
    file = tmp_path_factory.mktemp("data") / "jets.npz"
    np.savez(file, allow_pickle=False, **jets())
    return file


@pytest.fixture(scope="session")
def jets_run(tmp_path_factory: pytest.TempPathFactory, jets_data: Path) -> tuple[Path, Result]:
    """A finished tiny run on jets, and what the command said. Tests that change it work on a copy."""
    out = tmp_path_factory.mktemp("runs") / "jets"
    done = process(*tiny("jets", "--data", jets_data, "--out", out))
    assert done.status == 0, done.err
    return out, done


@pytest.fixture
def nac(capsys: pytest.CaptureFixture[str]) -> Command:
    """The command in this process."""
    return inline(capsys)


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulations go to a folder that all tests of a session share."""
    monkeypatch.setenv("NAC_CACHE", str(tmp_path_factory.getbasetemp() / "nac-cache"))
