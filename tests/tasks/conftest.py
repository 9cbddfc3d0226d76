"""Real data where they are, and small files of the same schemas everywhere.

Each fixture gives a test both; the real ones are skipped, saying so, where there are none.
"""

from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray
from published import images

from nac.config import BraggSimulation
from nac.public.jet_images import jets
from nac.tasks.simulators.bragg import peaks

SMALL_OR_REAL = pytest.fixture(params=["small", "real"])


def real(request: pytest.FixtureRequest) -> Path | None:
    """The folder of real data where they are wanted."""
    folder: Path | None = request.getfixturevalue("shared_data") if request.param == "real" else None
    return folder


@SMALL_OR_REAL
def jets_20k(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Jets of published images, made as those of the result tables are."""
    if folder := real(request):
        return folder / "jets" / "lhc_jets_20k.npz"
    (tmp_path / "images.npz").write_bytes(images(500, 0))
    np.savez(tmp_path / "jets.npz", allow_pickle=False, **jets([tmp_path / "images.npz"]))
    return tmp_path / "jets.npz"


@SMALL_OR_REAL
def ruby(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Patches of 21 x 21 counts with the results of a fit, one in ten of them not clean."""
    if folder := real(request):
        return folder / "bragg" / "ruby_patches21.npz"
    n = 300
    made = peaks(n, 21, BraggSimulation(neighbours=0), seed=0)
    col, row = made["label_xy"].T
    index = np.arange(n)
    np.savez(
        tmp_path / "ruby.npz", patches=made["patches"], center_row=row, center_col=col,
        panel=(index % 4).astype(np.uint8), frame=(index // 5).astype(np.uint16),
        npeaks=np.where(index % 10, 1, 2).astype(np.uint8), deviation=np.full(n, 0.1, dtype=np.float32),
        fit_rms=np.full(n, 0.02, dtype=np.float32),
    )  # fmt: skip
    return tmp_path / "ruby.npz"


@SMALL_OR_REAL
def zirconium(request: pytest.FixtureRequest, tmp_path: Path) -> list[Path]:
    """Peaks and frames in BraggNN's schema (its frames are float32), half of the peaks not clean."""
    names = ("peaks-exp4train-psz11.hdf5", "frames-exp4train.hdf5")
    if folder := real(request):
        return [folder / "bragg" / name for name in names]
    size, frames, across = 21, 10, 6
    made = peaks(frames * across**2, size, BraggSimulation(neighbours=0), seed=0)
    grid = made["patches"].reshape(frames, across, across, size, size).swapaxes(2, 3)
    index = np.arange(len(made["patches"]))
    frame, place = np.divmod(index, across**2)
    col, row = made["label_xy"].T
    with h5py.File(tmp_path / names[1], "w") as file:
        file["frames"] = grid.reshape(frames, across * size, across * size).astype(np.float32)
    with h5py.File(tmp_path / names[0], "w") as file:
        file["peak_fidx"] = frame.astype(np.uint32)
        file["peak_row"] = (row + place // across * size).astype(np.float32)
        file["peak_col"] = (col + place % across * size).astype(np.float32)
        file["npeaks"] = (1 + index % 2).astype(np.uint16)
        file["deviations"] = np.full(len(index), 0.1, dtype=np.float32)
    return [tmp_path / name for name in names]


@SMALL_OR_REAL
def qubit_shots(request: pytest.FixtureRequest) -> NDArray[np.float64]:
    """Integrated shots (2 prepared states, N, I and Q)."""
    if folder := real(request):
        shots: NDArray[np.float64] = np.load(folder / "qubit" / "iq_two_state.npy")
        return shots
    clouds = np.random.default_rng(0).normal(size=(2, 6000, 2))
    return np.asarray(clouds + np.array([[[0.0, 0.0]], [[4.0, 3.0]]]))
