"""Learned widths: their gradients, a front from one training, and its networks as designs."""

from pathlib import Path

import numpy as np
import pytest
import torch
from problems import Problem, line

from nac.arch import Architecture, initialised, quantise
from nac.arch.quantisers import LEARNED
from nac.arch.quantisers.learned import Layer, Values
from nac.arch.quantisers.rounding import PACE
from nac.compress import Winner, compress
from nac.compress.learned.cost import adder_bits, bit_products, products
from nac.compress.learned.front import Checkpoint, Prices, along, learnable, load_front, save_front, train_front
from nac.compress.learned.settle import settled
from nac.config import CompressConfig, LearnedConfig, TrainConfig
from nac.design import Design
from nac.hardware import engine, outputs_sha256
from nac.rundir import Run
from nac.train import predict, validation_loss

TRAIN = TrainConfig(epochs=24, batch_size=64, learning_rate=1e-2, cycles=4)
LEARNED_SETTINGS = LearnedConfig(designs=3, alone=True, beta=(1e-5, 5e-3), train=TRAIN, finish=TRAIN)
SETTINGS = CompressConfig(train=TrainConfig(epochs=6, batch_size=64, learning_rate=1e-2), learned=LEARNED_SETTINGS)


def test_a_weight_without_bits_is_zero_and_its_width_has_the_gradient_of_what_rounding_takes() -> None:
    layer = Layer((1, 3), bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[0.3, -0.8, 0.1]]))
        layer.fraction.fill_(1 / PACE)
    assert layer.quantised().tolist() == [[0.5, -1.0, 0.0]]
    assert layer.bits().tolist() == [[1, 2, 0]]
    layer.quantised().sum().backward()  # type: ignore[no-untyped-call]
    assert layer.weight.grad is not None
    assert layer.fraction.grad is not None
    assert torch.equal(layer.weight.grad, torch.ones(1, 3))
    lost = torch.tensor([[-0.2, 0.2, 0.1]])
    assert torch.allclose(layer.fraction.grad, PACE * np.log(2) * lost)


def test_values_are_rounded_down_saturate_and_tell_their_widths() -> None:
    values = Values("relu", (2,))
    with torch.no_grad():
        values.fraction.copy_(torch.tensor([1.0, -2.0]) / PACE)
        values.whole.copy_(torch.tensor([1.0, 2.0]) / PACE)
    x = torch.tensor([[0.9, 1.0], [5.0, 9.0], [-1.0, 3.0]], requires_grad=True)
    assert values(x).tolist() == [[0.5, 0.0], [1.5, 0.0], [0.0, 0.0]]
    assert values.bits().tolist() == [2, 0]
    values(x).sum().backward()
    assert x.grad is not None
    assert x.grad[:, 0].tolist() == [1, 0, 0]
    assert values.whole.grad is not None
    assert values.whole.grad[0] > 0, "what saturates wants more range"


def test_both_costs_fall_with_every_width(problem: Problem) -> None:
    _, dataset, architecture = problem
    network = learnable(initialised(architecture, 0), dataset)
    for cost in (bit_products, adder_bits):
        network.zero_grad()
        cost(network).backward()  # type: ignore[no-untyped-call]
        layer, values = network.layers["dense1"], network.layers["dense0_act"]
        assert isinstance(layer, Layer)
        assert isinstance(values, Values)
        assert layer.fraction.grad is not None
        assert values.whole.grad is not None
        assert (layer.fraction.grad > 0).all()
        assert (values.whole.grad > 0).all()


def test_of_a_folded_circuit_the_logic_counts_that_is_there() -> None:
    blocks = [{"block": "conv2d", "channels": 3, "kernel": 3}, {"block": "flatten"}]
    network = initialised(Architecture.model_validate({"input": (1, 6, 6), "blocks": blocks, "outputs": 2}), 0)
    network = quantise(network, quantiser=LEARNED)
    every, one = (list(products(network, fold)) for fold in ("all", 1))
    assert [(p.positions, tuple(p.weights.shape)) for p in every] == [(16, (1, 3, 1, 9)), (1, (1, 2, 48, 1))]
    assert [(p.positions, tuple(p.weights.shape)) for p in one] == [(1, (1, 3, 1, 9)), (1, (1, 2, 3, 1))]
    layer = network.layers["output"]
    assert isinstance(layer, Layer)
    with torch.no_grad():
        layer.weight[:] = 0
        layer.weight[1, :17] = torch.tensor([6.0, 0.5, 0.0, -0.25] * 4 + [1.0])
        layer.fraction[1, :17] = torch.tensor([0.0, 1.0, 9.0, 2.0] * 4 + [0.0]) / PACE
    assert list(products(network, 1))[1].weights[0, :, :, 0].tolist() == [[0, 0, 0], [5, 5, 0]], "from 110 to 0.01"
    for cost in (bit_products, adder_bits):
        assert cost(network, 1).item() < cost(network, 4).item() < cost(network).item()


