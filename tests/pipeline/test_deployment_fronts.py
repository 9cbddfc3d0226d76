"""A search whose trials give fronts of learned widths, down to the designs and the table that show them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from searching import Setting, make_setting

from nac.compress import Winner, compress
from nac.compress.learned.front import FOLDER, load_front
from nac.config import CompressConfig, FrontsConfig, LearnedConfig, TaskConfig, TrainConfig, validate
from nac.design import load_float
from nac.errors import InputError
from nac.global_search import front, results, run_search, select
from nac.pipeline.deployment import LearnedFronts, deployment_for
from nac.report.collect import point_row
from nac.space import SearchSpace
from nac.tasks import make_task
from nac.trial import record_of

TRAIN = TrainConfig(epochs=12, batch_size=64, learning_rate=1e-2, cycles=2)
LEARNED = LearnedConfig(designs=3, alone=True, beta=(1e-4, 1e-2), cost="adders", train=TRAIN, finish=TRAIN)


@pytest.fixture
def learning(tmp_path: Path) -> Setting:
    setting = make_setting(tmp_path)
    given = setting.task.config.model_dump(mode="json")
    given["search"] |= {
        "fronts": {"short": 0.5}, "sampler": "neighbours", "trials": 3, "population": 4,
        "objectives": [{"name": "accuracy"}, {"name": "lut"}],
    }  # fmt: skip
    given["compress"] |= {"learned": LEARNED.model_dump(mode="json"), "train": {"epochs": 2}, "teachers": 2}
    return replace(setting, task=make_task(validate(TaskConfig, given, "test")))


def test_networks_on_the_front_of_fronts_become_designs_without_another_training(learning: Setting) -> None:
    config, run = learning.task.config, learning.run()
    deployment = deployment_for(learning.task, learning.dataset)
    assert isinstance(deployment, LearnedFronts)
    study = run_search(
        learning.task, learning.space, learning.dataset, run, config.search, 1, deployment=deployment
    )  # fmt: skip
    found = {(result.number, result.point): result for result in results(study)}
    assert {number for number, _ in found} == {0, 1, 2} and {point for _, point in found} >= {0}
    rows = [point_row(trial.number, point) for trial in study.trials for point in record_of(trial).points]
    assert [row["name"] for row in rows] == [f"{number:04d}-l{point:02d}" for number, point in sorted(found)]
    assert all(row["lut"] == found[key].costs["lut"] for row, key in zip(rows, sorted(found), strict=True))
    assert {row["architecture"] for row in rows} - {result.architecture.summary() for result in found.values()}
    chosen = select(study, 2)
    assert {(result.number, result.point) for result in chosen} <= found.keys()
    assert all(result in front(study) for result in chosen[:1])
    folders = [run.trial(result.number) / FOLDER for result in chosen]
    before = {file: file.read_bytes() for folder in folders for file in folder.iterdir()}
    winners = [Winner(result.number, result.architecture, point=result.point) for result in chosen]
    designs = compress(winners, learning.task, learning.dataset, run, config.compress, seed=1)
    assert [design.record.name for design in designs] == [
        f"t{result.number:04d}-l{result.point:02d}" for result in chosen
    ]
    assert {file: file.read_bytes() for file in before} == before, "the search's own fronts"
    assert all(len(load_front(folder) or ()) <= LEARNED.designs for folder in folders)


def test_fronts_need_to_know_how_they_are_trained(learning: Setting) -> None:
    config = learning.task.config
    search = config.search.model_copy(update={"fronts": FrontsConfig()})
    given = {**config.model_dump(mode="json"), "search": search.model_dump(mode="json"),
             "compress": CompressConfig().model_dump(mode="json")}  # fmt: skip
    with pytest.raises(InputError, match=r"search.fronts: needs compress.learned"):
        validate(TaskConfig, given, "test")


def test_a_front_is_trained_at_the_price_of_its_own_circuit(learning: Setting, tmp_path: Path) -> None:
    config, run = learning.task.config, learning.run()
    data = config.data.model_copy(update={"shape": (1, 4)})
    task = make_task(config.model_copy(update={"data": data}))
    with np.load(tmp_path / "points.npz") as points:
        np.savez(tmp_path / "traces.npz", x=points["x"][:, None], y=points["y"])
    space = SearchSpace.described("space", {
        "kind": "sequence", "deployable": True, "input": [1, 4], "outputs": 2, "fold": [1, "all"],
        "sequence": {"flat": {"block": "flatten"}, "hidden": {"block": "dense", "width": 8}},
    }, "space.yaml")  # fmt: skip
    deployment = deployment_for(task, task.load([tmp_path / "traces.npz"], seed=0))
    assert isinstance(deployment, LearnedFronts)
    settings = config.search.model_copy(update={"fronts": FrontsConfig(), "trials": 6})
    study = run_search(task, space, deployment.dataset, run, settings, 3, deployment=deployment)
    first = {result.folding.fold: result for result in results(study) if result.duplicate_of is None}
    assert {fold: result.costs["ii"] for fold, result in first.items()} == {1: 4, "all": 1}
    assert all(result.network_of is None for result in first.values()), "what it costs is a part of the training"
    costs = {}
    for fold, result in first.items():
        points_of = load_front(run.trial(result.number) / FOLDER)
        assert points_of
        costs[fold] = max(point.cost for point in points_of)
    assert costs[1] != costs["all"]
    assert {fold: deployment.forecast(result.architecture, result.compression, result.folding)["ii"]
            for fold, result in first.items()} == {1: 4, "all": 1}  # fmt: skip


def test_a_neighbour_goes_on_from_a_whole_training_by_the_same_settings(learning: Setting) -> None:
    config, run = learning.task.config, learning.run()
    search = config.search.model_copy(update={"fronts": FrontsConfig(short=0.0, warm_start=0.9), "trials": 6})
    learned = LEARNED.model_copy(update={"designs": 9, "train": TRAIN.model_copy(update={"cycles": 6})})
    compression = config.compress.model_copy(update={"learned": learned})
    config = config.model_copy(update={"search": search, "compress": compression})
    task = make_task(config)
    deployment = deployment_for(task, learning.dataset)
    assert isinstance(deployment, LearnedFronts)
    study = run_search(task, learning.space, learning.dataset, run, search, 1, deployment=deployment)
    records = {trial.number: record_of(trial) for trial in study.trials if record_of(trial).points}
    heirs = {number: record.parent for number, record in records.items() if record.parent is not None}
    assert heirs
    for number, parent in heirs.items():
        mine, theirs = (load_front(run.trial(each) / FOLDER, learned) for each in (number, parent))
        assert mine and theirs
        assert min(point.epoch for point in mine) > min(point.epoch for point in theirs)
    number, parent = next(iter(heirs.items()))
    architecture = load_float(run.trial(number)).architecture
    assert deployment.follows(architecture, run.trial(parent))
    other = replace(deployment, learned=learned.model_copy(update={"beta": (1e-4, 2e-2)}))
    assert not other.follows(architecture, run.trial(parent))
    early = search.model_copy(update={"fronts": FrontsConfig(warm_start=1e-9)})
    task = make_task(config.model_copy(update={"search": early}))
    assert not replace(deployment, task=task).follows(architecture, run.trial(parent))
