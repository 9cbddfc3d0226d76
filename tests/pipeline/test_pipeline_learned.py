"""Presets of learned widths on images, from a file to verified firmware: the space is small, all else as shipped."""

import json
from pathlib import Path

import pytest
import yaml
from command import Command

pytestmark = pytest.mark.slow

SPACE = {
    "kind": "cnn", "deployable": True, "input": [1, 7, 7], "outputs": 2,
    "stem": {"channels": [2], "kernel": [5], "activation": "relu", "norm": "batch"},
    "slots": {"count": 1, "block": ["none"]},
    "pool": {"position": ["stem"], "size": 2},
    "head": {"layers": [0], "width": [4], "activation": "relu", "norm": "none"},
}  # fmt: skip
SETTINGS = (
    "data.simulate_without_file=600", "data.patch_size=7", "search.trials=1", "search.baselines=false",
    "train.epochs=1",
    "compress.train.epochs=2", "compress.learned.train.epochs=8", "compress.learned.train.cycles=2",
    "compress.learned.designs=3", "compress.learned.finish.epochs=1", "compress.synthesise=1",
    "compress.synthesise_rtl=false", "compress.simulate_rtl=false",
)  # fmt: skip


def test_bragg_peaks_with_learned_widths_are_exact_in_every_engine(nac: Command, tmp_path: Path) -> None:
    space, run = tmp_path / "space.yaml", tmp_path / "run"
    space.write_text(yaml.safe_dump(SPACE))
    settings = [word for text in (*SETTINGS, f"space={space}") for word in ("--set", text)]
    done = nac("run", "bragg", "--preset", "learned", *settings, "--out", run)
    assert done.status == 0, done.err
    rows = json.loads(nac("front", run, "--json").out)["rows"]
    designs = [row for row in rows if row["kind"] == "design"]
    assert designs and all("-l" in row["name"] for row in designs)
    (report,) = [json.loads(file.read_text()) for file in run.glob("designs/*/reports.json")]
    assert report["verification"]["equal"] is True
    assert report["verification"]["hls_samples"] > 100
