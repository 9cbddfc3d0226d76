"""A feature is worth the same in any unit, however rarely it differs from its usual value."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from datafiles import arrays_config, jet_arrays, jets_config
from numpy.typing import NDArray

from nac.config import TaskConfig
from nac.errors import InputError
from nac.tasks import Dataset, make_task
from nac.tasks.layouts import open_sources
from nac.tasks.preprocessing import LIMIT, Preprocessing
from nac.tasks.scaling import fit_preprocessing
from nac.tasks.sources import gather

UNITS = (1e-36, 1e-30, 1e-19, 1e-3, 1.0, 1e3, 1e30, 1e36)
RANDOM = np.random.default_rng(0)
HITS = (RANDOM.random(5000) < 0.04) * RANDOM.uniform(1, 2, 5000)
FEATURES = np.stack([HITS, HITS - 7, RANDOM.normal(size=5000), np.full(5000, 3.0)], axis=1)


def fitted(raw: NDArray[Any], **data: Any) -> tuple[Preprocessing, NDArray[np.float32]]:
    config = arrays_config(shape=[raw.shape[1]], **data).data
    preprocessing = fit_preprocessing(raw.astype(np.float32), np.zeros(len(raw)), config)
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
    both = fit_preprocessing(raw, np.zeros(200), config)
    raw[:, 1] = 0
    one = fit_preprocessing(raw, np.zeros(200), config)
    assert one.scale[2] == pytest.approx(both.scale[2], rel=1.01)


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3, 1e30])
@pytest.mark.parametrize("scaling", ["robust", "sqrt"])
def test_momenta_fill_the_input_in_any_unit(scaling: str, unit: float) -> None:
    raw = jet_arrays(n=200)["constituents"].transpose(0, 2, 1).copy()
    raw[:, 0] *= unit
    x = fit_preprocessing(raw, np.zeros(200), jets_config(scaling=scaling).data).apply(raw)
    assert np.isfinite(x).all()
    assert 0.4 < np.std(x[:, 0][raw[:, 0] > 0]) < 1.6


def regression(features: int) -> TaskConfig:
    return arrays_config(kind="regression", classes=[], outputs=1, shape=[features])


def calorimeter(path: Path, inputs: NDArray[Any], targets: NDArray[Any]) -> Dataset:
    file = path / "cells.npz"
    np.savez(file, x=inputs, y=targets)
    return make_task(regression(inputs.shape[1])).load([file])


def test_targets_with_a_large_offset_keep_what_they_differ_by(tmp_path: Path) -> None:
    """A resonance at 5 GHz that moves by some Hz: float32 has steps of 512 Hz there."""
    shift = RANDOM.normal(0, 40, 1000)
    inputs = RANDOM.normal(size=(1000, 3))
    dataset = calorimeter(tmp_path, inputs, 5e9 + shift)
    y = np.concatenate([split.y.numpy() for split in (dataset.train, dataset.validation, dataset.test)])
    assert y.std() == pytest.approx(40 / dataset.preprocessing.output_scale[0], rel=0.1)
    physical = dataset.preprocessing.physical(dataset.train.y.numpy())[:, 0] - 5e9
    assert np.abs(np.sort(physical)[:, None] - shift).min(axis=1).max() < 1e-4


def test_features_that_float32_cannot_tell_apart_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    inputs = RANDOM.normal(size=(1000, 4))
    inputs[:, 1] += 1e9
    inputs[:, 2] *= 1e-310
    inputs[:, 3] = 1e9 + 0.1
    calorimeter(tmp_path, inputs, inputs[:, 0])
    said = [record.message for record in caplog.records if "32-bit" in record.message]
    assert [text.split(": ")[1].split(" varies")[0] for text in said] == ["x[:, 1]", "x[:, 2]"]
    table = tmp_path / "cells.csv"
    pd.DataFrame({"a": inputs[:, 0], "time": inputs[:, 1], "y": inputs[:, 0]}).to_csv(table, index=False)
    caplog.clear()
    gather(open_sources(regression(2).data, [table]), regression(2).data, margin=0)
    assert "cells.csv: time varies by little more than the rounding" in caplog.text


@pytest.mark.parametrize("name", ["x", "y"])
def test_numbers_that_float32_cannot_hold_are_refused(tmp_path: Path, name: str) -> None:
    arrays = {"x": RANDOM.normal(size=(100, 3)), "y": RANDOM.normal(size=100)}
    arrays[name][7] = 1e300
    with pytest.raises(InputError, match=rf"'{name}' is too large at row 7, expected finite numbers up to 3.4e\+38"):
        calorimeter(tmp_path, arrays["x"], arrays["y"])
