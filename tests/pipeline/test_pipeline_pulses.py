"""Pulses from their simulation to firmware: as the task is shipped, and long traces as streams."""

import json
from pathlib import Path

import pytest
import yaml
from command import Command, tiny

from nac.hardware import HlsProject

pytestmark = pytest.mark.slow

LONG = {
    "kind": "sequence", "deployable": True, "input": [1, 1024], "outputs": 2,
    "sequence": {
        "stem": {"block": "conv1d", "channels": [2, 3], "kernel": 5, "stride": 8, "padding": "same", "norm": "batch"},
        "pool": {"block": "pool", "size": 4},
        "flat": {"block": "flatten"},
        "hidden": {"block": "dense", "width": [4, 6], "norm": "batch"},
    },
}  # fmt: skip


@pytest.mark.parametrize(("samples", "io_type"), [(64, "io_parallel"), (1024, "io_stream")])
def test_pulses_from_simulation_to_firmware(nac: Command, tmp_path: Path, samples: int, io_type: str) -> None:
    space = "waveforms"
    if samples > 64:
        space = str(tmp_path / "long.yaml")
        Path(space).write_text(yaml.safe_dump(LONG, sort_keys=False))
    settings = (
        f"data.shape=[1, {samples}]", "data.simulate_without_file=400", f"space={space}", f"target.io_type={io_type}",
        "compress.designs=1", "compress.sparsity=[0.8]", "search.baselines=false",
    )  # fmt: skip
    run = tmp_path / "run"
    done = nac(*tiny("pulses", *(word for text in settings for word in ("--set", text)), "--out", run))
    assert done.status == 0, done.err
    (report,) = [json.loads(file.read_text()) for file in run.glob("designs/*/reports.json")]
    assert report["verification"]["equal"] is True and report["verification"]["hls_samples"] == 400
    assert report["rtl_samples"] > 400
    (project,) = run.glob("designs/*/hls")
    record = HlsProject.open(project).record
    assert (record.input_shape, record.target.io_type) == ((1, samples), io_type)
    assert ("nnet::io_stream" in (project / "firmware" / "parameters.h").read_text()) == (io_type == "io_stream")
    designs = json.loads(nac("front", run, "--where", "rmse@time<=1e6", "--best", "rmse@energy", "--json").out)
    assert designs["best"]["rmse@energy"] > 0 and {"rmse@energy", "rmse@time"} <= set(designs["rows"][0])
