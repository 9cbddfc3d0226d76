"""Designs of winners that differ in how their circuit is folded: one network, a target of its own for each."""

from collections.abc import Mapping

import pytest
import torch
from problems import Problem

from nac.arch import Compression, Network
from nac.compress import Winner, compress, recipes, subject
from nac.config import CompressConfig, Folding, TrainConfig
from nac.design import Design
from nac.rundir import Run

TRAIN = TrainConfig(epochs=2, batch_size=64, learning_rate=1e-2)
SETTINGS = CompressConfig.model_validate({
    "bits": [6], "sparsity": [0.5], "digits": [0.6], "rounds": 1, "train": TRAIN, "finetune": TRAIN,
    "digits_train": TRAIN,
})  # fmt: skip
FOLDS = {1: Folding("all"), 2: Folding(1, 16), 3: Folding(1)}


def measured(network: Network, folding: Folding) -> Mapping[str, float]:
    return {"lut": 100.0 if folding.fold == "all" else 10.0 + (folding.wait or 0)}


@pytest.fixture(scope="module")
def folded(problem: Problem, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, list[Design]]:
    task, dataset, architecture = problem
    run = Run(tmp_path_factory.mktemp("folded"))
    winners = [Winner(number, architecture, folding=folding) for number, folding in FOLDS.items()]
    compress(winners[:1], task, dataset, run, SETTINGS, seed=0, measure=measured)  # what is there is known as well
    return run, compress(winners, task, dataset, run, SETTINGS, seed=0, measure=measured)


def test_every_design_has_the_target_of_its_genes_and_their_one_network(folded: tuple[Run, list[Design]]) -> None:
    _, designs = folded
    assert [design.record.name for design in designs] == [
        f"t000{number}-w6-s50{digits}" for number in FOLDS for digits in ("", "-d60")
    ]
    for design in designs:
        again, folding = Design.load(design.path), FOLDS[design.record.origin["trial"]]
        target = again.record.task.target
        assert (target.fold, target.wait) == (folding.fold, folding.wait or 0)
        assert {key: again.record.origin.get(key) for key in ("fold", "wait")} == {
            "fold": folding.fold, "wait": folding.wait}  # fmt: skip
        assert again.record.costs == measured(again.network, folding)
        first = next(each for each in designs if each.record.origin.get("digits") == design.record.origin.get("digits"))
        assert again.record.metrics == first.record.metrics
        assert again.record.origin.get("network_of") == (None if design is first else first.record.name)
        own, other = again.network.state_dict(), first.network.state_dict()
        assert all(torch.equal(own[name], other[name]) for name in other)


def test_what_differs_in_more_is_trained_for_itself(folded: tuple[Run, list[Design]], problem: Problem) -> None:
    run, designs = folded
    task, dataset, architecture = problem
    sparse = Winner(4, architecture, Compression(sparsity=0.25), Folding(1))
    own = SETTINGS.model_copy(update={"sparsity": (), "digits": ()})
    (made,) = compress([sparse], task, dataset, run, own, seed=0, measure=measured)
    assert "network_of" not in made.record.origin
    plain = [Winner(5, architecture), Winner(6, architecture)]  # of one fold: these were asked for by number
    networks = [design.network.state_dict() for design in compress(plain, task, dataset, run, own, seed=0)]
    assert any(not torch.equal(networks[0][name], networks[1][name]) for name in networks[0])
    assert designs[0].record.task.target.fold == "all"


def test_winners_of_one_network_are_as_many_subjects_as_circuits(problem: Problem) -> None:
    winners = [Winner(number, problem[2], folding=folding) for number, folding in FOLDS.items()]
    assert len({subject(winner, SETTINGS) for winner in winners}) == 3
    assert len({recipe.training for recipe in recipes(winners, SETTINGS)}) == 2
