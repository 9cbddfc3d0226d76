"""Many workers on one search: exactly the asked number of trials, whoever comes, goes or is killed."""

import io
import json
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import optuna_dashboard
import postgres
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState
from searching import Setting, make_setting, search_config, work

from nac.errors import InputError, InterruptionError
from nac.global_search import begin_search, budget, front, results, run_of, status
from nac.global_search.journal import Journal
from nac.locks import FileLocks, PostgresLocks, locks_of, worker_name
from nac.rundir import Run, RunRecord, database_url
from nac.study import load_study, quiet
from nac.train import fit
from nac.trial import keep

EPOCHS = 8
ENDLESS = 10**6  # trials of a worker that is to be killed: it must not end before, however late the kill comes
PROCESSES = multiprocessing.get_context("forkserver")


@pytest.fixture(scope="module", autouse=True)
def _preloaded() -> Iterator[None]:
    """Every worker is forked from a process that has imported everything; that one finds modules by PYTHONPATH only."""
    with pytest.MonkeyPatch.context() as patch:
        support = str(Path(postgres.__file__).parent)
        patch.setenv("PYTHONPATH", os.pathsep.join([support, *filter(None, [os.environ.get("PYTHONPATH")])]))
        PROCESSES.set_forkserver_preload(["searching"])
        forkserver.ensure_running()
    yield


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres.server() as url:
        yield url


@pytest.fixture(params=["journal", "postgresql"])
def storage(request: pytest.FixtureRequest) -> str | None:
    return None if request.param == "journal" else str(request.getfixturevalue("server"))


@pytest.fixture
def shared(tmp_path: Path) -> Setting:
    return make_setting(tmp_path, EPOCHS)


def _run(setting: Setting) -> Run:
    """A run whose name no other test uses: it is that of the study on the server."""
    return setting.run(setting.folder.name)


def _begin(setting: Setting, trials: int, storage: str | None) -> Callable[[], optuna.Study]:
    begin_search(setting.task, setting.space, _run(setting), search_config(trials=trials), 1, storage)
    return lambda: load_study(_run(setting), storage)


def _worker(setting: Setting, trials: int, storage: str | None) -> BaseProcess:
    process = PROCESSES.Process(target=work, args=(setting.folder, setting.folder.name, trials, storage, EPOCHS))
    process.start()
    return process


def _wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def _finished(study: optuna.Study) -> dict[int, FrozenTrial]:
    return {trial.number: trial for trial in budget.finished(study.get_trials())}


def _check(setting: Setting, study: optuna.Study, trials: int) -> None:
    """Exactly so many trials, each whole, and none trained twice."""
    found = study.get_trials()
    assert len(budget.counted(found)) == trials
    assert Counter(trial.state for trial in found) == {TrialState.COMPLETE: trials}
    assert [trial.number for trial in found] == list(range(trials))
    trained = [result for result in results(study) if result.duplicate_of is None]
    assert len({result.architecture.hash for result in trained}) == len(trained)
    for result in trained:
        assert (_run(setting).trial(result.number) / "weights.safetensors").is_file()
    for result in results(study):
        if result.duplicate_of is not None:
            assert "duplicate_of" not in found[result.duplicate_of].user_attrs
            assert found[result.duplicate_of].values == found[result.number].values


@pytest.mark.slow
def test_two_of_four_workers_are_killed_and_one_more_comes(shared: Setting, storage: str | None) -> None:
    study = _begin(shared, 30, storage)
    victims = [_worker(shared, ENDLESS, storage) for _ in range(2)]
    workers = [_worker(shared, 30, storage) for _ in range(2)]
    random = np.random.default_rng(7)
    before: dict[int, FrozenTrial] = {}
    for victim, moment in zip(victims, sorted(random.integers(2, 20, 2)), strict=True):
        _wait(lambda moment=moment: len(_finished(study())) >= moment)  # type: ignore[misc]
        time.sleep(random.uniform(0, 0.1))
        victim.kill()
        victim.join()
        before |= _finished(study())
    trials = max(30, len(study().get_trials()) + 1)
    workers.append(_worker(shared, trials, storage))
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in victims + workers] == [-9, -9, 0, 0, 0]
    _check(shared, study(), trials)
    after = _finished(study())
    assert before and {number: after[number] for number in before} == before


@pytest.mark.slow
def test_eight_workers_on_one_journal_lose_nothing(shared: Setting) -> None:
    study = _begin(shared, 40, None)
    workers = [_worker(shared, 40, None) for _ in range(8)]
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0] * 8
    _check(shared, study(), 40)
    assert len({budget.owners(trial)[0] for trial in study().get_trials()}) > 1
    assert not list(_run(shared).workers.iterdir())


