"""Simulated samples: physics, cache, seeds, and their place in the splits."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datafiles import bragg_config, jet_arrays, jets_config, patch_arrays, write_npz
from numpy.typing import NDArray

from nac.config import BraggSimulation, JetSimulation
from nac.errors import InputError, WorkError
from nac.tasks import make_task, simulate
from nac.tasks.simulate import simulated_file
from nac.tasks.simulators import jets as simulate_jets
from nac.tasks.simulators.bragg import peaks
from nac.tasks.simulators.jets import leading_particles, plan, run_job

HAVE_JETS = all(importlib.util.find_spec(name) for name in ("pythia8mc", "fastjet"))
needs_jets = pytest.mark.skipif(not HAVE_JETS, reason="Pythia 8 and fastjet are not installed")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAC_CACHE", str(tmp_path / "cache"))


def test_bragg_peaks_are_where_the_labels_say() -> None:
    arrays = peaks(500, 15, BraggSimulation(neighbours=0), seed=1)
    patches, at = arrays["patches"].astype(float), arrays["label_xy"].astype(float)
    assert arrays["patches"].dtype == np.uint16
    assert np.abs(at - 7).max() <= 0.6
    light = np.where(patches > 0.3 * patches.max(axis=(1, 2), keepdims=True), patches, 0)
    pixel, total = np.arange(15), light.sum(axis=(1, 2))
    col, row = ((light.sum(axis=axis) * pixel).sum(axis=1) / total for axis in (1, 2))
    assert np.median(np.hypot(col - at[:, 0], row - at[:, 1])) < 0.1


def test_bragg_counts_obey_the_detector() -> None:
    patches = peaks(2000, 13, BraggSimulation(), seed=0)["patches"].astype(int)
    assert patches.max() == 16089
    assert patches[patches > 0].min() > 250
    assert (patches.max(axis=(1, 2)) > 250).all()  # every patch has a peak to find
    no_limits = BraggSimulation(threshold=0, saturation=60000, noise=0, distortion=0, amplitude_spread=0)
    assert int(peaks(200, 13, no_limits, seed=0)["patches"].astype(int).max()) < 6000


# Quartiles of the 752 clean patches of NIST ruby on four Dexela panels: logarithm of the highest count, share of pixels
# that are hit, share of the light in the central 3 x 3.
MEASURED = ((7.2901, 7.7843, 8.5793), (0.1074, 0.1694, 0.3223), (0.5929, 0.7113, 0.8382))


def quartiles(patches: NDArray[Any]) -> NDArray[np.float64]:
    """See MEASURED; of patches (N, 11, 11)."""
    p = patches.astype(float)
    core = p[:, 4:7, 4:7].sum(axis=(1, 2)) / p.sum(axis=(1, 2))
    values = [np.log(p.max(axis=(1, 2))), (p > 0).mean(axis=(1, 2)), core]
    return np.asarray(np.percentile(values, (25, 50, 75), axis=1).T)


def test_simulated_ruby_resembles_measured_ruby() -> None:
    simulated = peaks(4000, 11, BraggSimulation(neighbours=0), seed=0)["patches"]
    for measured, made in zip(MEASURED, quartiles(simulated), strict=True):
        assert np.abs(measured - made).max() < 0.35 * max(1.0, np.ptp(measured))


def test_measured_ruby_is_as_recorded(shared_data: Path) -> None:
    with np.load(shared_data / "bragg" / "ruby_patches21.npz") as file:
        clean = (file["npeaks"] == 1) & (file["deviation"] < 1) & (file["fit_rms"] < 0.06)
        np.testing.assert_allclose(quartiles(file["patches"][clean][:, 5:16, 5:16]), MEASURED, atol=1e-4)


def test_the_same_seed_gives_the_same_file(tmp_path: Path) -> None:
    config = bragg_config(simulator="bragg").data
    a, b, c = (simulate(config, 50, seed, tmp_path / f"{i}.npz").read_bytes() for i, seed in enumerate((1, 1, 2)))
    assert a == b
    assert a != c
    with np.load(tmp_path / "0.npz") as file:
        settings = json.loads(str(file["settings"]))
    assert settings["seed"] == 1
    assert settings["samples"] == 50


def test_a_simulation_is_made_once_per_setting() -> None:
    config = bragg_config(simulator="bragg").data
    first = simulated_file(config, 50, 0)
    stamp = first.stat().st_mtime_ns
    assert simulated_file(config, 50, 0) == first
    assert first.stat().st_mtime_ns == stamp
    other = bragg_config(simulator="bragg", bragg={"width_px": 2.0}).data
    assert len({first, simulated_file(other, 50, 0), simulated_file(config, 51, 0), simulated_file(config, 50, 1)}) == 4


def test_without_a_file_a_task_simulates_and_splits() -> None:
    task = make_task(bragg_config(simulator="bragg", simulate_without_file=400, augment=["shift"]))
    dataset = task.load([], seed=3)
    assert [len(split) for split in (dataset.train, dataset.validation, dataset.judging, dataset.test)] \
        == [340, 15, 15, 30]
    assert dataset.provenance["simulation"]["seed"] == 3
    assert len(task.load([], seed=3, limit=100).train) == 84


def test_simulated_samples_join_the_training_split_only(tmp_path: Path) -> None:
    arrays = patch_arrays(n=100, size=21)
    path = write_npz(tmp_path / "p.npz", **arrays)
    alone = make_task(bragg_config(augment=["shift"])).load([path], seed=0)
    mixed = make_task(bragg_config(augment=["shift"], simulator="bragg", simulate=50, repeat=3)).load([path], seed=0)
    assert len(mixed.train) == 3 * len(alone.train) + 50
    assert len(mixed.validation) == len(alone.validation)
    assert mixed.validation.x.equal(alone.validation.x)
    assert mixed.test.x.equal(alone.test.x)
    assert mixed.provenance["samples"]["simulated_train"] == 50


def test_patches_without_a_margin_are_mixed_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write_npz(tmp_path / "p.npz", **patch_arrays(n=100, size=11))
    dataset = make_task(bragg_config(augment=["shift"], simulator="bragg", simulate=50)).load([path], seed=0)
    assert dataset.train.raw.shape == (134, 11, 11)
    assert "only 0 pixels around" in caplog.text


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NAC_CACHE", str(tmp_path / "file"))
    with pytest.raises(WorkError, match=r"cannot be written.*NAC_CACHE"):
        make_task(bragg_config(simulator="bragg", simulate_without_file=10)).load([], seed=0)


def test_wrong_requests(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected 1 to"):
        simulate(bragg_config(simulator="bragg").data, 0, 0, tmp_path / "x.npz")
    with pytest.raises(InputError, match="simulates no data"):
        simulate(bragg_config().data, 10, 0, tmp_path / "x.npz")
    with pytest.raises(InputError, match="in this order"):
        simulate(jets_config(simulator="jets", classes=["q", "g", "W", "Z", "t"]).data, 10, 0, tmp_path / "x.npz")
    assert not list(tmp_path.iterdir())


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulate_jets, "missing_packages", lambda: ["pythia8mc"])
    with pytest.raises(InputError, match=r"needs pythia8mc.*pip install 'nac-codesign\[sim\]'.*--data FILE"):
        make_task(jets_config(simulator="jets", simulate_without_file=10)).load([], seed=0)


def test_the_core_never_imports_the_simulation_packages() -> None:
    import subprocess
    import sys

    code = "import sys, nac.tasks; print(sorted({'pythia8mc', 'fastjet'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_jobs_are_planned_by_class_with_distinct_seeds() -> None:
    jobs = plan(3003, JetSimulation(), seed=0)
    assert sum(job.jets for job in jobs) == 3003
    assert len({job.seed for job in jobs}) == len(jobs)
    assert [sum(job.jets for job in jobs if job.label == k) for k in range(5)] == [601, 601, 601, 600, 600]
    assert plan(3003, JetSimulation(), seed=0) == jobs


def test_particles_are_summed_in_cells_and_sorted() -> None:
    parts = np.array([[1.0, 0.001, 0.0], [5.0, 0.1, -0.2], [2.0, -0.002, 0.003], [0.5, 0.3, 0.3]])
    cells = leading_particles(parts, JetSimulation(particles=3, cell=0.02))
    np.testing.assert_allclose(cells, np.array([[5, 0.1, -0.2], [3, 0, 0], [0.5, 0.3, 0.3]]), atol=1e-6)
    particles = leading_particles(parts[:2], JetSimulation(particles=3, cell=0))
    np.testing.assert_allclose(particles, np.array([[5, 0.1, -0.2], [1, 0.001, 0], [0, 0, 0]]), atol=1e-6)


@needs_jets
@pytest.mark.slow
def test_jets_from_pythia(tmp_path: Path) -> None:
    config = jets_config(simulator="jets", simulate_without_file=500, split={"by": "event"})
    path = simulate(config.data, 500, 5, tmp_path / "jets.npz")
    with np.load(path) as file:
        x, label, event = file["constituents"].astype(float), file["label"], file["event"]
    assert np.bincount(label).tolist() == [100] * 5
    assert all(len(set(label[event == e])) == 1 for e in np.unique(event))
    pt, eta, phi = x[..., 0], x[..., 1], x[..., 2]
    assert (np.diff(pt, axis=1) <= 0).all()
    e, px, py, pz = ((pt * f).sum(axis=1) for f in (np.cosh(eta), np.cos(phi), np.sin(phi), np.sinh(eta)))
    mass = np.sqrt(np.maximum(e**2 - px**2 - py**2 - pz**2, 0))
    medians = [float(np.median(mass[label == k])) for k in range(5)]
    assert abs(medians[2] - 82) < 6  # W
    assert abs(medians[3] - 92) < 6  # Z
    assert abs(medians[4] - 174) < 12  # top
    assert abs(np.median(np.hypot(px, py)) - 1000) < 60
    dataset = make_task(config).load([path], seed=0)
    assert dataset.provenance["split_by"] == "event"


@needs_jets
@pytest.mark.slow
def test_a_job_is_determined_by_its_seed() -> None:
    job = plan(50, JetSimulation(), seed=5)[2]
    (a, events), (b, _) = run_job(job), run_job(job)
    np.testing.assert_array_equal(a, b)
    assert a.shape == (10, 64, 3)
    assert len(events) == 10


def test_events_stay_together_with_a_file(tmp_path: Path) -> None:
    arrays = jet_arrays(n=200)
    path = write_npz(tmp_path / "j.npz", **arrays, event=np.arange(200) // 2)
    assert make_task(jets_config(split={"by": "event"})).load([path], seed=0).provenance["split_by"] == "event"
