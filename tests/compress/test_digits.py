"""Weights of few signed digits: rounding to them, choosing them, and the designs made that way."""

from pathlib import Path
from typing import Any

import pytest
import torch
from networks import DEPLOYABLE
from problems import Problem
from torch.nn.utils import parametrize

from nac.arch import Compression, Network, initialised, integer_weights, quantise
from nac.arch.quantisers import FIXED_POINT
from nac.compress import Winner, compress, recipes, subject
from nac.compress.digits import FewDigits, digits, limits_for, nearest, total_digits, with_fewer_digits
from nac.compress.pruners.scores import sensitivity
from nac.compress.quantisation import Trainer
from nac.config import CompressConfig, TargetConfig, TrainConfig
from nac.design import Design
from nac.hardware import engine, export
from nac.hardware.rtl import estimate_network
from nac.rundir import Run
from nac.train import evaluate, fit

TRAIN = TrainConfig(epochs=6, batch_size=64, learning_rate=1e-2)
SETTINGS = CompressConfig.model_validate(
    {"bits": [6], "sparsity": [0.0], "digits": [0.3, 0.6], "train": TRAIN, "finetune": TRAIN, "digits_train": TRAIN}
)


@pytest.fixture(scope="module")
def trained(problem: Problem) -> Network:
    task, dataset, architecture = problem
    network = quantise(initialised(architecture.with_bits(weights=6, activations=6), seed=0))
    fit(network, dataset, task, TRAIN, seed=0)
    return network


def trainer(problem: Problem) -> Trainer:
    return Trainer(problem[0], problem[1], SETTINGS, None, seed=1)


def fewest_terms(value: int) -> int:
    """By trying: how many signed powers of two add up to a value."""
    sums, terms = {0}, 0
    while value not in sums:
        sums |= {known + sign * 2**power for known in sums for sign in (1, -1) for power in range(9)}
        terms += 1
    return terms


def test_digits_are_the_fewest_signed_powers_of_two() -> None:
    values = torch.arange(-127, 128)
    assert digits(values).tolist() == [fewest_terms(int(value)) for value in values]


@pytest.mark.parametrize("largest", [1, 7, 100])
def test_nothing_with_so_few_digits_is_nearer(largest: int) -> None:
    table, values = nearest(largest), torch.arange(largest + 1)
    for allowed, row in enumerate(table):
        possible = values[digits(values) <= allowed]
        assert torch.isin(row, possible).all()
        assert torch.equal((row - values).abs(), (possible[:, None] - values).abs().amin(dim=0))
    assert torch.equal(table[-1], values)


def test_what_the_loss_does_not_feel_goes_first(trained: Network) -> None:
    squares = {name: torch.ones(weight.shape) for name, weight in integer_weights(trained).items()}
    squares["output"] = torch.zeros_like(squares["output"])
    counts = {name: int(digits(weights).sum()) for name, weights in integer_weights(trained).items()}
    keep = 1 - counts["output"] / sum(counts.values())
    left = {name: int(limit.sum()) for name, limit in limits_for(trained, keep, squares).items()}
    assert left == {**counts, "output": 0}


def test_limits_add_up_to_the_share(problem: Problem, trained: Network) -> None:
    squares = sensitivity(trained, problem[0], problem[1], seed=0)
    for keep in (1.0, 0.4, 0.05):
        limits = limits_for(trained, keep, squares)
        assert sum(int(limit.sum()) for limit in limits.values()) == round(keep * total_digits(trained))
        assert all((limit >= 0).all() for limit in limits.values())


@pytest.mark.parametrize("bits", [2, 3, 6, 16])
@pytest.mark.parametrize("name", DEPLOYABLE)
def test_the_quantiser_keeps_what_was_rounded(name: str, bits: int) -> None:
    """Also powers of two as the largest weight of a channel, for which the quantiser would take half the step."""
    network = Network(DEPLOYABLE[name].with_bits(weights=bits), quantiser=FIXED_POINT)
    for layer in network.weighted:
        with torch.no_grad():
            network.weight(layer).flatten(1)[:, 0] = 0.97  # next to a power of two, and the largest
        limited(network, layer, torch.ones(network.weight(layer).shape, dtype=torch.int64))
    for layer, integers in integer_weights(network.eval()).items():
        assert digits(integers).max() == 1
        quantised: Any = network.layers[layer]
        scale = quantised.quant_weight().scale.flatten()
        assert torch.allclose(integers.flatten(1)[:, 0] * scale, torch.ones(len(integers)))


