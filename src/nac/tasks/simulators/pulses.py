"""Calorimeter pulses in numpy: shaped signals on top of each other, electronic noise and a digitiser."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nac.config import DataConfig, PulseSimulation
from nac.tasks.simulate import SIMULATORS, Simulator

CHUNK = 8192


def pulses(n: int, samples: int, settings: PulseSimulation, seed: int) -> dict[str, NDArray[Any]]:
    """`waveform` (n, 1, samples) float32 in ADC counts; `energy` [GeV] and `time` [ns] of the pulse, (n,).

    The time is that at which the pulse begins, from when it is expected.
    """
    generator = np.random.default_rng(seed)
    parts = [_chunk(min(CHUNK, n - start), samples, settings, generator) for start in range(0, n, CHUNK)]
    waveform, energy, time = (np.concatenate(part).astype(np.float32) for part in zip(*parts, strict=True))
    return {"waveform": waveform[:, None], "energy": energy, "time": time}


def _chunk(
    n: int, samples: int, settings: PulseSimulation, rng: np.random.Generator
) -> tuple[NDArray[np.float64], ...]:
    clock = settings.sample_ns * np.arange(samples)
    low, high = np.log(settings.energy_gev).tolist()
    energy = np.exp(rng.uniform(low, high, n))
    time = rng.uniform(-settings.jitter_ns, settings.jitter_ns, n)
    signal = energy[:, None] * _shape(clock - settings.expected * clock[-1] - time[:, None], settings.peaking_ns)
    others = rng.poisson(settings.pileup, n)
    for place in range(int(others.max(initial=0))):
        has = np.flatnonzero(others > place)
        height = rng.exponential(settings.pileup_gev, len(has))
        begin = rng.uniform(-4 * settings.peaking_ns, clock[-1], len(has))  # tails of what came before among them
        signal[has] += height[:, None] * _shape(clock - begin[:, None], settings.peaking_ns)
    counts = settings.pedestal + settings.counts_per_gev * signal + rng.normal(0, settings.noise, signal.shape)
    return np.clip(np.rint(counts), 0, settings.saturation), energy, time


def _shape(t: NDArray[np.float64], peaking_ns: float) -> NDArray[np.float64]:
    """What a CR-RC² shaper makes of an impulse at t = 0 [ns], its peak 1."""
    x = np.maximum(t / peaking_ns, 0)
    return np.asarray(x**2 * np.exp(2 * (1 - x)))


def _settings(config: DataConfig) -> dict[str, Any]:
    return {"size": config.shape[-1], "settings": config.pulses.model_dump(mode="json")}


SIMULATORS.register(
    "pulses", Simulator("arrays", _settings, lambda config, n, seed: pulses(n, config.shape[-1], config.pulses, seed))
)
