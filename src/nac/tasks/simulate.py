"""Simulated data: made once, kept in the user's cache under a hash of everything that determines them."""

import hashlib
import io
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np

from nac.cache import cache_folder
from nac.config import DataConfig
from nac.errors import InputError, WorkError
from nac.rundir import write_atomic
from nac.tasks import simulate_bragg, simulate_jets

logger = logging.getLogger(__name__)

VERSION = 1  # raised when a simulator gives other samples for the same settings
MAX_SIMULATED = 10_000_000


def simulation_settings(config: DataConfig, n: int, seed: int) -> dict[str, Any]:
    """Everything that determines the simulated samples. Raises InputError when the task has no simulator."""
    common = {"simulator": config.simulator, "version": VERSION, "samples": n, "seed": seed}
    if config.simulator == "bragg":
        size = config.patch_size + 2 * config.margin
        return {**common, "size": size, "settings": config.bragg.model_dump(mode="json")}
    if config.simulator == "jets":
        return {**common, "settings": config.jets.model_dump(mode="json")}
    raise InputError("the task simulates no data (data.simulator: none), expected --data FILE")


def simulate(config: DataConfig, n: int, seed: int, out: Path) -> Path:
    """Simulate `n` samples into the npz file `out`, in the layout of the task, with the settings beside them.

    Raises:
        InputError: the task has no simulator, its packages are not installed, or `n` is out of range.
        WorkError: the simulation fails or the file cannot be written.
    """
    settings = simulation_settings(config, n, seed)
    if not 1 <= n <= MAX_SIMULATED:
        raise InputError(f"cannot simulate {n} samples, expected 1 to {MAX_SIMULATED}")
    if config.simulator == "jets" and config.classes != simulate_jets.CLASSES:
        raise InputError(f"data.classes: simulated jets are {', '.join(simulate_jets.CLASSES)} in this order, "
                         f"found {', '.join(config.classes)}")
    logger.info("simulating %d samples (%s, seed %d)", n, config.simulator, seed)
    arrays = simulate_bragg.peaks(n, settings["size"], config.bragg, seed) if config.simulator == "bragg" \
        else simulate_jets.jets(n, config.jets, seed)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, settings=np.array(json.dumps(settings, sort_keys=True)),
             **{name: np.asarray(values) for name, values in arrays.items()})
    try:
        write_atomic(out, buffer.getvalue())
    except OSError as error:
        raise WorkError(f"{out}: the simulation cannot be written ({error.strerror}); "
                        "the environment variable NAC_CACHE names another folder") from error
    return out


def simulated_file(config: DataConfig, n: int, seed: int) -> Path:
    """The cached simulation of these settings, made if it is not there. Raises what `simulate` raises."""
    settings = simulation_settings(config, n, seed)
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
    path = cache_folder() / f"{config.simulator}-{n}-{digest}.npz"
    return path if path.is_file() else simulate(config, n, seed, path)
