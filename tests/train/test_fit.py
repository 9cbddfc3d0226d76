import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch
from problems import Problem, blobs, line

from nac.arch import Network, initialised, quantise
from nac.config import TrainConfig
from nac.errors import WorkError
from nac.tasks.dataset import TrainSplit
from nac.train import Penalty, Teacher, answering, evaluate, fit, predict, validation_loss

QUICK = TrainConfig(epochs=8, batch_size=64, learning_rate=1e-2)


def test_learns_a_classification() -> None:
    task, dataset, architecture = blobs()
    torch.manual_seed(0)
    network = Network(architecture)
    fit(network, dataset, task, QUICK, seed=0)
    assert evaluate(network, dataset.validation, task)["accuracy"] > 0.95


def test_learns_a_regression() -> None:
    task, dataset, architecture = line()
    torch.manual_seed(0)
    network = Network(architecture)
    before = validation_loss(network, dataset.validation, task)
    fit(network, dataset, task, QUICK, seed=0)
    assert validation_loss(network, dataset.validation, task) < before / 10


@pytest.mark.parametrize("optimiser", ["adam", "adamw", "sgd", "rmsprop"])
@pytest.mark.parametrize("schedule", ["cosine", "one_cycle", "constant"])
def test_every_optimiser_and_schedule_lowers_the_loss(optimiser: str, schedule: str) -> None:
    task, dataset, architecture = blobs()
    torch.manual_seed(0)
    network = Network(architecture)
    before = validation_loss(network, dataset.validation, task)
    settings = TrainConfig.model_validate(
        {"optimiser": optimiser, "schedule": schedule, "epochs": 5, "learning_rate": 3e-3, "batch_size": 64}
    )
    fit(network, dataset, task, settings, seed=0)
    assert validation_loss(network, dataset.validation, task) < before


def test_restores_the_best_epoch_not_the_last() -> None:
    task, dataset, architecture = blobs()
    torch.manual_seed(0)
    network = Network(architecture)
    settings = TrainConfig(epochs=12, batch_size=64, learning_rate=0.3, schedule="constant", optimiser="sgd")
    result = fit(network, dataset, task, settings, seed=0)
    losses = [row["validation_loss"] for row in result.history]
    assert result.best_epoch == int(np.argmin(losses))
    assert validation_loss(network, dataset.validation, task) == pytest.approx(min(losses))
    assert result.best_epoch < len(losses) - 1  # otherwise this run shows nothing


def test_without_a_choice_the_last_epoch_stays_and_validation_is_not_looked_at() -> None:
    task, dataset, architecture = blobs()
    states = []
    network = initialised(architecture, 0)

    def keep(epoch: int, figures: Mapping[str, float]) -> None:
        states.append({key: value.clone() for key, value in network.state_dict().items()})

    settings = TrainConfig(epochs=6, batch_size=64, learning_rate=0.3, schedule="constant", optimiser="sgd", patience=1)
    result = fit(network, dataset, task, settings, seed=0, on_epoch=keep, choose=False)
    assert result.best_epoch == 5
    assert all(np.isnan([result.best_loss, *(row["validation_loss"] for row in result.history)]))
    assert len(states) == 6
    assert all(torch.equal(value, states[-1][key]) for key, value in network.state_dict().items())


def test_patience_ends_the_training() -> None:
    task, dataset, architecture = blobs()
    torch.manual_seed(0)
    settings = TrainConfig(epochs=200, batch_size=64, learning_rate=0.05, patience=3, schedule="constant")
    result = fit(Network(architecture), dataset, task, settings, seed=0)
    assert len(result.history) == result.best_epoch + 3 + 1 < 200


def test_same_seed_same_weights_other_seed_other_weights() -> None:
    task, dataset, architecture = blobs()

    def weights(seed: int) -> torch.Tensor:
        torch.manual_seed(0)
        network = Network(architecture)
        fit(network, dataset, task, QUICK, seed=seed)
        return network.weight("output").detach().clone()

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


@pytest.mark.parametrize("quantised", [False, True])
def test_masked_weights_stay_zero(quantised: bool) -> None:
    task, dataset, architecture = blobs()
    torch.manual_seed(0)
    network = Network(architecture)
    if quantised:
        network = quantise(network)
    mask = (torch.arange(network.weight("dense0").numel()) % 2).reshape(network.weight("dense0").shape).float()
    fit(network, dataset, task, QUICK, seed=0, masks={"dense0": mask})
    assert torch.equal(network.weight("dense0") == 0, mask == 0)


def test_a_single_sample_is_no_divergence() -> None:
    task, dataset, architecture = line()
    train = dataset.train
    one = TrainSplit.prepared(train.raw[:1], train.physical[:1], train.config, train.preprocessing)
    with pytest.raises(WorkError, match="expected a batch of two samples or more, found 1"):
        fit(Network(architecture), replace(dataset, train=one), task, QUICK, seed=0)


