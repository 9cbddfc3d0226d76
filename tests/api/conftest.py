"""A run on pulses in memory that takes seconds."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import Command, inline
from pulses import SHORT, pulses

import nac


@pytest.fixture(scope="session", autouse=True)
def _state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is trusted is remembered in a folder of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def task() -> "nac.Task":
    """A regression of two targets with units, on dense networks."""
    traces, energy, time, run = pulses()
    data = nac.Dataset.from_arrays(x=traces, y={"energy": (energy, "GeV"), "time": (time, "ns")}, groups=run)
    return nac.Task.regression(data, space=nac.spaces.Dense(layers=1, width=[4, 8], norm="none"), name="pulse", **SHORT)


@pytest.fixture(scope="session")
def searched(task: "nac.Task", tmp_path_factory: pytest.TempPathFactory) -> "nac.Run":
    """A finished search of three trials. Tests that change it work on a copy."""
    return nac.search(task, objectives=["rmse", "bops<=20000"], trials=3, out=tmp_path_factory.mktemp("runs") / "pulse")


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """The command line in this process."""
    return inline(capsys)


@pytest.fixture
def copied(searched: "nac.Run", tmp_path: Path) -> "nac.Run":
    """The same in a folder of its own, which the first one knows nothing of."""
    shutil.copytree(searched.path, tmp_path / "elsewhere")
    return nac.Run(tmp_path / "elsewhere")
