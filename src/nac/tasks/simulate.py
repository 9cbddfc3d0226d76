"""Simulated data: made once, kept in the user's cache under a hash of everything that determines them."""

import hashlib
import io
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nac.cache import cache_folder
from nac.config import DataConfig
from nac.errors import InputError, WorkError
from nac.registry import Registry
from nac.rundir import write_atomic

logger = logging.getLogger(__name__)

VERSION = 1  # raised when a simulator gives other samples for the same settings
MAX_SIMULATED = 10_000_000


@dataclass(frozen=True)
class Simulator:
    """The extension point: what makes samples of a layout, without a file.

    Attributes:
        layout: that its arrays are of.
        settings: gives, for a task's data settings, all besides the number and the seed that determines the samples.
        samples: gives, for data settings, a number of samples and a seed, the arrays of a file of the layout. Raises
            InputError where it cannot make them.
        missing: gives the packages that it needs and that are not here.
    """

    layout: str
    settings: Callable[[DataConfig], dict[str, Any]]
    samples: Callable[[DataConfig, int, int], Mapping[str, Any]]
    missing: Callable[[], list[str]] = list


SIMULATORS: Registry[Simulator] = Registry("simulator", "nac.tasks.simulators")


def simulation_settings(config: DataConfig, n: int, seed: int) -> dict[str, Any]:
    """Everything that determines the simulated samples. Raises InputError when the task has no simulator."""
    if config.simulator == "none":
        raise InputError("the task simulates no data (data.simulator: none), expected --data FILE")
    about = {"simulator": config.simulator, "version": VERSION, "samples": n, "seed": seed}
    return {**about, **SIMULATORS[config.simulator].settings(config)}


def simulate(config: DataConfig, n: int, seed: int, out: Path) -> Path:
    """Simulate `n` samples into the npz file `out`, in the layout of the task, with the settings beside them.

    Raises:
        InputError: the task has no simulator, its packages are not installed, or `n` is out of range.
        WorkError: the simulation fails or the file cannot be written.
    """
    settings = simulation_settings(config, n, seed)
    if not 1 <= n <= MAX_SIMULATED:
        raise InputError(f"cannot simulate {n} samples, expected 1 to {MAX_SIMULATED}")
    logger.info("simulating %d samples (%s, seed %d)", n, config.simulator, seed)
    arrays = SIMULATORS[config.simulator].samples(config, n, seed)
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
