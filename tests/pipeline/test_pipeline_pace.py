"""A search at the pace of a digitiser, from its simulation to a folded circuit."""

import json
from pathlib import Path

import pytest
from command import Command, tiny

from nac.hardware.rtl import RtlProject

pytestmark = pytest.mark.slow


def test_a_search_at_a_pace_ends_with_folded_circuits(nac: Command, tmp_path: Path) -> None:
    run = tmp_path / "run"
    settings = ("data.shape=[2, 64]", "data.simulate_without_file=600", "target.rate_mhz=3", "compress.designs=1",
                "search.constraints=[]")  # fmt: skip
    done = nac(*tiny("readout", *(word for text in settings for word in ("--set", text)), "--out", run))
    assert done.status == 0, done.err
    (project,) = run.glob("designs/*/rtl")
    record = RtlProject.load(project).record
    assert record.fold is not None
    assert (record.fold.positions, record.initiation_interval) == (1, 64)
    report = json.loads((project.parent / "reports.json").read_text())
    assert report["verification"]["equal"] is True
    best = json.loads(nac("front", run, "--where", "rate_mhz>=3", "--best", "lut", "--json").out)["best"]
    assert best["ii"] == 64
    assert best["rate_mhz"] == pytest.approx(3.125)
