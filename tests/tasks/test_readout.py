"""Simulated read-out of a qubit: what the arrays hold, and that they are what the settings say."""

import numpy as np

from nac.config import ReadoutSimulation
from nac.tasks.simulators.readout import readout

CLEAN = ReadoutSimulation(noise=0, preparation_error=0, t1_us=1e6, if_mhz=0)


def test_a_clean_trace_rings_up_to_one_of_two_fields() -> None:
    made = readout(50, 400, CLEAN, seed=1)
    trace, state = made["trace"], made["state"]
    assert trace.shape == (50, 2, 400)
    assert trace.dtype == np.float32
    assert set(state) == {0, 1}
    field = trace[:, 0] + 1j * trace[:, 1]
    assert np.all(field[:, 0] == 0)
    steady = CLEAN.amplitude / (1 + 2j * CLEAN.chi_mhz / CLEAN.kappa_mhz * (2 * state - 1))
    assert np.allclose(field[:, -1], steady, atol=0.02 * CLEAN.amplitude)
    assert len(np.unique(field, axis=0)) == 2


def test_what_decays_ends_as_the_ground_state_and_errors_of_preparation_are_rare() -> None:
    settings = CLEAN.model_copy(update={"t1_us": 0.2, "preparation_error": 0.1})
    made, again = (readout(4000, 1000, settings, seed=2) for _ in range(2))
    trace, state = made["trace"], made["state"]
    ground = readout(2, 1000, CLEAN.model_copy(update={"t1_us": 1e-6}), seed=3)["trace"][0]
    assert np.abs(trace[..., -1] - ground[:, -1]).max() <= 2
    began = np.abs(trace - ground).max(axis=(1, 2)) > 0.1 * CLEAN.amplitude
    assert 0.05 < np.mean(began[state == 0]) < 0.15
    assert all(np.array_equal(made[name], again[name]) for name in made)
    assert np.abs(readout(50, 100, ReadoutSimulation(noise=1e4), seed=4)["trace"]).max() == 2047
