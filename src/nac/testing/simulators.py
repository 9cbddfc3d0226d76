"""The contract of a simulator."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from nac.config import DataConfig
from nac.tasks.layouts import layout_of
from nac.tasks.simulate import Simulator

SAMPLES = 24


def check_simulator(simulator: Simulator, config: DataConfig) -> None:
    """As many samples as asked for, that its layout reads; the same for the same settings and seed, others for another.

    Args:
        simulator: whose packages are installed.
        config: data settings of a task with its layout.
    """
    missing = simulator.missing()
    assert not missing, f"expected its packages to be here, missing: {', '.join(missing)}"
    assert config.layout.name == simulator.layout, f"makes {simulator.layout}, the settings are of {config.layout.name}"
    settings = json.dumps(simulator.settings(config), sort_keys=True)
    assert settings == json.dumps(simulator.settings(config), sort_keys=True), "expected the same settings again"
    first, again, other = (
        {name: np.asarray(values) for name, values in simulator.samples(config, SAMPLES, seed).items()}
        for seed in (0, 0, 1)
    )
    for name, values in first.items():
        assert len(values) == SAMPLES, f"{name}: expected {SAMPLES} rows, found {len(values)}"
        assert np.array_equal(values, again[name]), f"{name}: expected the same samples for the same seed"
        assert not np.issubdtype(values.dtype, np.inexact) or bool(np.isfinite(values).all()), f"{name}: is not finite"
    assert any(not np.array_equal(values, other[name]) for name, values in first.items()), "the seed changes nothing"
    with TemporaryDirectory() as folder:
        file = Path(folder) / "samples.npz"
        np.savez(file, allow_pickle=False, **first)
        (source,) = layout_of(config).open([file])
        assert len(source) > 0, "its layout keeps none of the samples"
        source.inputs(np.arange(len(source)), 0)
