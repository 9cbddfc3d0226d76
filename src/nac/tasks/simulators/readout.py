"""Dispersive read-out of a qubit in numpy: a resonator rings up, detuned to either side, with noise and decay."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nac.config import DataConfig, ReadoutSimulation
from nac.tasks.simulate import SIMULATORS, Simulator

CHUNK = 4096


def readout(n: int, samples: int, settings: ReadoutSimulation, seed: int) -> dict[str, NDArray[Any]]:
    """`trace` (n, 2, samples) float32, I and Q in ADC counts; `state` (n,) int64, 0 ground and 1 excited, as prepared.

    The field of the resonator follows da/dt = -(kappa / 2 +- i chi) a + drive (A. Blais et al., Rev. Mod. Phys. 93,
    025005), its sign by the state that the qubit is in at the time: an excited one decays after a random time.
    """
    generator = np.random.default_rng(seed)
    parts = [_chunk(min(CHUNK, n - start), samples, settings, generator) for start in range(0, n, CHUNK)]
    trace, state = (np.concatenate(part) for part in zip(*parts, strict=True))
    return {"trace": trace, "state": state}


def _chunk(
    n: int, samples: int, settings: ReadoutSimulation, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    time = settings.sample_ns * np.arange(samples)
    state = rng.integers(0, 2, n)
    excited = state ^ (rng.random(n) < settings.preparation_error)
    decay = np.where(excited, rng.exponential(1e3 * settings.t1_us, n), -1.0)[:, None]
    rates = 2e-3 * np.pi * (settings.kappa_mhz / 2 + 1j * settings.chi_mhz * np.array([-1, 1]))  # 1/ns: ground, excited
    steady = settings.kappa_mhz * np.pi * 1e-3 / rates  # a drive that would ring up to 1 at no detuning
    up = [steady[k] * (1 - np.exp(-rates[k] * time)) for k in range(2)]
    at_decay = steady[1] * (1 - np.exp(-rates[1] * np.maximum(decay, 0)))
    after = steady[0] + (at_decay - steady[0]) * np.exp(-rates[0] * np.maximum(time - decay, 0))
    field = np.where(time < decay, up[1], np.where(decay < 0, up[0], after))
    field = settings.amplitude * field * np.exp(2e-3j * np.pi * settings.if_mhz * time)
    counts = np.stack([field.real, field.imag], axis=1) + rng.normal(0, settings.noise, (n, 2, samples))
    return np.clip(np.rint(counts), -settings.saturation, settings.saturation).astype(np.float32), state


def _settings(config: DataConfig) -> dict[str, Any]:
    return {"size": config.shape[-1], "settings": config.readout.model_dump(mode="json")}


SIMULATORS.register("readout", Simulator(
    "arrays", _settings, lambda config, n, seed: readout(n, config.shape[-1], config.readout, seed)
))  # fmt: skip
