"""A search whose trials are trainings that give fronts: the front of the search is that of all their networks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import optuna
import pytest
from searching import Setting, search_config, write_space

from nac.arch import Architecture, Compression, Network
from nac.config import Folding
from nac.errors import InputError
from nac.global_search import Infeasible, front, results, run_search, select
from nac.space import changes
from nac.trial import record_of

OBJECTIVES = [{"name": "accuracy"}, {"name": "lut"}]


@dataclass
class FakeFronts:
    """Fronts of three networks that cost a third, two thirds and all of the LUTs of a network."""

    trained: list[tuple[str, float]] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    lost: tuple[int, ...] = ()
    parents: list[str | None] = field(default_factory=list)
    followed: bool = False

    def forecast(self, architecture: Architecture, compression: Compression, folding: Folding) -> Mapping[str, float]:
        return {}

    def quantised(self, network: Network, compression: Compression, seed: int) -> Network:
        raise AssertionError("a front has many")

    def follows(self, architecture: Architecture, parent: Path) -> bool:
        return self.followed

    def front(
        self, network: Network, seed: int, share: float, folder: Path, folding: Folding, parent: Path | None
    ) -> Sequence[Network]:
        self.trained.append((folder.name, share))
        self.parents.append(parent.name if parent else None)
        self.costs = [share * part for part in (1 / 3, 2 / 3, 1)]
        return [network] * 3

    def measure(self, network: Network, folding: Folding) -> Mapping[str, float]:
        part = self.costs.pop(0)
        if len(self.costs) in self.lost:
            raise Infeasible("too large")
        return {"lut": part * sum(layer.numel() for layer in network.parameters())}


def search(
    setting: Setting, fronts: FakeFronts, name: str = "run", short: float = 0.0, warm: float = 0.0, **settings: Any
) -> optuna.Study:
    space = write_space(setting.folder, {"bits": {"input": 8, "weights": [8], "activations": 8}})
    given = {"trials": 5, "fronts": {"short": short, "warm_start": warm}, "sampler": "neighbours"}
    asked = search_config(**{"objectives": OBJECTIVES, **given, **settings})
    return run_search(setting.task, space, setting.dataset, setting.run(name), asked, 1, deployment=fronts)


def test_every_network_of_a_front_is_a_result_of_its_own(setting: Setting) -> None:
    study = search(setting, FakeFronts())
    found = results(study)
    trained = [trial for trial in study.trials if record_of(trial).points]
    assert len(found) == 3 * len(trained) + len(study.trials) - len(trained)
    assert {(result.number, result.point) for result in found} >= {(trained[0].number, point) for point in range(3)}
    first = [result.values["lut"] for result in found if result.number == trained[0].number]
    assert first == sorted(first)
    assert trained[0].values[1] == first[0], "equally good ones are led by the cheapest"
    assert {result.point for result in front(study)} == {0}
    assert len({(result.number, result.point) for result in select(study, 5)}) == 5


def test_a_whole_training_follows_where_the_short_one_adds_enough(setting: Setting) -> None:
    fronts = FakeFronts()
    study = search(setting, fronts, short=0.25, trials=8)
    records = [record_of(trial) for trial in study.trials if record_of(trial).points]
    assert all(len(record.short) == 3 for record in records)
    whole = [name for name, share in fronts.trained if share == 1]
    assert len(whole) == sum(not record.training.stopped for record in records)
    assert 3 <= len(whole) < len(records), "the first are trained in full, and some are not"


def test_neighbours_go_on_from_the_nearest_training_without_a_short_one(setting: Setting) -> None:
    fronts = FakeFronts(followed=True)
    study = search(setting, fronts, short=0.25, warm=0.5, trials=12)
    records = {trial.number: record_of(trial) for trial in study.trials if record_of(trial).points}
    heirs = {number: record for number, record in records.items() if record.parent is not None}
    assert heirs and len(heirs) < len(records)
    for number, record in heirs.items():
        assert not record.short and not record.training.stopped
        taken = {known.parent for other, known in heirs.items() if other < number}
        near = {other: len(changes(record.genotype, known.genotype)) for other, known in records.items()
                if other < number and other not in taken}  # fmt: skip
        assert record.parent is not None and near[record.parent] == min(near.values()) <= 2
    asked = dict(zip((name for name, _ in fronts.trained), fronts.parents, strict=True))
    assert {name: parent for name, parent in asked.items() if parent} == {
        f"{number:04d}": f"{record.parent:04d}" for number, record in heirs.items()
    }
    alone = FakeFronts(followed=False)
    search(setting, alone, "alone", short=0.25, warm=0.5)
    assert not any(alone.parents) and {share for _, share in alone.trained} == {0.25, 1.0}


def test_a_search_that_was_cut_off_goes_on_as_if_nothing_had_happened(setting: Setting) -> None:
    undisturbed = search(setting, FakeFronts(), "whole")
    search(setting, FakeFronts(), "cut", trials=2)
    resumed = search(setting, FakeFronts(), "cut")
    assert [(trial.params, trial.values) for trial in resumed.trials] == [
        (trial.params, trial.values) for trial in undisturbed.trials
    ]


def test_networks_that_cannot_be_built_or_break_a_limit_are_left_out(setting: Setting) -> None:
    study = search(setting, FakeFronts(lost=(0,)), trials=2)
    assert {result.point for result in results(study)} <= {0, 1}
    largest = max(result.values["lut"] for result in results(study))
    limited = [{"name": "accuracy"}, {"name": "lut", "max": largest - 1}]
    within = search(setting, FakeFronts(), "limited", trials=2, objectives=limited)
    assert all(result.values["lut"] < largest for result in results(within) if result.feasible)
    none = search(setting, FakeFronts(lost=(0, 1, 2)), "none", trials=1, timeout=1e-6, baselines=False)
    assert not results(none)


@pytest.mark.parametrize(("settings", "match"), [
    ({"quantise": {"epochs": 1}}, "quantise: trainings that give fronts have none"),
    ({"fidelity": {}}, "fidelity: trainings that give fronts have none"),
    ({"repeats": 2}, "repeats, folds: fronts are not trained again"),
])  # fmt: skip
def test_what_does_not_go_with_fronts_is_refused(settings: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        search_config(fronts={}, **settings)
