"""Networks trained side by side: each is what it would be alone."""

import pytest
import torch
from designs import architecture
from learned import learned
from problems import Problem

from nac.arch import initialised
from nac.compress.learned.cost import adder_bits, bit_products
from nac.compress.learned.front import Prices, learnable, train_front
from nac.compress.learned.several import Several, fits, for_each, teaching
from nac.config import LearnedConfig, TrainConfig
from nac.train import Teacher, validation_loss


@pytest.mark.parametrize("kind", ["mlp", "mean", "set", "cnn"])
def test_outputs_costs_and_states_are_those_of_each_alone(kind: str) -> None:
    networks = [learned(kind, seed) for seed in range(3)]
    several = Several(networks)
    x = torch.randn(50, *networks[0].architecture.input)
    together = several(x).reshape(50, 3, -1)
    for index, network in enumerate(networks):
        assert torch.allclose(together[:, index], network(x), atol=1e-6)
        state = several.state_of(index)
        assert all(torch.equal(state[key], value) for key, value in network.state_dict().items())
    for cost in (bit_products, adder_bits):
        alone = torch.cat([cost(network) for network in networks])
        assert torch.allclose(cost(several), alone)


def test_the_loss_is_the_mean_of_those_of_all(problem: Problem) -> None:
    task, dataset, _ = problem
    y = dataset.train.y[:20]
    outputs = torch.randn(20, 3, task.outputs)
    expected = torch.stack([task.loss(outputs[:, member], y) for member in range(3)]).mean()
    assert torch.allclose(for_each(task, 3).loss(outputs.flatten(1), y), expected)
    teacher = Teacher(())
    goal = torch.randn(20, task.outputs)
    expected = torch.stack([teacher.loss(outputs[:, member], goal, task.heads) for member in range(3)]).mean()
    several = teaching(teacher, 3)
    assert several is not None
    assert torch.allclose(several.loss(outputs.flatten(1), goal, task.heads), expected)


def test_what_mixes_channels_is_trained_one_after_another() -> None:
    assert fits(architecture("cnn", 6))
    assert not fits(architecture("attention", 6))


def test_betas_end_between_the_middle_and_the_last() -> None:
    prices = Prices(LearnedConfig(beta=(1e-5, 1e-3), together=3), range(3))
    assert prices.at(1.0).tolist() == pytest.approx([1e-3, 1e-4 * 10**0.5, 1e-4])
    assert prices.at(0.1).tolist() == pytest.approx([1e-5] * 3)


def test_one_front_of_several_networks(problem: Problem) -> None:
    task, dataset, small = problem
    network = learnable(initialised(small, 0), dataset)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    train = TrainConfig(epochs=6, batch_size=64, learning_rate=1e-2)
    settings = LearnedConfig(together=2, beta=(1e-5, 5e-3), train=train)
    front = train_front(network, dataset, task, settings, None, seed=0)
    assert all(torch.equal(network.state_dict()[key], value) for key, value in before.items())
    costs, values = [point.cost for point in front], [point.value for point in front]
    assert costs == sorted(costs)
    assert values == sorted(set(values))
    network.load_state_dict(front[0].state)
    assert -validation_loss(network, dataset.validation, task) == pytest.approx(front[0].value, rel=1e-5)
