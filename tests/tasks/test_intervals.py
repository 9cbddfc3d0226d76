"""Intervals: each method against a published number, a library or a simulation, and what it says of odd samples."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap
from sklearn.metrics import roc_auc_score

from nac.tasks.intervals import (
    Interval,
    Mean,
    Percentile,
    RankedAreas,
    Resampled,
    RootMean,
    Share,
    interval,
    intervals_of,
    read_intervals,
    values_of,
)
from nac.tasks.metrics import CLASSIFICATION, METRICS, Metric, estimates

ROOT = Path(__file__).resolve().parent.parent.parent


def known(estimate: object) -> Interval:
    found = interval(estimate)  # type: ignore[arg-type]
    assert found is not None
    assert found.low <= estimate.value <= found.high  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize(("right", "n"), [(0, 1), (1, 1), (0, 50), (50, 50), (203, 300), (1, 3000)])
def test_accuracy_has_the_score_interval_of_scipy(right: int, n: int) -> None:
    found = known(Share(np.arange(n) < right))
    expected = binomtest(right, n).proportion_ci(0.95, "wilson")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0 < found.standard_error < 1
    if n == 300:
        assert found.standard_error == pytest.approx(np.sqrt(203 / 300 * 97 / 300 / 300), rel=0.01)


def test_auc_is_known_as_well_as_the_bootstrap_says() -> None:
    generator = np.random.default_rng(0)
    labels = generator.integers(3, size=400)
    scores = np.eye(3)[labels] * 1.2 + generator.normal(size=(400, 3))
    scores = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    estimate = RankedAreas(scores, labels)
    assert estimate.value == pytest.approx(roc_auc_score(labels, scores, multi_class="ovr", average="macro"))
    drawn = bootstrap(
        (np.arange(400),), lambda rows: RankedAreas(scores[rows], labels[rows]).value, vectorized=False,
        n_resamples=300, method="percentile", rng=np.random.default_rng(1),
    )  # fmt: skip
    found = known(estimate)
    assert found.standard_error == pytest.approx(float(drawn.standard_error), rel=0.12)
    assert (found.low, found.high) == pytest.approx(tuple(drawn.confidence_interval), abs=0.01)


def test_the_variance_of_one_auc_is_that_of_delong() -> None:
    """By its definition: over all pairs of a positive and a negative sample (two classes share one area)."""
    generator = np.random.default_rng(2)
    labels = np.repeat([0, 1], [30, 50])
    score = np.round(generator.normal(labels, 1.0), 1)  # with ties
    positive, negative = score[labels == 1][:, None], score[labels == 0]
    wins = (positive > negative) + 0.5 * (positive == negative)
    variance = wins.mean(axis=1).var(ddof=1) / 50 + wins.mean(axis=0).var(ddof=1) / 30
    found = known(RankedAreas(np.stack([-score, score], axis=1), labels))
    assert RankedAreas(np.stack([-score, score], axis=1), labels).value == pytest.approx(wins.mean())
    assert found.standard_error == pytest.approx(np.sqrt(variance), rel=0.02)


def test_a_perfect_auc_is_known_as_well_as_its_rarest_class_allows() -> None:
    labels = np.repeat([0, 1], [10, 40])
    found = known(RankedAreas(np.eye(2)[labels], labels))
    assert found.high == 1.0
    assert found.low == pytest.approx(binomtest(10, 10).proportion_ci(0.95, "wilson").low)
    assert found.standard_error > 0
    constant = known(RankedAreas(np.full((50, 2), 0.5), labels))
    assert constant.low < 0.5 < constant.high


def test_percentiles_have_the_order_statistics_of_the_binomial() -> None:
    values = np.arange(1.0, 100.0)
    found = known(Percentile(values, 0.5))
    assert (found.low, found.high) == pytest.approx((40.5, 59.5), abs=1.0)  # of 99: ranks 40 and 60 hold 95 %
    assert known(Percentile(np.arange(5.0), 0.95)).high == 4.0
    assert interval(Percentile(np.array([1.0]), 0.5)) is None


def test_means_of_normal_values_have_students_interval() -> None:
    values = 50 + np.array([-2.0, -1, -1, 0, 0, 1, 1, 2])  # no skewness
    found = known(Mean(values))
    half = 2.3646 * values.std(ddof=1) / np.sqrt(8)
    assert (found.low, found.high) == pytest.approx((50 - half, 50 + half), rel=1e-4)
    squares = known(RootMean(values))
    assert (squares.low, squares.high) == pytest.approx((np.sqrt(50 - half), np.sqrt(50 + half)), rel=1e-4)


def test_a_long_tail_makes_the_upper_side_longer() -> None:
    values = np.random.default_rng(0).exponential(size=100)
    found = known(Mean(values))
    assert found.high - values.mean() > 1.1 * (values.mean() - found.low)


@pytest.mark.parametrize("values", [np.zeros(5), np.full(5, 2.0), np.array([0.0, 9.0]), np.array([0.0] * 20 + [1e6])])
def test_odd_values_have_finite_intervals(values: np.ndarray) -> None:
    for estimate in (Mean(values), RootMean(values), Percentile(values, 0.95)):
        found = known(estimate)
        assert np.isfinite([found.low, found.high, found.standard_error]).all()
        assert found.low >= 0


def test_one_sample_says_nothing_of_a_mean() -> None:
    found = estimates(["rmse", "mae"], np.ones((1, 2)), np.zeros((1, 2)))
    assert values_of(found) == {"rmse": 1.0, "mae": 1.0}
    assert intervals_of(found) == {}


def test_a_metric_without_a_method_of_its_own_is_resampled() -> None:
    def largest_bias(predicted: np.ndarray, true: np.ndarray) -> float:
        return float(np.abs((predicted - true).mean(axis=0)).max())

    generator = np.random.default_rng(0)
    true = generator.normal(size=(500, 1))
    metric = Metric("bias", "minimize", "Bias", "", largest_bias)
    estimate = metric.estimate(true + generator.normal(1, 1, true.shape), true)
    assert isinstance(estimate, Resampled)
    found = known(estimate)
    assert found.standard_error == pytest.approx(1 / np.sqrt(500), rel=0.15)
    assert found.high - found.low == pytest.approx(3.92 / np.sqrt(500), rel=0.2)
    assert known(estimate) == found  # nothing is drawn anew


def test_every_metric_has_an_interval_and_reads_back() -> None:
    generator = np.random.default_rng(0)
    labels = generator.integers(2, size=60)
    found = intervals_of(estimates(CLASSIFICATION, generator.normal(size=(60, 2)), labels))
    assert list(found) == ["accuracy", "auc_macro"]
    stored = {name: vars(each) for name, each in found.items()}
    assert stored["accuracy"]["confidence"] == 0.95
    assert read_intervals(stored) == found


@pytest.mark.slow
@pytest.mark.parametrize("name", METRICS)
def test_intervals_hold_the_truth_as_often_as_they_say(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    from interval_coverage import SIZES, coverage

    for found in coverage(name, SIZES, 1000, seed=1):
        assert found.good, found
        assert found.error == pytest.approx(1, abs=0.15), found
