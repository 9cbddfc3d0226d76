"""Leaders that are trained again: all of them, never twice, and their mean decides."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from searching import make_setting, search_config

from nac.config import SplitConfig
from nac.global_search import front, results, train_leaders_again, trainings
from nac.global_search.budget import Session, seconds_left
from nac.study import AGAIN, COUNTED, trained_again
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
    assert {training["seconds"] > 0 for each in known.values() for training in each.values()} == {True}
    for found in results(study):
        others = [each["metrics"]["accuracy"] for each in known.get(found.number, {}).values()]
        if len(others) < 4:
            assert found.number not in {leader.number for leader in front(study)}
            others = []
        assert found.metrics["accuracy"] == pytest.approx(np.mean([once[found.number], *others]))
        assert found.values["accuracy"] == found.metrics["accuracy"]
    made.clear()
    train_leaders_again(study, setting.task, listed, 1)
    assert not made
    assert trained_again(study) == known


def test_a_candidate_without_all_trainings_is_judged_by_its_first(tmp_path: Path) -> None:
    setting = make_setting(tmp_path)
    study = setting.search(trials=8)
    first = {found.number: found.metrics["accuracy"] for found in results(study)}
    lucky = front(study)[0].number
    training = {"metrics": {"accuracy": 0.2}, "rescored": {"accuracy": 0.3}, "seconds": 0.1}
    study.set_user_attr(f"{AGAIN}{lucky}", {"seed 1": training})
    assert results(study)[lucky].metrics["accuracy"] == first[lucky]  # nothing counts yet
    study.set_user_attr(COUNTED, ["seed 1"])
    assert results(study)[lucky].metrics["accuracy"] == pytest.approx((first[lucky] + 0.2) / 2)
    study.set_user_attr(COUNTED, ["seed 1", "seed 2"])
    assert results(study)[lucky].metrics["accuracy"] == first[lucky]
    study.set_user_attr(f"{AGAIN}{lucky}", {"seed 1": training, "seed 2": {"error": "diverged", "seconds": 0.1}})
    assert results(study)[lucky].metrics["accuracy"] == pytest.approx((first[lucky] + 0.2) / 2)


def test_when_the_time_is_up_all_leaders_have_what_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    setting = make_setting(tmp_path)
    setting.task.config = setting.task.config.model_copy(update={"search": search_config(timeout=1000.0)})  # type: ignore[misc]
    study = setting.search(trials=8, timeout=1000.0)
    listed = trainings(3, 0, setting.dataset, lambda k: setting.dataset)
    told: list[tuple[str, int, int]] = []

    def tell(*said: Any) -> None:
        told.append(said)
        if "seed 2" in said[0]:  # the time ends in the first training of the second stage
            monkeypatch.setattr("nac.global_search.leaders.time.monotonic", lambda: 1e18)

    train_leaders_again(study, setting.task, listed, 1, on_progress=tell)
    assert "of 2 further trainings of what leads the search 1 count" in caplog.text
    assert study.user_attrs[COUNTED] == ["seed 1"]
    known = trained_again(study)
    assert all("seed 1" in known[leader.number] for leader in front(study))
    assert [done for _, done, _ in told] == list(range(len(told)))
    assert all(done < total for _, done, total in told)
    monkeypatch.undo()
    train_leaders_again(study, setting.task, listed, 1)
    assert all(len(trained_again(study)[leader.number]) == 2 for leader in front(study))


def test_a_time_limit_is_for_the_search_and_its_leaders(tmp_path: Path) -> None:
    setting = make_setting(tmp_path)
    study = setting.search(trials=3, timeout=100.0, repeats=2)
    session = Session.of(study)
    assert session is not None
    assert session.deadline == pytest.approx(session.began + 50)
    settings = search_config(timeout=100.0)
    assert seconds_left(study, settings) == pytest.approx(100 - session.seconds(study))
    study.set_user_attr(f"{AGAIN}0", {"seed 1": {"error": "diverged", "seconds": 30.0}})
    assert seconds_left(study, settings) == pytest.approx(70 - session.seconds(study))
    assert seconds_left(study, search_config()) == np.inf


def test_samples_that_judge_are_in_no_fold(tmp_path: Path) -> None:
    setting = make_setting(tmp_path)
    judging = setting.dataset.judging.x
    for k in range(2):
        fold = setting.task.load([tmp_path / "points.npz"], 0, preprocessing=setting.dataset.preprocessing, fold=(k, 2))
        assert fold.judging.x.equal(judging)
        assert not (fold.train.x[:, None] == judging).all(-1).any()
        assert not (fold.validation.x[:, None] == judging).all(-1).any()


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
