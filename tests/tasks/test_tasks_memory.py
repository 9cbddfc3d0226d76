"""Files far larger than memory: read in pieces and trained on, in a process whose memory is measured."""

import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from datafiles import bragg_config, jet_arrays, jets_config, write_hdf5, write_npz

from nac.config import TaskConfig
from nac.tasks import make_task
from nac.tasks.task import UNASKED_BYTES

LOAD = """
import resource, sys
from pathlib import Path
from nac.arch import initialised
from nac.config import TaskConfig, TrainConfig
from nac.pipeline.architectures import named_architecture
from nac.tasks import make_task
from nac.train import fit
task = make_task(TaskConfig.model_validate_json(sys.argv[1]))
data = task.load([Path(name) for name in sys.argv[2:]], seed=0)
if task.config.space == "jets":
    network = initialised(named_architecture(task.config, "tiny"), 0)
    fit(network, data, task, TrainConfig(epochs=1, batch_size=4096), seed=0)
splits = (data.train, data.validation, data.kept or (), data.test)
print(sum(map(len, splits)), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
GIB_IN_KIB = 1 << 20


def load(config: TaskConfig, *files: Path) -> tuple[int, float]:
    """Samples in all splits, and the peak of the process' memory in GiB."""
    done = subprocess.run([sys.executable, "-c", LOAD, config.model_dump_json(), *map(str, files)],
                          capture_output=True, text=True, check=False, timeout=300)  # fmt: skip
    assert done.returncode == 0, done.stderr
    samples, peak = map(int, done.stdout.split())
    return samples, peak / GIB_IN_KIB


@pytest.mark.slow
def test_24_gb_of_frames_take_less_than_2_gib(tmp_path: Path) -> None:
    frames, side, used = 2900, 2048, 60
    with h5py.File(tmp_path / "frames.hdf5", "w") as file:  # chunks that nothing is written to take no room
        data = file.create_dataset("frames", (frames, side, side), "uint16", chunks=(1, side, side))
        assert data.size * 2 > 24e9
        for index in range(0, used * 40, 40):
            data[index] = 7
    peaks = np.arange(0, used * 40, 40)
    middle = np.full(used, 1000.5)
    write_hdf5(tmp_path / "peaks.hdf5", peak_fidx=peaks, peak_row=middle, peak_col=middle)
    samples, peak = load(bragg_config(split={"by": "frame"}), tmp_path / "frames.hdf5", tmp_path / "peaks.hdf5")
    assert samples == used
    assert peak < 2, peak


@pytest.mark.slow
@pytest.mark.parametrize(("limit", "expected"), [(2000, 2000), (None, UNASKED_BYTES // (4 * 3 * 8))])
def test_an_epoch_of_ten_million_jets_takes_less_than_2_gib(tmp_path: Path, limit: int | None, expected: int) -> None:
    n = 10_000_000
    with h5py.File(tmp_path / "jets.h5", "w") as file:
        file.create_dataset("constituents", (n, 8, 3), "float32", chunks=(100_000, 8, 3))
        file.create_dataset("label", data=np.arange(n, dtype=np.int8) % 5, chunks=(1_000_000,), compression="gzip")
    config = jets_config(limit=limit, augment=["flip_eta", "flip_phi", "swap"]).model_copy(update={"space": "jets"})
    samples, peak = load(config, tmp_path / "jets.h5")
    assert samples == expected
    assert peak < 2, peak


def test_more_samples_than_are_taken_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file = write_npz(tmp_path / "jets.npz", **jet_arrays(300))
    monkeypatch.setattr("nac.tasks.task.UNASKED_BYTES", 200 * 4 * 3 * 8)
    data = make_task(jets_config()).load([file], seed=0)
    assert sum(map(len, (data.train, data.validation, data.kept or (), data.test))) == 200
    assert "200 samples are drawn at random" in caplog.text
    assert "--set data.limit=400" in caplog.text
    caplog.clear()
    data = make_task(jets_config(limit=300)).load([file], seed=0)
    assert sum(map(len, (data.train, data.validation, data.kept or (), data.test))) == 300
    assert "drawn at random" not in caplog.text
