"""Where a study is written: the run's journal file, or a database by its URL."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import optuna

from nac.errors import InputError
from nac.global_search.journal import Journal
from nac.global_search.objectives import Goals
from nac.rundir import Run
from nac.study import database, journal, quiet, study_name

FOLDER = "folder"


def open_study(run: Run, goals: Goals, about: Mapping[str, Any], url: str | None = None) -> optuna.Study:
    """The run's study for writing, new or resumed.

    Args:
        run: its journal is used without a URL; with one, the study is called as the run's record says.
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
        storage = database(url) if url is not None else journal(Journal(run.journal), run)
        study = optuna.create_study(
            storage=storage, study_name=study_name(run, url), directions=goals.directions, load_if_exists=True
        )
        asked = {"objectives": goals.names, "limits": [limit.name for limit in goals.limits], **about}
        stored = study.user_attrs
        for key, value in asked.items():
            if key not in stored:
                study.set_user_attr(key, value)
            elif stored[key] != value:
                raise InputError(f"{run.path}: {_difference(key, stored[key], value)}; start a new run for that")
        if study.user_attrs.get(FOLDER) != (folder := str(run.path.resolve())):
            study.set_user_attr(FOLDER, folder)
        if study.metric_names != goals.names:
            study.set_metric_names(goals.names)
    return study


def run_of(url: str) -> Run:
    """The run whose search is in a database.

    Raises InputError when there is none, or more than one that is not finished, or its folder cannot be seen from here.
    """
    with quiet():
        storage = database(url)
        studies = [
            optuna.load_study(study_name=name, storage=storage) for name in optuna.get_all_study_names(storage)
        ]
    folders = sorted({str(study.user_attrs[FOLDER]) for study in studies if FOLDER in study.user_attrs})
    if len(folders) != 1:
        raise InputError(f"{url}: expected the study of one run, found {len(folders)}; name its folder instead"
                         + (f" ({', '.join(folders)})" if folders else ""))
    if not (run := Run(Path(folders[0]))).config_file.is_file():
        raise InputError(f"{url}: its run is in {run.path}, which is not there, expected a file system that it shares "
                         "with this machine")
    return run


def serves_many(url: str | None) -> bool:
    """Whether several processes may write to a storage at once: SQLite loses workers on a cold start."""
    return url is None or not url.startswith("sqlite")


def _difference(key: str, before: Any, now: Any) -> str:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        name = next(name for name in {**before, **now} if before.get(name) != now.get(name))
        return f"{key} changed since this search began: {name} was {before.get(name)}, now it is {now.get(name)}"
    return f"this search began with {key} {before}, now it is {now}"
