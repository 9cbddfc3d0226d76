"""A search of quantised networks: what is recorded is the network that would be built."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import optuna
import pytest
import torch
from optuna.trial import TrialState
from searching import Setting, search_config, write_space

from nac.arch import Architecture, Compression, Network, measured_workload, quantise
from nac.config import AS_TARGET, Folding
from nac.cost import costs
from nac.design import load_quantised
from nac.errors import InputError
from nac.global_search import Infeasible, front, goals, results, run_search
from nac.train import evaluate, fit

QUANTISE = {"epochs": 2, "batch_size": 64, "learning_rate": 0.01}
OBJECTIVES = [{"name": "accuracy"}, {"name": "lut"}]


@dataclass
class Fake:
    """A deployment that prunes to a prefix of the weights, and counts the rest as LUTs."""

    setting: Setting
    impossible: tuple[int, ...] = ()
    forecast_lut: float | None = None
    made: list[Compression] = field(default_factory=list)

    def forecast(
        self, architecture: Architecture, compression: Compression, folding: Folding = AS_TARGET
    ) -> Mapping[str, float]:
        return {} if self.forecast_lut is None else {"lut": self.forecast_lut * len(architecture.blocks)}

    def quantised(self, network: Network, compression: Compression, seed: int) -> Network:
        self.made.append(compression)
        found = quantise(network)
        masks = {}
        for name in found.weighted:
            mask = torch.ones_like(found.weight(name))
            mask.view(-1)[: int(compression.sparsity * mask.numel())] = 0
            masks[name] = mask
        settings = search_config(quantise=QUANTISE).quantise
        assert settings is not None
        fit(found, self.setting.dataset, self.setting.task, settings, seed=seed, masks=masks)
        return found

    def measure(self, network: Network, folding: Folding = AS_TARGET) -> Mapping[str, float]:
        if len(network.architecture.blocks) in self.impossible:
            raise Infeasible("it does not fit")
        ops = measured_workload(network)
        return {**costs(ops), "lut": sum(op.density * op.outputs * op.fan_in for op in ops)}


def search(setting: Setting, deployment: Fake, name: str = "run", **settings: Any) -> optuna.Study:
    edit = {
        "bits": {"input": 8, "weights": [3, 8], "activations": 6}, "sparsity": [0, 0.5],
        "baselines": {"wide": {"hidden.layers": 2, "hidden.*.width": 8, "sparsity": 0}},
    }  # fmt: skip
    space = write_space(setting.folder, edit)
    asked = search_config(**{"trials": 10, "quantise": QUANTISE, "objectives": OBJECTIVES, **settings})
    return run_search(setting.task, space, setting.dataset, setting.run(name), asked, 1, deployment=deployment)


def test_values_are_those_of_the_quantised_network_that_is_kept(setting: Setting) -> None:
    deployment = Fake(setting)
    study = search(setting, deployment)
    assert {Compression(0.0), Compression(0.5)} == set(deployment.made)
    for result in results(study):
        if result.duplicate_of is not None:
            continue
        network = load_quantised(setting.run().trial(result.number))
        assert evaluate(network, setting.dataset.validation, setting.task) == result.metrics
        assert deployment.measure(network) == result.costs
        assert result.values["lut"] == result.costs["lut"]
        assert result.compression.sparsity == result.genotype["sparsity"]
        assert network.architecture.bits.weights == result.genotype["bits.weights"]


def test_one_architecture_compressed_differently_is_no_duplicate(setting: Setting) -> None:
    space = write_space(
        setting.folder,
        {"hidden": {"layers": 1, "width": [2]}, "sparsity": [0, 0.5], "digits": [1, 0.25], "baselines": {}},
    )
    asked = search_config(trials=20, quantise=QUANTISE, objectives=OBJECTIVES, sampler="random")
    deployment = Fake(setting)
    study = run_search(setting.task, space, setting.dataset, setting.run(), asked, 1, deployment=deployment)
    every = {Compression(sparsity, digits) for sparsity in (0.0, 0.5) for digits in (1.0, 0.25)}
    assert len(deployment.made) == 4 and set(deployment.made) == every
    found = results(study)
    for result in found:
        if result.duplicate_of is not None:
            original = found[result.duplicate_of]
            assert (result.values, result.costs) == (original.values, original.costs)
            assert result.compression == original.compression
    assert {result.compression for result in found if result.duplicate_of is None} == every


def test_a_limit_on_luts_is_judged_on_the_network_and_refused_by_forecast(setting: Setting) -> None:
    limited = [{"name": "accuracy"}, {"name": "lut", "max": 20}]
    study = search(setting, Fake(setting), objectives=limited)
    assert all((result.values["lut"] <= 20) == result.feasible for result in results(study))
    assert front(study) and not all(result.feasible for result in results(study))

    deployment = Fake(setting, forecast_lut=15.0)  # 15 for one hidden layer, 30 for two
    refused = search(setting, deployment, "forecast", objectives=limited)
    pruned = [t for t in refused.trials if t.state == TrialState.PRUNED]
    reason = "lut is at least 30 as forecast, expected lut<=20"
    assert pruned and all(reason in t.user_attrs["infeasible"] for t in pruned)
    assert all(len(t.user_attrs["architecture"]["blocks"]) == 2 and t.constraints["lut<=20"] == 0.5 for t in pruned)
    trained = [r for r in results(refused) if r.duplicate_of is None]
    assert len(deployment.made) == len(trained)
    assert all(len(result.architecture.blocks) == 1 for result in trained)


def test_costs_that_weights_decide_are_refused_only_when_no_weights_could_keep_the_limit(setting: Setting) -> None:
    study = search(setting, Fake(setting), objectives=[{"name": "accuracy"}, {"name": "bops", "max": 900}])
    for trial in study.trials:
        if trial.state == TrialState.PRUNED:
            assert "bops is at least" in trial.user_attrs["infeasible"]
        else:
            assert trial.values[1] == trial.user_attrs["costs"]["bops"]


def test_what_can_be_no_circuit_is_infeasible_and_not_failed(setting: Setting) -> None:
    study = search(setting, Fake(setting, impossible=(2,)))
    unbuilt = [t for t in study.trials if len(t.user_attrs["architecture"]["blocks"]) == 2]
    assert unbuilt and {t.state for t in unbuilt} == {TrialState.PRUNED}
    assert all(t.constraints["buildable"] == 1 and t.user_attrs["infeasible"] == "it does not fit" for t in unbuilt)


def test_hardware_costs_need_quantised_networks() -> None:
    with pytest.raises(InputError) as caught:
        goals(search_config(objectives=OBJECTIVES, constraints=[{"name": "ff", "max": 3}]), ("accuracy",))
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("search.objectives.1.name: lut is known of quantised networks only, expected search.q")
    assert lines[1].startswith("search.constraints.0.name: ff is known")
    with pytest.raises(InputError, match="at least one of accuracy"):
        goals(search_config(objectives=[{"name": "lut"}], quantise=QUANTISE), ("accuracy",))


def test_the_search_is_reproducible(setting: Setting) -> None:
    def seen(name: str) -> list[Any]:
        return [replace(result, seconds=0.0) for result in results(search(setting, Fake(setting), name))]

    assert seen("first") == seen("second")
