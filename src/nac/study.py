"""Reading the study of a run, in its journal or in a database, also while a search is writing to it."""

import statistics
import warnings
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import BaseJournalBackend
from optuna.trial import FrozenTrial
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from nac.config.base import explained
from nac.errors import InputError
from nac.journal import JournalReader
from nac.rundir import Run, database_url

AGAIN = "again/"
"""Before the number of a trial: the attribute of the study with what other trainings of its candidate reached."""
COUNTED = "trainings"
"""The attribute of the study with the names of the other trainings that count."""

Trainings = Mapping[str, Mapping[str, Any]]

JOURNAL_STUDY = "search"
# What opening a storage raises that is none, or a journal that is not Optuna's or was edited.
BROKEN_STUDY = (OSError, ValueError, LookupError, TypeError, AttributeError, AssertionError, ImportError,
                StorageInternalError, SQLAlchemyError)  # fmt: skip


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


def load_study(run: Run, url: str | None = None) -> optuna.Study:
    """The study of a run, as far as it is written. Raises InputError when there is none, or it cannot be read."""
    if url is None and not run.journal.is_file():
        raise InputError(f"{run.path}: has no search yet (no {run.journal.name})")
    if (study := find_study(run, url)) is None:
        raise InputError(f"{url or run.journal}: holds no study {study_name(run, url)!r}")
    return study


def find_study(run: Run, url: str | None = None) -> optuna.Study | None:
    """The study of a run, None when it has none yet.

    Args:
        run: its journal is read without a URL; with one, the study is called as the run's record says.
        url: of a database.

    Raises InputError when the journal or the database cannot be read.
    """
    if url is None and not run.journal.is_file():
        return None
    with quiet():
        storage = database(url) if url is not None else journal(JournalReader(run.journal), run)
        name = study_name(run, url)
        known = name in optuna.get_all_study_names(storage)
        return optuna.load_study(study_name=name, storage=storage) if known else None


def study_name(run: Run, url: str | None) -> str:
    """What the study of a run is called where it is stored."""
    return JOURNAL_STUDY if url is None else run.study_name


def journal(backend: BaseJournalBackend, run: Run) -> BaseStorage:
    """The storage in a run's journal. Raises InputError when that is none."""
    with _named(str(run.journal)):
        return JournalStorage(backend)


def database(url: str) -> BaseStorage:
    """The storage in a database. Raises InputError when it cannot be reached, or is none."""
    with _named(url):
        storage = RDBStorage(database_url(url))
        weakref.finalize(storage, storage.engine.dispose)
        return optuna.storages.get_storage(storage)


@contextmanager
def _named(where: str) -> Iterator[None]:
    try:
        yield
    except BROKEN_STUDY as error:
        raise InputError(f"{where}: is no storage of a study ({brief(error)})") from error


def brief(error: Exception) -> str:
    """The first words of an error, on one line."""
    return " ".join(str(error).split())[:200]


@contextmanager
def expecting_a_search(trial: FrozenTrial, where: str = "study") -> Iterator[None]:
    """Reading what a search wrote of a finished trial. Raises InputError where it is something else."""
    try:
        yield
    except ValidationError as error:
        raise InputError(explained(error, f"{where}: trial {trial.number}")) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{where}: trial {trial.number} has other attributes than a search writes "
                         f"({brief(error)})") from error


def trained_again(study: optuna.Study) -> dict[int, Trainings]:
    """What other trainings of candidates reached, by trial and name: `metrics`, `rescored` (or `error`), `seconds`."""
    return {
        int(key.removeprefix(AGAIN)): found
        for key, found in study.user_attrs.items()
        if key.startswith(AGAIN) and key.removeprefix(AGAIN).isdecimal() and isinstance(found, Mapping)
    }


def counted_trainings(study: optuna.Study, names: Sequence[str] | None = None) -> dict[int, Trainings]:
    """The other trainings `names` (by default those that the study counts), by trial, of trials that had all of them.

    Any other trial is judged by its first training alone: a mean of some would compare unlike with unlike.
    """
    names = study.user_attrs.get(COUNTED, ()) if names is None else names
    return {
        number: {name: found[name] for name in names}
        for number, found in trained_again(study).items()
        if all(name in found for name in names)
    }


def averaged(
    metrics: Mapping[str, float], others: Sequence[Mapping[str, float]]
) -> tuple[dict[str, float], dict[str, float]]:
    """The mean of metrics over one training and the others, and their standard deviation where there are several."""
    if not others:
        return dict(metrics), {}
    values = {name: [value, *(other[name] for other in others if name in other)] for name, value in metrics.items()}
    return (
        {name: statistics.fmean(known) for name, known in values.items()},
        {name: statistics.stdev(known) for name, known in values.items() if len(known) > 1},
    )
