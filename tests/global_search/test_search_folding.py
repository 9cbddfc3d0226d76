"""A search whose genes say how circuits are folded: one training for all circuits of a network."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
import torch
from optuna.trial import TrialState
from searching import Setting, make_setting, search_config

from nac.arch import Architecture, Compression, Network, quantise
from nac.config import Folding
from nac.design import load_float, load_quantised
from nac.global_search import front, results, run_search, status, train_leaders_again, trainings
from nac.global_search.circuits import is_spent
from nac.locks import locks_of
from nac.space import SearchSpace
from nac.study import trained_again
from nac.tasks import make_task
from nac.trial import record_of

SPACE: dict[str, Any] = {
    "kind": "sequence", "deployable": True, "input": [1, 4], "outputs": 2, "fold": [1, 2, "all"],
    "sequence": {
        "each": {"block": "conv1d", "channels": 2, "kernel": 1}, "flat": {"block": "flatten"},
        "hidden": {"block": "dense", "width": [2, 4]},
    },
}  # fmt: skip
OBJECTIVES = [{"name": "accuracy"}, {"name": "lut"}, {"name": "rate_mhz"}]


@dataclass
class Folded:
    """Circuits as large as they are fast, which may be `known` before any training."""

    made: list[Architecture] = field(default_factory=list)
    measured: list[Folding] = field(default_factory=list)
    known: bool = False

    def forecast(self, architecture: Architecture, compression: Compression, folding: Folding) -> Mapping[str, float]:
        return {"rate_mhz": self._rate(folding)} if self.known else {}

    def _rate(self, folding: Folding) -> float:
        return 4.0 if folding.fold == "all" else float(folding.fold or 0)

    def quantised(self, network: Network, compression: Compression, seed: int) -> Network:
        self.made.append(network.architecture)
        found = quantise(network).train()
        found(torch.ones(8, *network.architecture.input))  # which sets its scales
        return found.eval()

    def measure(self, network: Network, folding: Folding) -> Mapping[str, float]:
        self.measured.append(folding)
        rate = self._rate(folding)
        return {"lut": rate * sum(layer.numel() for layer in network.parameters()), "rate_mhz": rate}


@pytest.fixture
def traces(tmp_path: Path) -> Setting:
    setting = make_setting(tmp_path)
    config = setting.task.config
    task = make_task(config.model_copy(update={"data": config.data.model_copy(update={"shape": (1, 4)})}))
    space = SearchSpace.described("space", SPACE, "space.yaml")
    with np.load(tmp_path / "points.npz") as points:
        np.savez(tmp_path / "traces.npz", x=points["x"][:, None], y=points["y"])
    return replace(setting, task=task, dataset=task.load([tmp_path / "traces.npz"], seed=0), space=space)


def search(setting: Setting, deployment: Folded, name: str = "run", **settings: Any) -> optuna.Study:
    given = {"trials": 24, "quantise": {"epochs": 1}, "objectives": OBJECTIVES, "sampler": "random"}
    asked = search_config(**{**given, **settings})
    return run_search(
        setting.task, setting.space, setting.dataset, setting.run(name), asked, 1, deployment=deployment
    )  # fmt: skip


def test_a_network_is_trained_once_for_all_its_circuits(traces: Setting, count_fits: Callable[[], int]) -> None:
    deployment = Folded()
    study = search(traces, deployment)
    assert count_fits() == len(deployment.made) == 2, "two architectures"
    assert len(deployment.measured) == 6, "three circuits of each"
    found = [result for result in results(study) if result.duplicate_of is None]
    assert {(result.architecture.hash, result.folding.fold) for result in found} == {
        (architecture.hash, fold) for architecture in deployment.made for fold in (1, 2, "all")}  # fmt: skip
    of = {result.number: result for result in found}
    for result in found:
        origin = of[result.network]
        assert (result.metrics, result.intervals) == (origin.metrics, origin.intervals)
        assert record_of(study.trials[result.number]).rescored == record_of(study.trials[origin.number]).rescored
        for load in (load_float, load_quantised):
            own, other = (load(traces.run().trial(each.number)).state_dict() for each in (result, origin))
            assert all(own[name].equal(other[name]) for name in other)
    assert len({result.network for result in found}) == 2
    same = [result for result in front(study) if result.network == found[0].network]
    assert not same or {result.folding.fold for result in same} == {1, 2, "all"}, "all circuits of a network or none"
    for result in results(study):
        if result.duplicate_of is not None:
            assert result.values == of[result.duplicate_of].values
            assert result.folding == of[result.duplicate_of].folding


def test_all_circuits_of_a_network_that_leads_are_measured_and_none_counts(
    traces: Setting, count_fits: Callable[[], int]
) -> None:
    study = search(traces, Folded(), trials=1, sampler="tpe")
    assert count_fits() == 1
    assert [result.folding.fold for result in front(study)] and len(front(study)) == len(study.trials) == 3
    assert [record_of(trial).network_of for trial in study.trials] == [None, 0, 0]
    again = search(traces, Folded(), trials=1, sampler="tpe")
    assert len(again.trials) == 3, "nothing is left to do"
    assert status(study, search_config(trials=1), locks_of(traces.run(), None)).done == 1


def test_a_search_is_not_over_before_the_circuits_of_what_leads(traces: Setting) -> None:
    fewer = replace(traces, space=SearchSpace.described("space", {**SPACE, "fold": [1, 2]}, "space.yaml"))
    study, settings = search(fewer, Folded(), trials=1), search_config(trials=1, quantise={"epochs": 1})
    assert is_spent(study, fewer.space, settings)
    assert not is_spent(study, traces.space, settings), "a circuit is left"
    assert not is_spent(study, fewer.space, settings.model_copy(update={"trials": 2})), "a network is left"


def test_circuits_beyond_a_limit_are_refused_once(traces: Setting) -> None:
    study = search(traces, Folded(known=True), constraints=[{"name": "rate_mhz", "min": 1.5}], trials=2)
    states = {trial.params["fold"]: trial.state for trial in study.trials}
    assert states == {1: TrialState.PRUNED, 2: TrialState.COMPLETE, "all": TrialState.COMPLETE}
    genotypes = [tuple(record_of(trial).genotype.items()) for trial in study.trials]
    assert len(set(genotypes)) == len(genotypes)


def test_where_folds_are_repaired_no_circuit_is_tried_twice(traces: Setting) -> None:
    windows = {"block": "conv1d", "channels": 2, "kernel": 3, "padding": "same"}
    file = {**SPACE, "sequence": {"stem": [{"block": "none"}, windows], **SPACE["sequence"]}}
    setting = replace(traces, space=SearchSpace.described("space", file, "space.yaml"))
    study = search(setting, Folded(), trials=6)
    found = [result for result in results(study) if result.duplicate_of is None]
    assert {result.folding.fold for result in found if result.genotype["stem.block"] == "conv1d"} <= {1, "all"}
    assert len({(result.network, result.folding) for result in found}) == len(found)


def test_a_limit_on_the_rate_is_kept_before_any_training(traces: Setting) -> None:
    deployment = Folded(known=True)
    study = search(traces, deployment, constraints=[{"name": "rate_mhz", "min": 1.5}], trials=8)
    refused = [trial for trial in study.trials if trial.state == TrialState.PRUNED]
    assert {trial.params["fold"] for trial in refused} == {1}
    assert Folding(1) not in deployment.measured
    assert all("expected rate_mhz>=1.5" in str(record_of(trial).infeasible) for trial in refused)


def test_leaders_that_are_circuits_of_one_network_are_trained_again_once(traces: Setting) -> None:
    deployment = Folded()
    study = search(traces, deployment)
    deployment.made.clear()
    listed = trainings(2, 0, traces.dataset, lambda k: traces.dataset)
    train_leaders_again(study, traces.task, listed, 1, lambda dataset: deployment)
    leaders = {result.number: result for result in front(study)}
    assert len(leaders) > len({leader.network for leader in leaders.values()}) == len(deployment.made)
    again = trained_again(study)
    for leader in leaders.values():
        known = [again[number]["seed 1"]["metrics"] for number in again if number in leaders
                 and leaders[number].network == leader.network]  # fmt: skip
        assert known == [again[leader.number]["seed 1"]["metrics"]] * len(known)