def test_beta_rises_slowly() -> None:
    prices = Prices(LearnedConfig(beta=(1e-5, 1e-3)), [0])
    assert [float(prices.at(progress)) for progress in (0, 0.1, 0.55, 1)] == pytest.approx([0, 1e-5, 1e-4, 1e-3])


def test_a_price_rises_while_the_cost_is_above_its_way_to_the_target_and_falls_below_it() -> None:
    prices = Prices(LearnedConfig(beta=(1e-5, 1e-3), target=100.0, together=2), [0, 1])
    prices.follow(torch.tensor([10_000.0, 10_000.0]), 0.1)
    assert prices.at(0.1).tolist() == pytest.approx([1e-5, 1e-5])
    prices.follow(torch.tensor([1_100.0, 900.0]), 0.55)
    assert prices.at(0.55).tolist() == pytest.approx([1.1e-5, 0.909e-5], rel=1e-2)


def test_points_are_spread_along_the_front_without_its_worst_part() -> None:
    front = [Checkpoint(k, value, cost, {}) for k, (value, cost) in
             enumerate([(-2.0, 1.0), (-0.3, 10.0), (-0.28, 11.0), (-0.2, 100.0), (-0.15, 1000.0)])]  # fmt: skip
    assert [point.cost for point in along(front, 3)] == [10.0, 100.0, 1000.0]
    assert [point.cost for point in along(front, 9)] == [10.0, 11.0, 100.0, 1000.0]


def test_one_training_gives_a_front_of_which_each_settles_to_the_same_function(problem: Problem) -> None:
    task, dataset, architecture = problem
    network = learnable(initialised(architecture, 0), dataset)
    start = float(bit_products(network).detach())
    front = train_front(network, dataset, task, LEARNED_SETTINGS, None, seed=0)
    costs, values = [point.cost for point in front], [point.value for point in front]
    assert costs == sorted(set(costs))
    assert values == sorted(set(values))
    assert values[-1] > -0.1
    assert costs[0] < start / 20
    network.load_state_dict(front[-1].state)
    assert validation_loss(network, dataset.validation, task) == pytest.approx(-values[-1], rel=1e-5)
    x = dataset.test.x
    assert torch.equal(predict(settled(network), x), predict(network, x))


def test_a_target_cost_is_reached(problem: Problem) -> None:
    task, dataset, architecture = problem
    network = learnable(initialised(architecture, 0), dataset)
    train = TRAIN.model_copy(update={"epochs": 80})
    settings = LearnedConfig(beta=(1e-4, 1e-3), target=300.0, train=train)
    front = train_front(network, dataset, task, settings, None, seed=0)
    assert 150 < front[0].cost < 450


def test_designs_of_a_front_are_exact_and_not_made_again(tmp_path: Path) -> None:
    task, dataset, architecture = line()
    run = Run(tmp_path / "run")
    designs = compress([Winner(3, architecture)], task, dataset, run, SETTINGS, seed=0)
    assert [design.record.name for design in designs] == ["t0003-l00", "t0003-l01", "t0003-l02"]
    losses = [design.record.metrics["test"]["rmse"] for design in designs]
    assert losses[0] > losses[-1]
    for design in designs:
        again = Design.load(design.path)
        assert again.record.quantiser == LEARNED
        x = again.quantised_input(dataset.test.x.numpy())
        assert len({outputs_sha256(engine(name, again).predict(x)) for name in ("torch", "qonnx")}) == 1
    (designs[1].path / "design.json").unlink()
    front = run.trial(3) / "learned" / "front.json"
    before = front.stat().st_mtime_ns
    made = compress([Winner(3, architecture)], task, dataset, run, SETTINGS, seed=0)
    assert front.stat().st_mtime_ns == before
    old, new = designs[1].network.state_dict(), made[1].network.state_dict()
    assert all(torch.equal(old[key], new[key]) for key in old)


def test_a_front_that_is_half_replaced_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, other = LEARNED_SETTINGS, LEARNED_SETTINGS.model_copy(update={"designs": 2})
    points = [Checkpoint(0, -1.0, cost, {"x": torch.full((2,), cost)}) for cost in (1.0, 2.0)]
    save_front(tmp_path, points, first)
    assert [point.cost for point in load_front(tmp_path, first) or ()] == [1.0, 2.0]

    def killed(path: Path, content: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("nac.compress.learned.front.write_atomic", killed)
    with pytest.raises(KeyboardInterrupt):
        save_front(tmp_path, points, other)
    assert load_front(tmp_path, first) is None