def test_divergence_is_an_error_with_a_reason() -> None:
    task, dataset, architecture = line()
    settings = TrainConfig(epochs=30, batch_size=64, learning_rate=1e6, optimiser="sgd", schedule="constant")
    with pytest.raises(WorkError, match="diverged"):
        fit(Network(architecture), dataset, task, settings, seed=0)


def test_a_student_learns_from_a_teacher_without_targets() -> None:
    task, dataset, architecture = blobs()
    torch.manual_seed(0)
    teacher, student = Network(architecture), Network(architecture)
    fit(teacher, dataset, task, QUICK, seed=0)
    before = _distance(student, teacher, dataset.validation.x)
    fit(student, dataset, task, QUICK, seed=1, teacher=Teacher((teacher,), share=1.0))
    assert _distance(student, teacher, dataset.validation.x) < before / 2


@pytest.mark.parametrize(("augments", "make", "asked"), [(False, blobs, 1), (True, blobs, 8), (True, line, 12)])
def test_a_teacher_is_asked_once_for_all_epochs_unless_augmentation_moves_targets(
    monkeypatch: pytest.MonkeyPatch, augments: bool, make: Callable[[], Problem], asked: int
) -> None:
    task, dataset, architecture = make()
    said = []
    outputs = Teacher.outputs

    def listening(self: Teacher, x: torch.Tensor) -> torch.Tensor:
        said.append(len(x))
        return outputs(self, x)

    monkeypatch.setattr(Teacher, "outputs", listening)
    monkeypatch.setattr(TrainSplit, "augments", augments)
    monkeypatch.setattr(TrainSplit, "epoch", lambda self, generator, device: self.on(device))
    settings = QUICK.model_copy(update={"epochs": 12, "patience": 12})
    teacher = Teacher((Network(architecture),), share=0.5)
    fit(Network(architecture), dataset, task, settings, seed=0, teacher=teacher)
    assert said == [len(dataset.train)] * asked


def test_a_teacher_that_has_answered_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    task, dataset, architecture = blobs()
    teacher = Teacher((initialised(architecture, 1),), share=0.5)
    one, other = initialised(architecture, 0), initialised(architecture, 0)
    fit(one, dataset, task, QUICK, seed=0, teacher=teacher)
    answered = answering(teacher, dataset, task, 1, 0)
    monkeypatch.setattr(Teacher, "outputs", lambda self, x: pytest.fail("asked"))
    fit(other, dataset, task, QUICK, seed=0, teacher=answered)
    assert all(torch.equal(value, other.state_dict()[key]) for key, value in one.state_dict().items())


def _distance(a: Network, b: Network, x: torch.Tensor) -> float:
    return float((predict(a, x).softmax(1) - predict(b, x).softmax(1)).abs().mean())


def test_callback_sees_every_epoch_and_can_stop_the_training() -> None:
    task, dataset, architecture = blobs()
    seen = []

    class EnoughError(Exception):
        pass

    def watch(epoch: int, row: object) -> None:
        seen.append(epoch)
        if epoch == 2:
            raise EnoughError

    with pytest.raises(EnoughError):
        fit(Network(architecture), dataset, task, QUICK, seed=0, on_epoch=watch)
    assert seen == [0, 1, 2]


def test_a_callback_of_every_step_may_change_the_network() -> None:
    task, dataset, architecture = blobs()
    network, seen = Network(architecture), []

    def held(network: Network, progress: float) -> None:
        seen.append(progress)
        with torch.no_grad():
            for name in network.weighted:
                network.weight(name).clamp_(-0.05, 0.05)

    fit(network, dataset, task, QUICK, seed=0, on_step=held)
    assert seen == sorted(seen) and 0 < seen[0] < seen[-1] <= 1
    assert max(float(network.weight(name).detach().abs().max()) for name in network.weighted) <= 0.05 + 1e-7


def test_predict_does_not_depend_on_the_batch_size() -> None:
    _, dataset, architecture = blobs()
    network = Network(architecture)
    assert torch.allclose(predict(network, dataset.validation.x, 7), predict(network, dataset.validation.x), atol=1e-6)
    assert math.isfinite(float(predict(network, dataset.validation.x).sum()))


def test_a_penalty_is_part_of_the_loss_and_told_how_far_the_training_is() -> None:
    task, dataset, architecture = blobs()
    seen = []

    def size(network: Network, progress: float) -> torch.Tensor:
        seen.append(progress)
        return 10 * torch.stack([network.weight(name).square().sum() for name in network.weighted]).sum()

    def weight_of(*penalties: Penalty) -> float:
        torch.manual_seed(0)
        network = Network(architecture)
        fit(network, dataset, task, QUICK, seed=0, penalties=penalties)
        return float(network.weight(network.weighted[0]).detach().square().sum())

    assert weight_of(size) < weight_of() / 2
    assert seen[0] == 0
    assert seen[-1] < 1
    assert np.allclose(np.diff(seen), 1 / len(seen))