def limited(network: Network, layer: str, limit: torch.Tensor) -> None:
    parametrize.register_parametrization(network.layers[layer], "weight", FewDigits(network.layers[layer], limit))
    parametrize.remove_parametrizations(network.layers[layer], "weight", leave_parametrized=True)


def test_the_network_has_no_more_digits_and_is_an_ordinary_one(problem: Problem, trained: Network) -> None:
    before = {name: tensor.clone() for name, tensor in trained.state_dict().items()}
    found, _ = with_fewer_digits(trained, 0.3, trainer(problem), TRAIN)
    assert 0 < total_digits(found) <= round(0.3 * total_digits(trained))
    assert all(torch.equal(before[name], tensor) for name, tensor in trained.state_dict().items())
    assert not any(parametrize.is_parametrized(module) for module in found.modules())
    plain = Network(found.architecture, quantiser=FIXED_POINT)
    plain.load_state_dict(found.state_dict())
    x = problem[1].validation.x
    assert torch.equal(plain.eval()(x), found(x))
    assert evaluate(found, problem[1].validation, problem[0])["accuracy"] > 0.9


def test_every_design_starts_from_the_one_with_more_digits(problem: Problem, tmp_path: Path) -> None:
    task, dataset, architecture = problem
    winner = Winner(3, architecture)
    names = ["t0003-w6-s00", "t0003-w6-s00-d60", "t0003-w6-s00-d30"]
    assert [recipe.name for recipe in recipes([winner], SETTINGS)] == names

    def make() -> list[Design]:
        return compress([winner], task, dataset, Run(tmp_path), SETTINGS, seed=0)

    made = make()
    assert [design.record.origin.get("digits") for design in made] == [
        None, {"share": 0.6, "start": names[0]}, {"share": 0.3, "start": names[1]},
    ]  # fmt: skip
    counts = [total_digits(design.network) for design in made]
    assert counts[1] <= 0.61 * counts[0]
    assert counts[2] <= 0.51 * counts[1]
    luts = [estimate_network(design.network, TargetConfig()).lut for design in made]
    assert luts == sorted(luts, reverse=True)

    (made[2].path / "design.json").unlink()
    again = make()[2]
    old, new = made[2].network.state_dict(), again.network.state_dict()
    assert all(torch.equal(old[name], new[name]) for name in old)

    export(again)
    x = again.quantised_input(dataset.test.x.numpy()[:20])
    outputs = [engine(name, again).predict(x).tolist() for name in ("torch", "qonnx", "rtl")]
    assert outputs[0] == outputs[1] == outputs[2]


def test_without_shares_of_their_own_the_settings_take_those_of_the_genes(problem: Problem) -> None:
    winner = Winner(3, problem[2], Compression(sparsity=0.5, digits=0.25))
    own = CompressConfig.model_validate({"bits": [6], "sparsity": [], "digits": []})
    assert [recipe.name for recipe in recipes([winner], own)] == ["t0003-w6-s50", "t0003-w6-s50-d25"]
    assert [recipe.name for recipe in recipes([Winner(3, problem[2])], own)] == ["t0003-w6-s00"]


def test_winners_are_one_subject_where_the_settings_replace_what_they_differ_in(problem: Problem) -> None:
    wide, narrow = problem[2].with_bits(weights=8), problem[2].with_bits(weights=3)
    winners = [Winner(1, wide), Winner(2, narrow), Winner(3, wide, Compression(sparsity=0.5)),
               Winner(4, wide, Compression(digits=0.5))]  # fmt: skip

    def subjects(**settings: Any) -> int:
        given = {"bits": [], "sparsity": [], "digits": [], **settings}
        return len({subject(winner, CompressConfig.model_validate(given)) for winner in winners})

    assert subjects() == 4
    assert subjects(bits=[6]) == subjects(mixed=[4]) == subjects(sparsity=[0.5]) == subjects(digits=[0.3]) == 3
    assert subjects(bits=[6], sparsity=[0], digits=[0.5]) == 1


@pytest.mark.parametrize("wrong", [{"digits": [1.0]}, {"digits": [0.0]}])
def test_shares_of_digits_are_below_one(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"shares of digits are in \[0.01, 1\)"):
        CompressConfig.model_validate(wrong)
