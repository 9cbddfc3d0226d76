"""The constant answer and the linear model: what they reach, and what they cost."""

import numpy as np
import pytest
from problems import blobs, line

from nac.tasks import baselines, constant_answer


def test_the_linear_model_separates_blobs_and_the_constant_answer_does_not() -> None:
    task, dataset, _ = blobs()
    constant, linear = baselines(task, dataset)
    y = dataset.test.y.numpy()
    assert constant.metrics["test"]["accuracy"] == np.mean(y == np.bincount(dataset.train.y.numpy()).argmax())
    assert constant.metrics["test"]["auc_macro"] == 0.5
    assert linear.metrics["validation"]["accuracy"] > 0.97
    assert (linear.costs["macs"], linear.costs["parameters"]) == (4 * 3, 4 * 3 + 3)
    assert not constant.costs
    assert baselines(task, dataset) == (constant, linear)


def test_a_regression_has_the_mean_of_its_targets_and_a_ridge() -> None:
    task, dataset, _ = line()
    constant, linear = baselines(task, dataset)
    physical = dataset.preprocessing.physical
    test, mean = physical(dataset.test.y.numpy()), physical(dataset.train.y.numpy()).mean(axis=0)
    assert constant.metrics["test"]["rmse"] == pytest.approx(np.sqrt(np.mean((test - mean) ** 2)))
    assert linear.metrics["test"]["rmse"] < 0.01 * constant.metrics["test"]["rmse"]
    own = constant_answer(task, dataset.test.y.numpy(), dataset.preprocessing)
    assert own["rmse"].value == pytest.approx(np.sqrt(np.mean((test - test.mean(axis=0)) ** 2)))
