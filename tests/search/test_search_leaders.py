"""Leaders that are trained again: all of them, never twice, and their mean decides."""

from pathlib import Path

import numpy as np
import pytest
from searching import make_setting

from nac.config import SplitConfig
from nac.search import front, results, train_leaders_again, trainings
from nac.study import trained_again
from nac.tasks import Dataset
from nac.tasks.split import SplitRows, folded


def test_all_on_the_front_are_trained_again_once_and_their_mean_counts(tmp_path: Path) -> None:
    setting = make_setting(tmp_path)
    study = setting.search(trials=8)
    once = {found.number: found.metrics["accuracy"] for found in results(study)}
    files, made = [tmp_path / "points.npz"], []

    def fold(index: int) -> Dataset:
        made.append(index)
        return setting.task.load(files, 0, preprocessing=setting.dataset.preprocessing, fold=(index, 2))

    listed = trainings(3, 2, setting.dataset, fold)
    assert [training.name for training in listed] == ["seed 1", "seed 2", "fold 1", "fold 2"]
    train_leaders_again(study, setting.task, listed, 1)
    known = trained_again(study)
    assert {found.number for found in front(study)} <= set(known)
    for found in results(study):
        others = [each["metrics"]["accuracy"] for each in known.get(found.number, {}).values()]
        assert len(others) == 4 or found.number not in {leader.number for leader in front(study)}
        assert found.metrics["accuracy"] == pytest.approx(np.mean([once[found.number], *others]))
        assert found.values["accuracy"] == found.metrics["accuracy"]
    made.clear()
    train_leaders_again(study, setting.task, listed, 1)
    assert not made
    assert trained_again(study) == known


def test_a_training_that_diverges_is_on_record_and_does_not_count(tmp_path: Path) -> None:
    setting = make_setting(tmp_path)
    study = setting.search(trials=4)
    before = [found.values for found in front(study)]
    settings = setting.task.config.train.model_copy(update={"learning_rate": 1e30, "optimiser": "sgd"})
    setting.task.config = setting.task.config.model_copy(update={"train": settings})  # type: ignore[misc]
    train_leaders_again(study, setting.task, trainings(2, 0, setting.dataset, lambda k: setting.dataset), 1)
    assert all("diverged" in known["seed 1"]["error"] for known in trained_again(study).values())
    assert [found.values for found in front(study)] == before


def test_folds_divide_all_but_the_test_split() -> None:
    rows = SplitRows(np.arange(0, 70), np.arange(70, 90), np.arange(90, 100), "event")
    columns = {"event": np.arange(100) // 2}
    parts = [folded(rows, None, columns, SplitConfig(), 0, (k, 3)) for k in range(3)]
    assert np.array_equal(np.sort(np.concatenate([part.validation for part in parts])), np.arange(90))
    for part in parts:
        assert np.array_equal(part.test, rows.test)
        assert not set(columns["event"][part.train]) & set(columns["event"][part.validation])
        assert len(part.train) + len(part.validation) == 90
    plain = folded(rows._replace(by=None), np.repeat([0, 1], 50), {}, SplitConfig(), 0, (0, 3))
    assert np.bincount(np.repeat([0, 1], 50)[plain.validation]).tolist() == [16, 14]
