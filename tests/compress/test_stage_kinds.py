"""Designs of other kinds: mixed precision, fewer channels, another order, tuned trainings."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from problems import Problem, line
from pydantic import ValidationError

from nac.arch import Aggregate, Dense, Network, bit_widths, copied, workload
from nac.arch.quantisers import FIXED_POINT
from nac.compress import Winner, compress, recipes
from nac.compress.mixed import redistribute
from nac.compress.tuning import load_tuned, tune
from nac.config import CompressConfig, TrainConfig
from nac.cost import COSTS, bops, ebops
from nac.design import Design
from nac.errors import InputError, WorkError
from nac.rundir import Run
from nac.train import fit, validation_loss

TRAIN = {"epochs": 6, "batch_size": 64, "learning_rate": 1e-2}
ORDERS = ["prune_then_quantise", "quantise_then_prune", "joint"]


def make(problem: Problem, folder: Path, **settings: Any) -> list[Design]:
    task, dataset, architecture = problem
    given = {"bits": [4], "sparsity": [0.0], "rounds": 2, "train": TRAIN, "finetune": TRAIN, **settings}
    return compress(
        [Winner(3, architecture)], task, dataset, Run(folder), CompressConfig.model_validate(given), seed=0
    )  # fmt: skip


@pytest.mark.parametrize("cost", ["bops", "ebops"])
def test_mixed_precision_costs_no_more_than_uniform(problem: Problem, tmp_path: Path, cost: str) -> None:
    uniform, mixed = make(problem, tmp_path, mixed=[4], mixed_cost=cost)
    assert [uniform.record.name, mixed.record.name] == ["t0003-w4-s00", "t0003-m4-s00"]
    assert len(set(bit_widths(mixed.record.architecture).values())) > 1
    assert not uniform.record.architecture.layer_bits
    measure = {"bops": bops, "ebops": ebops}[cost]
    assert measure(workload(mixed.record.architecture)) <= measure(workload(uniform.record.architecture))
    assert mixed.record.metrics["test"]["accuracy"] > 0.9
    again = Design.load(mixed.path)
    assert again.record == mixed.record
    assert torch.equal(again.network(problem[1].test.x), mixed.network(problem[1].test.x))


def test_mixed_precision_at_a_cost_of_ones_own(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    task, dataset, architecture = problem
    network = Network(architecture.with_bits(weights=4, activations=4), quantiser=FIXED_POINT)
    network(dataset.train.x[:64])  # which measures its ranges
    monkeypatch.setitem(COSTS._own, "wires", replace(COSTS["ebops"], name="wires"))
    assert CompressConfig.model_validate({"mixed_cost": "wires"}).mixed_cost == "wires"
    found, expected = (redistribute(network, dataset.train, task, cost=cost) for cost in ("wires", "ebops"))
    assert found.architecture == expected.architecture
    with pytest.raises(InputError, match=r"compress.mixed_cost: macs does not change with bit widths"):
        redistribute(network, dataset.train, task, cost="macs")
    with pytest.raises(ValidationError, match="unknown cost 'beauty'"):
        CompressConfig.model_validate({"mixed_cost": "beauty"})


def test_weights_pay_for_activations(problem: Problem) -> None:
    """The same cost, a smaller loss at once where weights are not narrowed, the same result every time."""
    task, dataset, architecture = problem
    torch.manual_seed(0)
    network = Network(architecture.with_bits(weights=4, activations=4), quantiser=FIXED_POINT)
    fit(network, dataset, task, TrainConfig.model_validate(TRAIN), seed=0)
    found, again = (redistribute(network, dataset.train, task) for _ in range(2))
    assert found.architecture == again.architecture
    assert bops(workload(found.architecture)) <= bops(workload(network.architecture))
    changed = {name: bits - 4 for name, bits in found.architecture.layer_bits.items()}
    assert sum(change for name, change in changed.items() if name in network.weighted) == -1
    assert all(change > 0 for name, change in changed.items() if name not in network.weighted)
    assert len(changed) > 1
    raised = {name: bits for name, bits in found.architecture.layer_bits.items() if name not in network.weighted}
    wider = copied(network, network.architecture.with_layer_bits(raised))
    assert validation_loss(wider, dataset.train, task) < validation_loss(network, dataset.train, task)
    assert bit_widths(found.architecture)["input"] == 8
    assert not network.architecture.layer_bits, "the network given is left as it is"


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_reaches_the_sparsity_at_the_width(problem: Problem, tmp_path: Path, order: str) -> None:
    (design,) = make(problem, tmp_path, order=order, sparsity=[0.5])
    assert design.record.sparsity == pytest.approx(0.5, abs=0.03)
    assert design.record.bits == 4
    assert design.record.origin["compress"]["order"] == order
    assert design.record.metrics["test"]["accuracy"] > 0.9


def test_a_smaller_architecture_is_saved_as_such(problem: Problem, tmp_path: Path) -> None:
    whole, half = make(problem, tmp_path, structured=[0.0, 0.5])
    assert half.record.name == "t0003-w4-s00-c50"
    assert half.record.origin["removed"] == 0.5
    assert [block.model_dump()["width"] for block in half.record.architecture.blocks] == [8, 4]
    assert half.record.costs["macs"] < 0.5 * whole.record.costs["macs"]
    assert half.record.origin["float"] == whole.record.origin["float"], "both are compared with the whole network"
    assert half.record.metrics["test"]["accuracy"] > 0.9
    assert (tmp_path / "trials" / "0003" / "float-c50" / "architecture.json").is_file()


def test_tuned_trainings_are_kept_and_used(problem: Problem, tmp_path: Path) -> None:
    (plain,) = make(problem, tmp_path)
    (plain.path / "design.json").unlink()
    (design,) = make(problem, tmp_path, tune=6)
    tuned = load_tuned(tmp_path / "trials" / "0003")
    assert tuned is not None
    assert tuned.trials == 6
    assert tuned.loss <= tuned.start_loss
    assert design.record.origin["train"] == tuned.train.model_dump(mode="json")
    assert design.record.origin["float"] != plain.record.origin["float"], "the reference is trained anew"
    (design.path / "design.json").unlink()
    (again,) = make(problem, tmp_path)
    assert again.record.origin["train"] == design.record.origin["train"], "what was found is used afterwards"


def test_tuning_finds_a_better_rate_and_is_repeatable() -> None:
    task, dataset, architecture = line()
    slow = TrainConfig(epochs=4, batch_size=64, learning_rate=1e-4)

    def fresh() -> Network:
        torch.manual_seed(0)
        return Network(architecture)

    first, second = (tune(fresh, dataset, task, slow, 8, seed=1) for _ in range(2))
    assert first == second
    assert first.loss < 0.5 * first.start_loss
    assert first.train.epochs == slow.epochs


def test_trainings_that_all_diverge_are_an_error() -> None:
    task, dataset, architecture = line()
    broken = Network(architecture)
    with torch.no_grad():
        broken.weight("output").fill_(float("nan"))
    with pytest.raises(WorkError, match="all of 2 trainings diverged"):
        tune(lambda: broken, dataset, task, TrainConfig(epochs=1, batch_size=64), 2, seed=0)


def test_only_the_default_pruner_goes_with_quantising_first() -> None:
    with pytest.raises(ValueError, match="order: joint removes weights as gradual does"):
        CompressConfig.model_validate({"order": "joint", "pruner": ["random"]})


def test_winners_without_an_exact_form_are_refused(problem: Problem) -> None:
    uneven = problem[2].model_copy(update={"input": (3, 6), "blocks": (Dense(width=4), Aggregate())})
    with pytest.raises(InputError, match=r"trial 0 cannot be quantised exactly: .*mean over 6 particles"):
        recipes([Winner(0, uneven)], CompressConfig.model_validate({"bits": [8]}))
    for bits in (10, 16):
        settings = CompressConfig.model_validate({"bits": [bits], "sparsity": [0]})
        assert len(recipes([Winner(0, problem[2])], settings)) == 1
