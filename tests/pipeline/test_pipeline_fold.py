"""A search whose genes say how circuits are folded, from jets to the firmware of its winners."""

import json
from pathlib import Path

import numpy as np
import pytest
from command import Command, jets, tiny

from nac.design import Design
from nac.hardware.rtl import RtlProject

pytestmark = pytest.mark.slow
SETTINGS = ("search.trials=12", "search.baselines=false", "search.sampler=random", "search.quantise={epochs: 3}",
            "search.objectives=[{name: accuracy}, {name: lut}, {name: rate_mhz}]", "search.constraints=[]",
            "data.constituents=4", "compress.bits=[]", "compress.sparsity=[]", "space=space.yaml")  # fmt: skip
SPACE = """
kind: deep_sets
deployable: true
input: [3, 4]
outputs: 5
bits: {input: 6, weights: 6, activations: 6}
fold: [1, 2, all]
phi: {layers: 1, width: 8, bottleneck: 8}
aggregate: mean
rho: {layers: 1, width: 8}
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with jets and the space."""
    monkeypatch.chdir(tmp_path)
    np.savez("jets.npz", **jets())
    Path("space.yaml").write_text(SPACE)


def request_with(*settings: str) -> list[object]:
    given = (word for text in settings for word in ("--set", text))
    return tiny("jets", "--preset", "stream", "--data", "jets.npz", "--out", "run", *given)


def test_every_winner_becomes_the_circuit_of_its_genes(nac: Command) -> None:
    done = nac(*request_with(*SETTINGS, "compress.designs=3"))
    assert done.status == 0, done.err
    rows = json.loads(nac("front", "run", "--json").out)["rows"]
    trials = [row for row in rows if row["kind"] == "trial"]
    assert {(row["fold"], row["ii"]) for row in trials} == {(1, 4), (2, 2), (4, 1)}
    assert len({row["accuracy"] for row in trials}) == 1, "one network, trained once"
    designs = {row["name"]: row for row in rows if row["kind"] == "design"}
    assert {row["fold"] for row in designs.values()} == {1, 2, 4}
    for name, row in designs.items():
        folder = Path("run/designs") / name
        record = Design.load(folder).record
        assert record.origin.get("fold") == record.task.target.fold == {4: "all"}.get(row["fold"], row["fold"])
        assert row["ii"] == 4 / row["fold"]
        if row["exact"] is not None:  # it went to firmware
            assert row["exact"] is True
            assert RtlProject.load(folder / "rtl").record.initiation_interval == row["ii"]
    chosen = json.loads(nac("front", "run", "--where", "rate_mhz>=100", "--best", "lut", "--json").out)["best"]
    assert chosen["fold"] == 2
    folder = Path("run/designs") / chosen["name"]
    again = nac("synth", folder, "--json", "--no-simulation", "--no-synthesis")
    assert again.status == 0, again.err
    assert RtlProject.load(folder / "rtl").record.initiation_interval == 2
    assert nac("export", folder, "--to", "kit").status == 0
    sheet = json.loads(Path("kit/interface.json").read_text())
    assert (sheet["rtl"]["positions"], sheet["rtl"]["initiation_interval"]) == (2, 2)
    assert "positions a clock" in Path("run/report.html").read_text()


def test_workers_measure_all_circuits_of_what_leads(nac: Command) -> None:
    done = nac("search", *request_with(*SETTINGS[1:], "search.trials=1")[1:], "--workers", "2")
    assert done.status == 0, done.err
    rows = json.loads(nac("front", "run", "--json").out)["rows"]
    assert {row["fold"] for row in rows if row["kind"] == "trial"} == {1, 2, 4}
