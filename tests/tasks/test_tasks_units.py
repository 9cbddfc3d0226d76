"""A feature is worth the same in any unit, however rarely it differs from its usual value."""

from typing import Any

import numpy as np
import pytest
from datafiles import arrays_config, jet_arrays, jets_config
from numpy.typing import NDArray

from nac.tasks.preprocessing import LIMIT, Preprocessing, fit

UNITS = (1e-36, 1e-30, 1e-19, 1e-3, 1.0, 1e3, 1e30, 1e36)
RANDOM = np.random.default_rng(0)
HITS = (RANDOM.random(5000) < 0.04) * RANDOM.uniform(1, 2, 5000)
FEATURES = np.stack([HITS, HITS - 7, RANDOM.normal(size=5000), np.full(5000, 3.0)], axis=1)


def fitted(raw: NDArray[Any], **data: Any) -> tuple[Preprocessing, NDArray[np.float32]]:
    preprocessing = fit(raw.astype(np.float32), np.zeros(len(raw)), arrays_config(shape=[raw.shape[1]], **data).data)
    return preprocessing, preprocessing.apply(raw)


@pytest.mark.parametrize("scaling", ["robust", "standard"])
@pytest.mark.parametrize("unit", UNITS)
def test_features_fill_the_input_in_any_unit(scaling: str, unit: float) -> None:
    _, x = fitted(FEATURES * unit, scaling=scaling)
    assert np.isfinite(x).all()
    assert np.abs(x).max() <= LIMIT
    spread = np.ptp(x, axis=0)
    assert (spread[:3] > 1).all()
    assert spread[3] == 0
    _, same = fitted(FEATURES, scaling=scaling)
    ratio = (x - x[0])[:, :3] / np.where(same == same[0], np.nan, same - same[0])[:, :3]
    if scaling == "robust":  # the same but for the power of two
        assert ((np.nanmedian(ratio, axis=0) > 0.49) & (np.nanmedian(ratio, axis=0) < 2.01)).all()


@pytest.mark.parametrize("share", [0.2, 0.04, 0.001])
def test_hits_as_rare_as_they_may_be_are_seen_by_eight_bits(share: float) -> None:
    rare = np.zeros(10_000)
    rare[: int(share * 10_000)] = 0.0015
    for unit in (1.0, 1e3):
        _, x = fitted(rare[:, None] * unit)
        assert np.abs(x[0] - x[-1]) > 16 / 64


@pytest.mark.parametrize("scaling", ["robust", "log", "sqrt"])
def test_an_angle_that_is_always_the_same_does_not_blunt_the_other(scaling: str) -> None:
    raw = jet_arrays(n=200)["constituents"].transpose(0, 2, 1).copy()
    config = jets_config(scaling=scaling).data
    both = fit(raw, np.zeros(200), config)
    raw[:, 1] = 0
    one = fit(raw, np.zeros(200), config)
    assert one.scale[2] == pytest.approx(both.scale[2], rel=1.01)


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3, 1e30])
@pytest.mark.parametrize("scaling", ["robust", "sqrt"])
def test_momenta_fill_the_input_in_any_unit(scaling: str, unit: float) -> None:
    raw = jet_arrays(n=200)["constituents"].transpose(0, 2, 1).copy()
    raw[:, 0] *= unit
    x = fit(raw, np.zeros(200), jets_config(scaling=scaling).data).apply(raw)
    assert np.isfinite(x).all()
    assert 0.4 < np.std(x[:, 0][raw[:, 0] > 0]) < 1.6
