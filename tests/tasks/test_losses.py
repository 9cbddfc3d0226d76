"""Losses by name, and how tasks ask for them."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from datafiles import arrays_config, jets_config, write_npz
from torch import Tensor
from torch.nn import functional

from nac.arch import Architecture, Dense, initialised
from nac.config import TaskConfig, TrainConfig, validate
from nac.errors import InputError
from nac.tasks import make_task
from nac.tasks.losses import LOSSES, Loss, weighted_mean
from nac.testing import check_loss
from nac.train import fit, predict


@pytest.mark.parametrize("name", LOSSES)
def test_contract(name: str) -> None:
    check_loss(LOSSES[name])


def of_the_batch(outputs: Tensor, targets: Tensor) -> Tensor:
    return (outputs - targets).square().mean(dim=1) - outputs.mean()


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (lambda outputs, targets: functional.mse_loss(outputs, targets), "expected a loss for each of 12 samples"),
        (of_the_batch, "depends on the others"),
        (lambda outputs, targets: (outputs - targets).square().mean(dim=1).neg(), "right answers do not have a"),
        (lambda outputs, targets: (outputs - targets).square().mean(dim=1).round() + 0 * outputs[:, 0], "to learn by"),
    ],
)
def test_the_contract_finds_what_is_wrong(function: Any, what: str) -> None:
    with pytest.raises(AssertionError, match=what):
        check_loss(Loss(function, ("regression",)))


def test_values_by_hand() -> None:
    outputs, targets = torch.tensor([[0.0, 3.0]]), torch.tensor([[0.5, 0.0]])
    assert float(LOSSES["huber"](outputs, targets, delta=1.0)) == pytest.approx((0.125 + 2.5) / 2)
    assert float(LOSSES["quantile"](outputs, targets, quantile=0.9)) == pytest.approx((0.45 + 0.3) / 2)
    logits, label = torch.tensor([[1.0, 0.0]]), torch.tensor([0])
    p = float(torch.softmax(logits, 1)[0, 0])
    assert float(LOSSES["focal"](logits, label, gamma=2.0)) == pytest.approx(-((1 - p) ** 2) * np.log(p))
    assert float(LOSSES["focal"](logits, label, gamma=0.0)) == pytest.approx(-np.log(p))


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_cross_entropy_is_that_of_torch(smoothing: float) -> None:
    outputs, labels = 4 * torch.randn(50, 5), torch.randint(0, 5, (50,))
    for targets in (labels, torch.randn(50, 5).softmax(1)):
        x, y = outputs.clone().requires_grad_(), outputs.clone().requires_grad_()
        found = LOSSES["cross_entropy"](x, targets, label_smoothing=smoothing)
        expected = functional.cross_entropy(y, targets, label_smoothing=smoothing, reduction="none")
        (found.sum() + expected.sum()).backward()  # type: ignore[no-untyped-call]
        assert torch.allclose(found, expected, atol=1e-6)
        assert torch.allclose(cast(Tensor, x.grad), cast(Tensor, y.grad), atol=1e-6)


def test_losses_are_weighted() -> None:
    losses = torch.tensor([1.0, 2.0, 6.0])
    assert float(weighted_mean(losses, None)) == 3.0
    assert float(weighted_mean(losses, torch.tensor([1.5, 1.5, 0.0]))) == 1.5


def asked(loss: object, **data: Any) -> TaskConfig:
    config = arrays_config(**data) if data else jets_config()
    return validate(TaskConfig, {**config.model_dump(mode="json"), "loss": loss}, "task.yaml")


def test_a_task_names_its_loss() -> None:
    outputs, labels = torch.randn(8, 5, generator=torch.Generator().manual_seed(0)), torch.arange(8) % 5
    usual, focal = make_task(jets_config()), make_task(asked({"name": "focal", "params": {"gamma": 1.5}}))
    assert float(usual.loss(outputs, labels)) == pytest.approx(float(functional.cross_entropy(outputs, labels)))
    smoothed = functional.cross_entropy(outputs, labels, label_smoothing=0.1)
    assert float(usual.loss(outputs, labels, 0.1)) == pytest.approx(float(smoothed))
    assert float(focal.loss(outputs, labels, 0.1)) == float(LOSSES["focal"](outputs, labels, gamma=1.5).mean())
    assert "loss" not in jets_config().model_dump(mode="json"), "records of before stay as they are"
    assert asked("focal").model_dump(mode="json")["loss"] == "focal"


@pytest.mark.parametrize(
    ("loss", "match"),
    [
        ("hubert", "task.yaml: loss: unknown loss 'hubert', known: cross_entropy, focal, huber, mae, mse, quantile"),
        ("huber", "task.yaml: .*'huber' is for a regression, found one for a classification"),
        ({"name": "focal", "params": {"alpha": 1}}, "loss 'focal' has no parameter 'alpha', expected some of: gamma"),
    ],
)
def test_wrong_losses_are_refused(loss: object, match: str) -> None:
    with pytest.raises(InputError, match=match):
        asked(loss)


def test_wrong_parameters_are_refused_before_the_training() -> None:
    config = asked({"name": "quantile", "params": {"quantile": 5}}, kind="regression", classes=[], outputs=1)
    with pytest.raises(InputError, match="loss: quantile: quantile: expected a share between 0 and 1, found 5"):
        make_task(config)


def test_a_quantile_is_learned(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    file = write_npz(tmp_path / "noise.npz", x=np.zeros((4000, 1)), y=generator.exponential(size=4000))
    loss = {"name": "quantile", "params": {"quantile": 0.9}}
    config = asked(loss, kind="regression", classes=[], outputs=1, shape=[1])
    task = make_task(config)
    dataset = task.load([file])
    network = initialised(Architecture(input=(1,), outputs=1, blocks=(Dense(width=2),)), 0)
    fit(network, dataset, task, TrainConfig(epochs=15, learning_rate=3e-2), seed=0)
    answer = dataset.preprocessing.physical(predict(network, dataset.test.x).double().numpy())
    assert float(answer.mean()) == pytest.approx(np.log(10), abs=0.25)
