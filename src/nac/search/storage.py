"""Where a study lives: the run's journal file, or a database by its URL."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.storages import BaseStorage, JournalStorage
from sqlalchemy.exc import SQLAlchemyError

from nac.errors import InputError
from nac.rundir import Run
from nac.search.journal import Journal
from nac.search.objectives import Goals

JOURNAL_STUDY = "search"


@contextmanager
def quiet() -> Iterator[None]:
    """Optuna without its own log lines and without warnings about interfaces that may change."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)


def open_study(run: Run, goals: Goals, about: Mapping[str, Any], url: str | None = None) -> optuna.Study:
    """The run's study for writing, new or resumed.

    Args:
        run: its journal is used without a URL.
        goals: what is optimised.
        about: settings that must not change between a start and a resume (genes, seed), stored with the study.
        url: of a database, instead of the journal.

    Raises:
        InputError: a resumed search asks for something else than it began with, or the storage cannot be opened.
    """
    if url is None:
        run.path.mkdir(parents=True, exist_ok=True)
        Journal(run.journal).heal()
    with quiet():
        storage = _storage(run, url)
        study = optuna.create_study(
            storage=storage, study_name=_name(run, url), directions=goals.directions, load_if_exists=True
        )
        asked = {"objectives": goals.names, "limits": [limit.name for limit in goals.limits], **about}
        stored = study.user_attrs
        for key, value in asked.items():
            if key not in stored:
                study.set_user_attr(key, value)
            elif stored[key] != value:
                raise InputError(f"{run.path}: {_difference(key, stored[key], value)}; start a new run for that")
        study.set_metric_names(goals.names)
    return study


def load_study(run: Run | str) -> optuna.Study:
    """The study of a run, or of a database by its URL, also while a search is writing to it.

    Raises InputError when there is none.
    """
    where = run if isinstance(run, str) else str(run.journal)
    if isinstance(run, Run) and not run.journal.is_file():
        raise InputError(f"{run.path}: has no search yet (no {run.journal.name})")
    with quiet():
        storage = _storage(None, run) if isinstance(run, str) else _storage(run, None)
        names = optuna.get_all_study_names(storage)
        if len(names) != 1:
            raise InputError(f"{where}: expected one study, found {len(names)}")
        return optuna.load_study(study_name=names[0], storage=storage)


def _storage(run: Run | None, url: str | None) -> BaseStorage:
    try:
        if url is not None:
            return optuna.storages.get_storage(url)
        assert run is not None
        return JournalStorage(Journal(run.journal))
    except (ValueError, KeyError, OSError, ImportError, StorageInternalError, SQLAlchemyError) as error:
        detail = " ".join(str(error).split())[:200]
        raise InputError(f"{url or (run and run.journal)}: is no storage of a study ({detail})") from error


def _name(run: Run, url: str | None) -> str:
    return JOURNAL_STUDY if url is None else run.path.resolve().name


def _difference(key: str, before: Any, now: Any) -> str:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        name = next(name for name in {**before, **now} if before.get(name) != now.get(name))
        return f"{key} changed since this search began: {name} was {before.get(name)}, now it is {now.get(name)}"
    return f"this search began with {key} {before}, now it is {now}"
