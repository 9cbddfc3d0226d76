"""Metrics by name, and how tasks ask for them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from datafiles import jets_config
from numpy.typing import NDArray

from nac.config import TaskConfig, validate
from nac.errors import InputError
from nac.global_search import goals
from nac.report.quantities import QUANTITIES, direction_of, quantity
from nac.report.where import parse_condition
from nac.tasks import Preprocessing, make_task
from nac.tasks.metrics import METRICS, Metric
from nac.testing import check_metric


@pytest.mark.parametrize("name", [*METRICS, "efficiency@0.05", "efficiency@0.2:0"])
def test_contract(name: str) -> None:
    check_metric(METRICS[name])
    assert METRICS[name].name == name


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"direction": "maximize"}, "maximize is the wrong direction"),
        ({"most": 0.01}, "not in its limits"),
        ({"measure": lambda predicted, true: None}, "no value"),
        ({"measure": lambda predicted, true: float("nan")}, "finite value"),
    ],
)
def test_the_contract_finds_what_is_wrong(change: dict[str, Any], what: str) -> None:
    with pytest.raises(AssertionError, match=what):
        check_metric(METRICS["rmse"]._replace(**change))


def test_efficiency_at_a_background_rate() -> None:
    """Of 100 others 10 % lie above 0.9; 30 of the 40 of the signal do."""
    scores = np.concatenate([np.linspace(0.005, 0.995, 100), np.repeat([0.95, 0.1], [30, 10])])
    labels = np.repeat([0, 1], [100, 40])
    logits = np.stack([np.zeros(140), scores], axis=1)
    estimate = METRICS["efficiency@0.1"].estimate(logits, labels)
    assert estimate is not None and estimate.value == 0.75
    other = METRICS["efficiency@0.1:0"].estimate(logits[:, ::-1], 1 - labels)
    assert other is not None and other.value == 0.75
    assert METRICS["efficiency@0.001"].estimate(logits, labels) is None, "there is no thousandth of 100"
    assert METRICS["efficiency@0.1:4"].estimate(logits, labels) is None
    three = np.concatenate([logits, np.full((140, 1), -50.0)], axis=1)
    same = METRICS["efficiency@0.1:1"].estimate(three, labels)
    assert same is not None and same.value == 0.75


@pytest.mark.parametrize("argument", ["", "much", "0", "1.5", "0.1:x", "0.1:-2"])
def test_wrong_arguments(argument: str) -> None:
    with pytest.raises(ValueError, match="expected a share of the background"):
        METRICS.check(f"efficiency@{argument}")


def asked(*metrics: str) -> TaskConfig:
    return validate(TaskConfig, {**jets_config().model_dump(mode="json"), "metrics": metrics}, "task.yaml")


def test_a_task_names_its_metrics() -> None:
    task = make_task(asked("efficiency@0.1:4", "accuracy"))
    assert task.metric_names == ("efficiency@0.1:4", "accuracy")
    generator = np.random.default_rng(0)
    logits, labels = generator.normal(size=(500, 5)), generator.integers(5, size=500)
    found = task.metrics(logits, labels, Preprocessing(scaling="none"))
    assert list(found) == ["efficiency@0.1:4", "accuracy"]
    assert "metrics" not in jets_config().model_dump(mode="json"), "records of before stay as they are"
    config = asked("efficiency@0.1:4")
    search = config.search.model_validate({"objectives": [{"name": "efficiency@0.1:4"}, {"name": "bops"}]})
    assert goals(search, task.metric_names).directions == ["maximize", "minimize"]


@pytest.mark.parametrize(
    ("metrics", "match"),
    [
        (["f1"], r"task.yaml: metrics\.0: unknown metric 'f1', known: accuracy, .*, rmse, efficiency@"),
        (["accuracy", "mae"], "'mae' is for a regression, found one for a classification"),
        (["accuracy", "accuracy"], "metrics: each once"),
        (["efficiency@no"], "expected a share of the background"),
    ],
)
def test_wrong_metrics_are_refused(metrics: list[str], match: str) -> None:
    with pytest.raises(InputError, match=match):
        asked(*metrics)


def _worst(predicted: NDArray[np.float64], true: NDArray[Any]) -> float:
    return float(np.abs(predicted - true).max())


def test_a_metric_of_ones_own_is_known_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(METRICS, "_objects", dict(METRICS._objects))
    METRICS.register("worst_gev", Metric("worst_gev", "minimize", "Largest error", "GeV", _worst, ("regression",)))
    check_metric(METRICS["worst_gev"])
    assert quantity("worst_gev").axis == "Largest error [GeV]"
    assert quantity("test_worst_gev_se").label == "standard error of the largest error"
    assert "worst_gev" in list(QUANTITIES)


def test_members_of_families_are_values_of_tables() -> None:
    known = quantity("efficiency@0.1:4")
    assert (known.role, known.percent, known.most) == ("metric", True, 1.0)
    assert direction_of("efficiency@0.1:4_se") == "minimize"
    table = pd.DataFrame({"efficiency@0.1:4": [0.2, 0.6]})
    condition = parse_condition("efficiency@0.1:4>=50%", table.columns)
    assert condition.mask(table).tolist() == [False, True]
    with pytest.raises(InputError, match="no value named"):
        quantity("efficiency@much")
