"""The record of a trial: what is written is read back, wrong attributes are named, older ones are read."""

import math

import optuna
import pytest

from nac.errors import InputError
from nac.study import quiet
from nac.trial import Measured, Training, TrialRecord, keep, record_of


@pytest.fixture
def trial() -> optuna.Trial:
    with quiet():
        return optuna.create_study().ask()


def test_what_is_kept_is_read_back_as_it_was(trial: optuna.Trial) -> None:
    assert record_of(trial) == TrialRecord()
    genotype = {"layers": 2, "width": 8, "norm": "batch", "bias": True, "rate": 0.5}
    keep(trial, genotype=genotype, workers=["one"], rungs={"1": [0.5, None]})
    keep(trial, metrics={"accuracy": math.nan}, rescored=Measured(metrics={"accuracy": 0.25}), workers=["one", "two"])
    keep(trial, training=Training(seconds=1.5, epochs=3))
    record = record_of(trial)
    assert record.genotype == genotype and [*map(type, record.genotype.values())] == [int, int, str, bool, float]
    assert record.workers == ("one", "two") and record.rungs["1"] == [0.5, None]
    assert math.isnan(record.metrics["accuracy"]) and record.rescored == Measured(metrics={"accuracy": 0.25})
    assert record.training.seconds == 1.5 and not record.training.stopped
    assert trial.user_attrs["training"] == {"seconds": 1.5, "epochs": 3}


def test_attributes_that_no_search_writes_are_refused_and_those_of_others_left_alone(trial: optuna.Trial) -> None:
    with pytest.raises(TypeError, match="a trial has no colour"):
        keep(trial, colour="red")
    trial.set_user_attr("note", "of a dashboard")
    trial.set_user_attr("training", {"seconds": 3.0})  # as an early version wrote it
    assert record_of(trial).training == Training(seconds=3.0)
    trial.set_user_attr("duplicate_of", "the first")
    with pytest.raises(InputError, match=r"study: trial 0: duplicate_of: .*found 'the first'"):
        record_of(trial)
