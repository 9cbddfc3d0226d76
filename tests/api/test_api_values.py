"""Samples, spaces and objectives as values: what is taken, and what is refused with a sentence."""

from typing import Any

import numpy as np
import pytest

import nac
from nac.api.console import console
from nac.api.searching import flow, objective
from nac.config import parse_override
from nac.errors import InputError
from nac.space import SearchSpace
from nac.tasks import make_task

X = np.zeros((6, 8))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"x": X, "y": np.zeros(5)}, r"differ in length.*x 6, y 5"),
        ({"x": X[:0], "y": np.zeros(0)}, "are empty"),
        ({"x": X.astype(str), "y": np.zeros(6)}, "x: has type"),
        ({"x": X, "y": {}}, "has no target"),
        ({"x": X, "y": {"x": np.zeros(6)}}, "'x' is no name for a target"),
        ({"x": X, "y": {"a b": np.zeros(6)}}, "'a b' is no name"),
        ({"x": X, "y": 3.0}, "y: is one value"),
        ({"x": X, "y": np.zeros(6), "groups": np.zeros((6, 2))}, r"groups: has shape \(6, 2\)"),
    ],
)
def test_wrong_samples_are_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        nac.Dataset.from_arrays(**arguments)


def test_groups_may_be_names_and_targets_columns() -> None:
    data = nac.Dataset.from_arrays(X, {"a": (list(range(6)), "mm"), "b": np.ones(6)}, groups=list("bbaacc"))
    arrays = data.arrays((1, 8), data.targets)
    assert arrays["group"].tolist() == [1, 1, 0, 0, 2, 2] and arrays["x"].shape == (6, 1, 8)
    assert data.units == {"a": "mm"} and data.targets["a"].shape == (6,)


@pytest.mark.parametrize(
    ("space", "sample", "kind"),
    [
        (nac.spaces.Dense(), (8,), "mlp"),
        (nac.spaces.Dense(layers=2, width=[4], bits=[4, 6], sparsity=[0, 0.5], digits=0.5), (2, 3), "mlp"),
        (nac.spaces.DeepSets(), (3, 8), "deep_sets"),
        (nac.spaces.DeepSets(fold=[1, 2, "all"], wait=16), (3, 8), "deep_sets"),
        (nac.spaces.Conv2d(fold="all"), (11, 11), "cnn"),
        (nac.spaces.Conv2d(), (11, 11), "cnn"),
        (nac.spaces.Conv2d(channels=[2], kernels=3, blocks=1, pool=0), (1, 9, 9), "cnn"),
        (nac.spaces.Conv2d(pool=2), (2, 12, 12), "cnn"),
        (nac.spaces.Conv1d(channels=[4, 8], kernels=[3, 5]), (64,), "sequence"),
        (nac.spaces.Conv1d(layers=3, residual=True, pool=2, head_layers=0), (2, 32), "sequence"),
    ],
)
def test_a_space_is_what_a_file_would_say(space: Any, sample: tuple[int, ...], kind: str) -> None:
    found = SearchSpace.described(space.name, space.file(sample, 2), "here")
    assert found.kind == kind and found.problems() == []
    assert found.input_shape == space.shape(sample)


def test_a_space_says_what_is_wrong() -> None:
    with pytest.raises(InputError, match=r"nac.spaces.Dense: hidden.width.0"):
        nac.spaces.Dense(width=0).file((8,), 2)
    with pytest.raises(InputError, match="expected 3 dimensions, channels first, for the space Conv2d"):
        nac.spaces.Conv2d().shape((8,))


def test_several_answers_have_losses_and_metrics_of_their_own() -> None:
    @nac.metric(direction="minimize", unit="GeV")
    def median_error(predicted: Any, true: Any) -> float:
        return float(np.median(np.abs(predicted - true)))

    data = nac.Dataset.from_arrays(X, {"energy": np.arange(6.0), "particle": np.array(["e", "mu"] * 3)})
    task = nac.Task.several(data, {
        "energy": {"kind": "regression", "loss": "huber", "metrics": [median_error, "mae"]},
        "particle": {"kind": "classification", "weight": 0.5},
    }, split={"train": 0.5, "validation": 0.25, "test": 0.25})  # fmt: skip
    config = task.config()
    assert task.outputs == 3 and config.data.heads["particle"].classes == ("e", "mu")
    assert config.data.heads["energy"].metrics == ("median_error", "mae") and len(config.code) == 1
    assert make_task(config).metric_names[:3] == ("median_error@energy", "mae@energy", "accuracy@particle")
    assert task.problem().arrays["particle"].tolist() == [0, 1] * 3
    with pytest.raises(InputError, match="heads: time: has no target, found energy, particle"):
        nac.Task.several(data, {"time": {"kind": "regression"}})


def test_objectives_are_a_name_and_perhaps_a_limit() -> None:
    assert objective("rmse") == {"name": "rmse"} and objective("accuracy >= 0.5") == {"name": "accuracy", "min": 0.5}
    listed = [objective("rmse"), objective("lut<=2e4"), objective("rmse@energy<=0.5"), objective("efficiency@0.01:2")]
    assert parse_override(f"search.objectives={flow(listed)}")["search"]["objectives"] == listed
    for wrong in ("", "lut<20", "lut<=many", "2<=lut"):
        with pytest.raises(InputError, match="expected a name, or NAME<=NUMBER"):
            objective(wrong)


def test_a_setting_that_there_is_not_is_named() -> None:
    data = nac.Dataset.from_arrays(X, np.arange(6) % 2)
    with pytest.raises(InputError, match=r"task task: data.scalling: unknown key"):
        nac.Task.classification(data, scalling="none")
    with pytest.raises(InputError, match=r"task task: train.epochs"):
        nac.Task.classification(data, train={"epochs": 0})
    with pytest.raises(InputError, match="no whole numbers"):
        nac.Task.classification(nac.Dataset.from_arrays(X, np.arange(6) / 2))


def test_progress_in_a_notebook_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # as kernels do
    assert not console().is_terminal
