"""What must hold for every sample: augmentation, preprocessing, splits, metrics and units."""

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datafiles import arrays_config, bragg_config, jet_arrays, jets_config, patch_arrays, task_config, write_npz
from hypothesis import given, settings
from hypothesis import strategies as st

import nac
from nac.config import SplitConfig
from nac.errors import InputError, WorkError
from nac.tasks import METRICS, Preprocessing, make_task
from nac.tasks.preprocessing import power_of_two
from nac.tasks.scaling import fit_preprocessing
from nac.tasks.split import kept_back, split

seeds = st.integers(0, 2**31)
UNSCALED = Preprocessing(scaling="none")
LABELS = np.zeros(0)  # nothing is fitted on them


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("scaling", ["robust", "log", "sqrt", "none"])
def test_constituent_scaling(scaling: str) -> None:
    raw = jet_arrays(n=200)["constituents"].transpose(0, 2, 1).copy()
    preprocessing = fit_preprocessing(raw, LABELS, jets_config(scaling=scaling).data)
    x = preprocessing.apply(raw)
    if scaling == "none":
        np.testing.assert_array_equal(x, raw)
        return
    assert np.abs(x).max() <= 4
    real = raw[:, 0] > 0
    spread = [np.diff(np.percentile(x[:, i][real], (5, 95)))[0] for i in range(3)]
    assert all(1.2 < s < 4.2 for s in spread)
    assert math.log2(preprocessing.scale[0]).is_integer()
    assert math.log2(preprocessing.scale[1] * 0.01).is_integer()
    assert preprocessing.scale[1] == preprocessing.scale[2]
    assert (x[:, 0][~real] <= x[:, 0][real].min()).all()  # padding looks like the softest particles
    assert (x[:, 1:][np.broadcast_to(~real[:, None], x[:, 1:].shape)] == 0).all()
    flipped = raw * np.array([1, -1, 1], dtype=np.float32)[None, :, None]
    np.testing.assert_array_equal(preprocessing.apply(flipped), x * np.array([1, -1, 1])[None, :, None])


@given(st.floats(1e-6, 1e6))
def test_power_of_two_brings_a_range_to_one(half: float) -> None:
    scale = power_of_two(half)
    assert math.log2(scale).is_integer()
    assert 0.7 < half * scale < 1.42


@pytest.mark.parametrize("step", [0.01, 0.02, 0.087])
def test_eight_bits_hold_the_angles_of_a_calorimeter_exactly(step: float) -> None:
    arrays = jet_arrays(n=300)["constituents"]
    arrays[..., 1:] = np.clip(np.rint(arrays[..., 1:] / step), -20, 20) * step
    raw = arrays.transpose(0, 2, 1).copy()
    preprocessing = fit_preprocessing(raw, LABELS, jets_config(angle_step=step).data)
    steps = preprocessing.apply(raw)[:, 1:] * 32  # 8 bits over -4..4
    assert math.log2(preprocessing.scale[1] * step).is_integer()
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-3)


@pytest.mark.parametrize("scaling", ["robust", "standard"])
def test_feature_scaling_survives_constant_and_heavy_tailed_columns(scaling: str) -> None:
    random = np.random.default_rng(0)
    raw = np.stack([np.full(500, 7.0), random.standard_cauchy(500) * 1e6, random.normal(1e3, 1e-2, 500)], axis=1)
    config = task_config(layout="arrays", kind="classification", classes=["a", "b"], shape=[3], scaling=scaling)
    x = fit_preprocessing(raw.astype(np.float32), LABELS, config.data).apply(raw.astype(np.float32))
    assert np.isfinite(x).all()
    assert np.abs(x).max() <= 4
    assert not x[:, 0].any()


def test_patch_scaling_ignores_offset_and_gain_and_guards_constant_patches() -> None:
    raw = np.random.default_rng(0).uniform(0, 100, (6, 1, 11, 11)).astype(np.float32)
    raw[2] = 5
    preprocessing = fit_preprocessing(raw, LABELS, bragg_config().data)
    x = preprocessing.apply(raw)
    assert not x[2].any()
    np.testing.assert_allclose(x[[0, 1]].min(axis=(1, 2, 3)), 0)
    np.testing.assert_allclose(x[[0, 1]].max(axis=(1, 2, 3)), 1)
    np.testing.assert_allclose(preprocessing.apply(raw * 3 + 10), x, atol=1e-5)


