"""A folder whose name is full of what shells, make and Tcl give a meaning goes through every tool."""

from pathlib import Path

import numpy as np
import pytest
from designs import architecture, make_design, random_network, samples

from nac.hardware import synthesise
from nac.hardware.hls.project import HlsProject

FOLDER = "it's a \"run\"; $(touch owned) `touch owned` [exec touch owned] {x} #1 & 50%"


@pytest.mark.slow
def test_every_tool_takes_a_strange_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    arch = architecture("mlp", 3)
    design = make_design(tmp_path / FOLDER / "designs" / "small", arch, random_network(arch))
    report = synthesise(design, design.record.task.target, check_inputs=samples(arch, 50), n_qonnx=5)
    assert report.verification.equal
    assert report.rtl_simulation is not None
    assert report.rtl_synthesis is not None
    before = HlsProject.open(design.path / "hls").predict(samples(arch, 50))
    moved = (tmp_path / FOLDER).rename(tmp_path / "moved") / design.path.relative_to(tmp_path / FOLDER)
    assert np.array_equal(HlsProject.open(moved / "hls").predict(samples(arch, 50)), before)
    (tmp_path / "moved").rename(tmp_path / FOLDER)
    assert not list(tmp_path.rglob("owned"))
    assert [path.name for path in tmp_path.iterdir()] == [FOLDER]
