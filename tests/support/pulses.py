"""Pulses of a calorimeter in memory, and settings with which a search on them takes seconds."""

from typing import Any

import numpy as np

SHORT: dict[str, Any] = {
    "train": {"epochs": 2, "batch_size": 64},
    "compress": {
        "designs": 1, "bits": [6], "sparsity": [0.0], "rounds": 1, "train": {"epochs": 2}, "finetune": {"epochs": 1},
        "synthesise": 1, "simulate_rtl": False, "synthesise_rtl": False,
    },
}  # fmt: skip


def pulses(samples: int = 400, seed: int = 0) -> tuple[Any, Any, Any, Any]:
    """Traces (N, 16), their energies and times (N,), and the number of the run that each is from (N,)."""
    random = np.random.default_rng(seed)
    energy, time = random.uniform(1, 10, samples), random.uniform(-2, 2, samples)
    shape = np.exp(-((np.arange(16) - 6 - time[:, None]) ** 2) / 4)
    return energy[:, None] * shape + random.normal(0, 0.1, (samples, 16)), energy, time, np.arange(samples) // 4