@pytest.mark.parametrize("config", [jets_config(), bragg_config(target_scale=[2, 4])])
def test_preprocessing_round_trips_json(config: object) -> None:
    data = config.data  # type: ignore[attr-defined]
    raw = jet_arrays()["constituents"].transpose(0, 2, 1).copy() if data.layout.name == "constituents" \
        else patch_arrays(size=11)["patches"][:, None].astype(np.float32)
    preprocessing = fit_preprocessing(raw, LABELS, data)
    again = Preprocessing.model_validate(json.loads(preprocessing.model_dump_json()))
    assert again == preprocessing
    np.testing.assert_array_equal(again.apply(raw), preprocessing.apply(raw))


@given(seeds)
@settings(deadline=None)
def test_target_units_round_trip(seed: int) -> None:
    y = np.random.default_rng(seed).uniform(0, 10, (9, 2)).astype(np.float32)
    preprocessing = Preprocessing(scaling="patch", output_offset=(5.0, 5.0), output_scale=(2.0, 0.5))
    np.testing.assert_allclose(preprocessing.physical(preprocessing.outputs(y)), y, atol=1e-5)


@given(st.integers(3, 40), st.integers(1, 6), seeds)
@settings(deadline=None)
def test_groups_are_never_divided(groups: int, block: int, seed: int) -> None:
    column = np.random.default_rng(seed).integers(0, groups * block, 300)
    config = SplitConfig(by=("frame",), block={"frame": block})
    if np.unique(column // block).size < 3:
        return
    rows = split(None, {"frame": column}, config, seed, 300)
    found = [set(column[part] // block) for part in rows[:3]]
    assert all(found)
    assert not (found[0] & found[1] or found[0] & found[2] or found[1] & found[2])
    assert np.array_equal(np.sort(np.concatenate(rows[:3])), np.arange(300))


def test_many_groups_approximate_the_shares() -> None:
    column = np.random.default_rng(0).integers(0, 200, 4000)
    rows = split(None, {"event": column}, SplitConfig(by=("panel", "event")), 5, 4000)
    assert rows.by == "event"
    assert abs(len(rows.train) - 3400) < 60
    assert abs(len(rows.test) - 300) < 60


def test_four_panels_and_too_few_groups() -> None:
    panels = np.repeat(np.arange(4), 50)
    rows = split(None, {"panel": panels}, SplitConfig(by=("panel",)), 0, 200)
    assert [len(part) for part in rows[:3]] == [100, 50, 50]
    assert split(None, {"panel": panels // 2}, SplitConfig(by=("panel",)), 0, 200).by is None


def test_splits_by_seed_keep_the_classes_in_proportion() -> None:
    labels = np.repeat([0, 1], [900, 100])
    rows = split(labels, {}, SplitConfig(), 3, 1000)
    assert [np.bincount(labels[part]).tolist() for part in rows[:3]] == [[764, 84], [68, 8], [68, 8]]
    again, other = (split(labels, {}, SplitConfig(), seed, 1000) for seed in (3, 4))
    assert np.array_equal(again.test, rows.test)
    assert not np.array_equal(other.test, rows.test)


def test_too_few_samples_to_split() -> None:
    with pytest.raises(InputError, match="too few"):
        split(None, {}, SplitConfig(), 0, 4)


def test_classification_metrics() -> None:
    task = make_task(jets_config())
    logits = np.eye(5)[[0, 1, 2, 3, 4, 0]] * 9
    perfect = task.metrics(logits, np.array([0, 1, 2, 3, 4, 0]), UNSCALED)
    assert perfect == {"accuracy": 1.0, "auc_macro": 1.0}
    assert task.metrics(logits, np.array([0, 1, 2, 3, 3, 0]), UNSCALED) == {"accuracy": pytest.approx(5 / 6)}


def test_auc_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import roc_auc_score

    random = np.random.default_rng(0)
    logits, labels = random.normal(size=(200, 5)), np.arange(200) % 5
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = roc_auc_score(labels, probabilities, multi_class="ovr", average="macro")
    assert make_task(jets_config()).metrics(logits, labels, UNSCALED)["auc_macro"] == pytest.approx(expected)


def test_distances_are_in_pixels_whatever_the_output_scale() -> None:
    task = make_task(bragg_config())
    units = Preprocessing(scaling="patch", output_scale=(2.0, 2.0), output_offset=(1.0, 7.0))
    outputs, targets = np.zeros((4, 2)), np.array([[0, 0], [1.5, 2], [0, 0.5], [0, 0]])
    result = task.metrics(outputs, targets, units)
    assert result["distance_px"] == pytest.approx((5 + 1) / 4)
    assert result["distance_px_p50"] == pytest.approx(0.5)
    assert list(result) == ["distance_px", "distance_px_p50", "distance_px_p75", "distance_px_p95"]


def test_regression_metrics_are_in_the_targets_unit(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    y = random.normal(100, 10, (50, 1))
    task = make_task(task_config(layout="arrays", kind="regression", outputs=1, shape=[2], target_offset=[100],
                                 target_scale=[10]))
    dataset = task.load([write_npz(tmp_path / "a.npz", x=random.normal(size=(50, 2)), y=y)], seed=0)
    assert abs(float(dataset.train.y.std()) - 1) < 0.3
    zeros = task.metrics(np.zeros((len(dataset.test), 1)), dataset.test.y.numpy(), dataset.preprocessing)
    physical = dataset.preprocessing.physical(dataset.test.y.numpy())
    assert zeros["rmse"] == pytest.approx(np.sqrt(np.mean((physical - 100) ** 2)))
    assert zeros["mae"] == pytest.approx(np.abs(physical - 100).mean())


def targets_in(tmp_path: Path, unit: float, **data: Any) -> Preprocessing:
    random = np.random.default_rng(0)
    y = np.stack([random.normal(5000, 600, 400), np.full(400, 0.1)], axis=1) * unit
    file = write_npz(tmp_path / "a.npz", x=random.normal(size=(400, 2)), y=y)
    task = make_task(task_config(layout="arrays", kind="regression", outputs=2, shape=[2], **data))
    return task.load([file], seed=0).preprocessing


@pytest.mark.parametrize(("unit", "scale"), [(1, 512), (1e-3, 0.5), (1e-25, 2.0**-74)])
def test_targets_are_scaled_by_their_training_split(tmp_path: Path, unit: float, scale: float) -> None:
    fitted = targets_in(tmp_path, unit)
    assert fitted.output_scale == (scale, 1.0)  # a target that never changes keeps its unit
    assert fitted.output_offset[0] == pytest.approx(5000 * unit, rel=0.02)
    assert (256 * fitted.output_offset[0] / scale).is_integer()
    assert fitted.output_offset[1] == pytest.approx(0.1 * unit, abs=1 / 512)


def test_given_units_of_targets_are_kept(tmp_path: Path) -> None:
    fitted = targets_in(tmp_path, 1, target_offset=[7, 8])
    assert (fitted.output_offset, fitted.output_scale) == ((7, 8), (512, 1))
    fitted = targets_in(tmp_path, 1, target_offset=[7, 8], target_scale=[4, -2])
    assert (fitted.output_offset, fitted.output_scale) == ((7, 8), (4, -2))


def test_diverged_outputs_are_work_errors() -> None:
    with pytest.raises(WorkError, match="diverged"):
        make_task(jets_config()).metrics(np.full((3, 5), np.nan), np.zeros(3, dtype=int), UNSCALED)


def test_every_metric_has_a_direction_and_a_label() -> None:
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric.direction in {"maximize", "minimize"}
        assert metric.label


@pytest.mark.parametrize("scaling", ["robust", "log", "sqrt", "none"])
def test_physical_values_come_back_from_network_inputs(scaling: str) -> None:
    raw = jet_arrays(200)["constituents"].transpose(0, 2, 1).copy()
    fitted = fit_preprocessing(raw, LABELS, jets_config(scaling=scaling).data)
    x = fitted.tensor(torch.from_numpy(raw))
    inside = torch.ones_like(x, dtype=torch.bool) if fitted.limit is None else x.abs() < fitted.limit
    torch.testing.assert_close(fitted.raw(x)[inside], torch.from_numpy(raw)[inside], rtol=1e-4, atol=1e-3)


def test_half_of_the_validation_split_takes_part_in_no_choice() -> None:
    rows, labels = np.arange(100, 300), np.repeat([0, 1], [160, 240])
    choose, judge = kept_back(rows, labels, {}, SplitConfig(), 0)
    assert np.array_equal(np.sort(np.concatenate([choose, judge])), rows)
    assert [np.bincount(labels[part]).tolist() for part in (choose, judge)] == [[30, 70], [30, 70]]
    again, other = (kept_back(rows, labels, {}, SplitConfig(), seed)[1] for seed in (0, 1))
    assert np.array_equal(again, judge)
    assert not np.array_equal(other, judge)


def test_groups_stay_together_in_what_is_kept_back() -> None:
    columns = {"panel": np.zeros(300, dtype=int), "frame": np.arange(300) // 7}
    choose, judge = kept_back(np.arange(200), None, columns, SplitConfig(by=("panel", "frame")), 0)
    assert not set(columns["frame"][choose]) & set(columns["frame"][judge])
    assert abs(len(choose) - len(judge)) <= 7


@pytest.mark.parametrize(("share", "labels"), [(0.0, [0, 1] * 10), (0.5, [0] * 19 + [1])])
def test_nothing_is_kept_back_unasked_or_without_every_class(share: float, labels: list[int]) -> None:
    choose, judge = kept_back(np.arange(20), np.array(labels), {}, SplitConfig(rescore=share), 0)
    assert (len(choose), len(judge)) == (20, 0)


def test_ranges_of_targets_are_those_of_both_windows(tmp_path: Path) -> None:
    """A file that is cut the other way is then nothing new to a design that was trained for both."""
    file = write_npz(tmp_path / "p.npz", **patch_arrays(n=400))
    found = make_task(bragg_config(windows=["round", "floor"])).load([file], seed=0).ranges.targets
    assert all(4.4 < about.p0_1 < 4.6 and 5.9 < about.p99_9 < 6.0 for about in found.values())


def test_layouts_are_known_in_their_room_alone() -> None:
    """Nothing above asks what layout it has: it asks the layout."""
    package = Path(nac.__file__).parent
    asks = re.compile(r"""layout(\.name)?\s*(==|!=|(not )?in)\s*["'({\[]|["']\w+["']\s*[!=]=\s*\S*layout""")
    found = [
        f"{path.relative_to(package)}:{number}"
        for path in package.rglob("*.py")
        if not path.is_relative_to(package / "tasks")
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if asks.search(line)
    ]
    assert found == []


def test_a_common_scaling_keeps_the_shape_of_a_waveform() -> None:
    generator = np.random.default_rng(0)
    pulse = np.exp(-((np.arange(16) - 6) ** 2) / 8)
    raw = (100 + generator.exponential(30, (400, 1)) * pulse + generator.normal(size=(400, 16))).astype(np.float32)
    config = arrays_config(shape=[16], scaling="common", kind="regression", classes=[], outputs=1).data
    fitted = fit_preprocessing(raw, np.ones((400, 1)), config)
    assert len(set(fitted.offset)) == len(set(fitted.scale)) == 1
    assert len(fitted.offset) == 16
    x = fitted.apply(raw[:3])
    assert np.allclose(np.diff(x, axis=1), np.diff(raw[:3], axis=1) * fitted.scale[0], atol=1e-5)
    config = arrays_config(shape=[16], kind="regression", classes=[], outputs=1).data
    robust = fit_preprocessing(raw, np.ones((400, 1)), config)
    assert len(set(robust.offset)) > 1
