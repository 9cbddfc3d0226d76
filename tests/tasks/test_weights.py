"""How much samples count: by a column, by their class."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datafiles import arrays_config, write_npz
from pydantic import ValidationError

from nac.arch import Architecture, Dense, Network, initialised
from nac.compress.pruners.scores import sensitivity
from nac.config import TrainConfig
from nac.errors import InputError
from nac.tasks import Dataset, Preprocessing, Task, make_task
from nac.tasks.sources import Samples
from nac.tasks.task import DataTask
from nac.train import fit, predict


def mixed(tmp_path: Path, weight: Any = None, **data: Any) -> tuple[Task, Dataset]:
    """Samples that say nothing: 900 of class a, 300 of b; a column `group` and perhaps `weight`."""
    labels = np.arange(1200) % 4 == 3
    columns = {} if weight is None else {"weight": np.where(labels, weight, 1.0)}
    task = make_task(arrays_config(**{"shape": [1], "scaling": "none", **data}))
    file = write_npz(tmp_path / "mixed.npz", x=np.ones((1200, 1)), y=labels.astype(np.int64), **columns)
    return task, task.load([file], seed=0)


def answer(task: Task, dataset: Dataset) -> float:
    """The probability of class b that is learned."""
    torch.manual_seed(0)
    network = Network(Architecture(input=(1,), outputs=2, blocks=(Dense(width=2),)))
    fit(network, dataset, task, TrainConfig(epochs=8, batch_size=64, learning_rate=3e-2), seed=0)
    return float(predict(network, dataset.test.x[:1]).softmax(dim=1)[0, 1])


@pytest.mark.parametrize(
    ("weight", "data", "share"),
    [
        (None, {}, 0.25),
        (None, {"class_weights": "balanced"}, 0.5),
        (None, {"class_weights": {"b": 9.0}}, 0.75),
        (27.0, {"weights": "weight"}, 0.9),
        (3.0, {"weights": "weight", "class_weights": {"a": 0.5}}, 2 / 3),
        (0.0, {"weights": "weight"}, 0.0),
    ],
)
def test_weights_are_what_is_learned(
    tmp_path: Path, weight: float | None, data: dict[str, Any], share: float
) -> None:
    task, dataset = mixed(tmp_path, weight, **data)
    assert answer(task, dataset) == pytest.approx(share, abs=0.1)
    if data:
        assert dataset.train.weights is not None and dataset.test.weights is not None
        assert float(dataset.train.weights.mean()) == pytest.approx(1.0)
        assert dataset.train.weights.shape == dataset.train.y.shape
        per_class = {float(w) for w, y in zip(dataset.train.weights, dataset.train.y, strict=True) if y == 1}
        assert len(per_class) == 1, "weights stay with their samples"
    else:
        assert dataset.train.weights is None


def test_saliencies_follow_the_weights(tmp_path: Path) -> None:
    task, dataset = mixed(tmp_path, 27.0, weights="weight")
    network = initialised(Architecture(input=(1,), outputs=2, blocks=(Dense(width=16),)), 0)
    with_weights = sensitivity(network, task, dataset, seed=0)
    dataset.train.weights = None
    without = sensitivity(network, task, dataset, seed=0)
    assert any(not torch.equal(with_weights[name], without[name]) for name in without)


def test_simulated_samples_beside_weighted_ones_count_once(tmp_path: Path) -> None:
    """Those of a file are taken twice, the others have a weight of one."""
    config = arrays_config(shape=[1], weights="weight", repeat=2)
    samples = Samples(np.zeros((4, 1), np.float32), np.array([0, 1, 0, 1]))
    extra = Samples(np.zeros((3, 1), np.float32), np.array([0, 1, 1]))
    made = DataTask(config)._train(samples, np.arange(4), extra, Preprocessing(scaling="none"), np.full(4, 0.5))
    assert made.weights is not None and made.weights.tolist() == [0.5] * 8 + [1.0] * 3


def test_tables_keep_their_weights_out_of_the_features(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    rows = ["f0,f1,class,w", *(f"{a:.3f},{b:.3f},{'ab'[n % 2]},{1 + n % 3}" for n, (a, b) in
                              enumerate(generator.normal(size=(200, 2))))]  # fmt: skip
    (tmp_path / "t.csv").write_text("\n".join(rows))
    dataset = make_task(arrays_config(shape=[2], weights="w")).load([tmp_path / "t.csv"], seed=0)
    assert dataset.preprocessing.features == ("f0", "f1")
    assert dataset.train.weights is not None
    assert len(set(dataset.train.weights.tolist())) == 3


@pytest.mark.parametrize(
    ("weight", "match"),
    [
        (None, "data.weights: the data has no column 'weight'"),
        (-1.0, "data.weights: 'weight' has the value -1, expected finite weights"),
    ],
)
def test_wrong_weights_are_refused(tmp_path: Path, weight: float | None, match: str) -> None:
    with pytest.raises(InputError, match=match):
        mixed(tmp_path, weight, weights="weight")


def test_weights_of_zero_alone_are_refused(tmp_path: Path) -> None:
    file = write_npz(tmp_path / "z.npz", x=np.zeros((90, 3)), y=np.arange(90) % 2, w=np.zeros(90))
    with pytest.raises(InputError, match="all samples to train on have the weight 0 in 'w'"):
        make_task(arrays_config(weights="w")).load([file])


@pytest.mark.parametrize(
    ("data", "match"),
    [
        ({"class_weights": {"c": 2.0}}, "class_weights: expected some of a, b, found c"),
        ({"class_weights": {"a": 0.0}}, "greater than 0"),
        ({"kind": "regression", "classes": [], "outputs": 1, "class_weights": "balanced"}, "regression task has none"),
    ],
)
def test_wrong_class_weights_are_refused(data: dict[str, Any], match: str) -> None:
    with pytest.raises(ValidationError, match=match):
        arrays_config(**data)
