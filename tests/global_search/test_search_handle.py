"""Canaries: what is done to Optuna from inside still does what it did. Try a new major version here first."""

from importlib import metadata
from pathlib import Path

import optuna
from optuna.samplers import RandomSampler
from optuna.storages import JournalStorage
from optuna.trial import TrialState

from nac.global_search.handle import VERSION, handle
from nac.global_search.journal import Journal


def test_the_version_is_the_one_that_was_looked_into() -> None:
    assert metadata.version("optuna").partition(".")[0] == VERSION, "does `handle` hold for this Optuna?"


def test_a_trial_that_another_process_began_is_gone_on_with(tmp_path: Path) -> None:
    def study() -> optuna.Study:
        return optuna.create_study(
            study_name="s", storage=JournalStorage(Journal(tmp_path / "study.journal")), load_if_exists=True,
            sampler=RandomSampler(seed=1), directions=["maximize"],
        )  # fmt: skip

    begun = study().ask()
    width = begun.suggest_categorical("width", list(range(1000)))
    other = study()
    (left,) = other.get_trials(deepcopy=False)
    assert left.state == TrialState.RUNNING
    trial = handle(other, left)
    assert trial.suggest_categorical("width", list(range(1000))) == width
    again = handle(other, trial)
    again.set_user_attr("error", "none")
    depth = again.suggest_int("depth", 1, 100)
    other.tell(trial, 0.5)
    (ended,) = study().get_trials(deepcopy=False)
    assert (ended.number, ended.state, ended.value) == (0, TrialState.COMPLETE, 0.5)
    assert (ended.params, ended.user_attrs) == ({"width": width, "depth": depth}, {"error": "none"})
