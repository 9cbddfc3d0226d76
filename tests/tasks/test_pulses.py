"""Simulated calorimeter pulses: what the arrays hold, and that they are what the settings say."""

from pathlib import Path

import numpy as np
import pytest

from nac.config import PulseSimulation, load_task
from nac.tasks import make_task
from nac.tasks.simulators.pulses import pulses

CLEAN = PulseSimulation(pileup=0, noise=0, jitter_ns=0)


def test_a_clean_pulse_peaks_at_its_height_when_it_is_expected() -> None:
    made = pulses(50, 64, CLEAN, seed=1)
    waveform = made["waveform"][:, 0] - CLEAN.pedestal
    assert made["waveform"].shape == (50, 1, 64)
    assert np.allclose(waveform.max(axis=1), made["energy"] * CLEAN.counts_per_gev, rtol=0.02)
    expected = (CLEAN.expected * 63 * CLEAN.sample_ns + CLEAN.peaking_ns) / CLEAN.sample_ns
    assert set(waveform.argmax(axis=1)) <= {int(expected), int(expected) + 1}
    assert np.all(made["time"] == 0)


def test_energies_and_times_lie_where_they_are_said_to_and_the_same_seed_gives_the_same() -> None:
    settings = PulseSimulation()
    made, again = (pulses(3000, 64, settings, seed=2) for _ in range(2))
    low, high = settings.energy_gev
    assert low <= made["energy"].min() < 1.1 * low
    assert 0.9 * high < made["energy"].max() <= high
    assert np.abs(made["time"]).max() <= settings.jitter_ns
    assert made["waveform"].min() >= 0
    assert made["waveform"].max() <= settings.saturation
    assert all(np.array_equal(made[name], again[name]) for name in made)


def test_pile_up_adds_to_the_window() -> None:
    totals = [pulses(2000, 64, PulseSimulation(pileup=mean), seed=3)["waveform"].sum() for mean in (0.0, 1.0, 3.0)]
    assert totals[0] < totals[1] < totals[2]


@pytest.mark.parametrize("shape", ["[1, 64]", "[1, 256]"])
def test_the_task_loads_what_is_simulated(shape: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAC_CACHE", str(tmp_path))
    task = make_task(load_task("pulses", "demo", (f"data.shape={shape}", "data.simulate_without_file=500")))
    dataset = task.load([], seed=0)
    assert dataset.train.x.shape[1:] == task.input_shape
    assert dataset.train.y.shape[1] == task.outputs == 2
    assert len(dataset.train.preprocessing.scale) == 1  # all samples of a waveform alike: its shape stays
