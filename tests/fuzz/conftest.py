"""Valid files of every kind, made once, for the tests to spoil."""

import shutil
from pathlib import Path

import pytest
import searching
from designs import architecture, make_design, random_network

from nac.hardware import export
from nac.rundir import RunRecord


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of four trials and a design, the design exported: `run`, `run/designs/small`."""
    folder = tmp_path_factory.mktemp("whole")
    setting = searching.make_setting(folder)
    setting.search("run", trials=4)
    run = setting.run("run")
    run.write(RunRecord(task=setting.task.config))
    arch = architecture("mlp", 6)
    design = make_design(run.design("small"), arch, random_network(arch))
    export(design)
    return folder


@pytest.fixture
def broken(whole: Path, tmp_path: Path) -> Path:
    """A copy of that folder to spoil."""
    shutil.copytree(whole, tmp_path / "whole")
    return tmp_path / "whole"