def test_a_trial_that_workers_die_of_is_given_up_with_its_reason(shared: Setting) -> None:
    study = begin_search(shared.task, shared.space, _run(shared), search_config(trials=6), 1)
    keep(study.ask(), workers=["one", "two", "three"])
    shared.search(shared.folder.name, trials=6)
    found = study.get_trials()
    assert found[0].state == TrialState.FAIL
    assert found[0].user_attrs["error"] == "WorkError: 3 workers died while they were at it"
    assert len(budget.counted(found)) == 6


def test_a_trial_that_was_interrupted_may_be_interrupted_again(
    shared: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("nac.global_search.candidate.fit", interrupted)
    for _ in range(4):
        with pytest.raises(InterruptionError):
            shared.search(trials=2)
    monkeypatch.setattr("nac.global_search.candidate.fit", fit)
    assert [trial.state for trial in shared.search(trials=2).get_trials()] == [TrialState.COMPLETE] * 2


def test_a_worker_that_was_thought_dead_does_not_overwrite(shared: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    study = _begin(shared, 1, None)()

    def slow(*args: Any, **kwargs: Any) -> Any:
        if not others:
            others.append(True)
            monkeypatch.setattr(FileLocks, "alive", lambda *_: False)
            shared.search(shared.folder.name, trials=1)  # another worker takes the trial over and finishes it
        return fit(*args, **kwargs)

    others: list[bool] = []
    monkeypatch.setattr("nac.global_search.candidate.fit", slow)
    shared.search(shared.folder.name, trials=1)
    (trial,) = study.get_trials()
    assert trial.state == TrialState.COMPLETE
    assert len(budget.owners(trial)) == 2


def test_presence_ends_with_the_context(tmp_path: Path, server: str) -> None:
    run = Run(tmp_path)
    for locks, other in ((FileLocks(run), FileLocks(run)), (PostgresLocks(*_at(server)), PostgresLocks(*_at(server)))):
        name = worker_name()
        assert not other.alive(name)
        with locks.presence(name):
            assert other.alive(name)
            assert not other.alive(worker_name())
        assert not other.alive(name)


def _at(server: str) -> tuple[str, str]:
    return database_url(server), "study"


def test_two_runs_of_the_same_name_share_a_server_and_nothing_else(tmp_path: Path, server: str) -> None:
    settings = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        setting = make_setting(tmp_path / name)
        run = setting.run("same")
        run.path.mkdir()
        run.write(RunRecord(id=f"same-{name}", task=setting.task.config))
        settings.append(setting)
    for setting, trials in zip(settings, (2, 3), strict=True):
        setting.search("same", trials=trials, storage=server)
    for setting, trials in zip(settings, (2, 3), strict=True):
        assert len(load_study(setting.run("same"), server).get_trials()) == trials
        with pytest.raises(InputError, match="found"):
            run_of(server)


def test_a_half_written_line_of_a_killed_worker_is_cut_off_by_the_next(tmp_path: Path) -> None:
    path = tmp_path / "study.journal"
    with quiet():
        journal = Journal(path)
        journal.append_logs([{"op_code": 0}])
        with path.open("ab") as file:
            file.write(b'{"op_code":1,"half')
        journal.append_logs([{"op_code": 2}])
    assert list(Journal(path).read_logs(0)) == [{"op_code": 0}, {"op_code": 2}]


def test_the_status_says_what_happened(shared: Setting) -> None:
    study = shared.search(trials=5)
    study.ask()
    shown = status(study, search_config(trials=9), locks_of(shared.run(), None))
    assert (shown.asked, shown.done, shown.complete, shown.abandoned, shown.finished) == (9, 5, 5, 1, False)
    assert shown.front == len(front(study)) and shown.best["bops"] == min(r.values["bops"] for r in front(study))
    assert shown.trials_per_hour is not None and shown.trials_per_hour > 0
    assert shown.seconds_left == pytest.approx(4 / shown.trials_per_hour * 3600)


def test_the_time_limit_is_that_of_the_search_and_not_of_a_worker(shared: Setting) -> None:
    begin_search(shared.task, shared.space, shared.run(), search_config(trials=50, timeout=1e-3), 1)
    time.sleep(0.01)
    study = shared.search(trials=50, timeout=1e-3, joining=True)
    assert study.get_trials() == []


def test_optunas_own_reader_and_dashboard_read_a_live_search(shared: Setting) -> None:
    shared.search(trials=3)
    with quiet():
        storage = JournalStorage(JournalFileBackend(str(shared.run().journal)))
    app = optuna_dashboard.wsgi(storage)
    told: list[str] = []
    body = b"".join(app({**_REQUEST, "PATH_INFO": "/api/studies/0"}, lambda status, *_: told.append(status)))
    assert told == ["200 OK"]
    assert len(json.loads(body)["trials"]) == 3


_REQUEST = {
    "REQUEST_METHOD": "GET", "SERVER_NAME": "here", "SERVER_PORT": "80", "wsgi.input": io.BytesIO(),
    "wsgi.errors": io.StringIO(), "wsgi.url_scheme": "http", "SERVER_PROTOCOL": "HTTP/1.1",
}  # fmt: skip
