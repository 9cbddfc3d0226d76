"""A search that is interrupted, out of time, cut off or killed: nothing is lost, and it goes on as if it was not."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from searching import SAMPLERS, Setting, drawn, search_config, write_space

from nac.errors import InputError, InterruptionError
from nac.global_search import begin_search, front, results
from nac.global_search.budget import Session
from nac.global_search.samplers import make_sampler
from nac.study import load_study
from nac.train import fit


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_search_in_pieces_is_the_search_in_one(setting: Setting, sampler: str) -> None:
    whole = setting.search("whole", trials=16, sampler=sampler)
    for trials in (3, 4, 9, 16, 16):
        pieces = setting.search("pieces", trials=trials, sampler=sampler)
    assert drawn(pieces) == drawn(whole)


def test_interrupting_keeps_everything_and_resumes(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = setting.search("whole", trials=9)
    calls = []

    def interrupted(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return fit(*args, **kwargs)

    monkeypatch.setattr("nac.global_search.candidate.fit", interrupted)
    with pytest.raises(InterruptionError, match=r"after [34] of 9 trials"):
        setting.search("parts", trials=9)
    assert len(results(load_study(setting.run("parts")))) in (3, 4)
    resumed = setting.search("parts", trials=9)
    assert drawn(resumed) == drawn(whole)
    assert [t.number for t in resumed.trials] == list(range(9))


def test_a_timeout_ends_between_trials(setting: Setting) -> None:
    study = setting.search(trials=10_000, timeout=1.0)
    assert 0 < len(study.trials) < 10_000
    assert all(t.state.is_finished() for t in study.trials)
    assert len(setting.search(trials=10_000, timeout=1.0).trials) == len(study.trials), "its time is up for good"


def test_a_resumed_search_has_what_is_left_of_its_time(setting: Setting) -> None:
    setting.search(trials=2, timeout=100.0)
    first = Session.of(load_study(setting.run()))
    setting.search(trials=3, timeout=100.0)
    setting.search(trials=3, timeout=100.0)
    last = Session.of(load_study(setting.run()))
    assert first is not None and last is not None and last.deadline is not None
    assert first.spent == 0 and 0 < last.spent < 100
    assert last.deadline == pytest.approx(last.began + 100 - last.spent)


def test_a_resumed_search_must_ask_for_the_same(setting: Setting) -> None:
    setting.search(trials=2)
    with pytest.raises(InputError, match="objectives"):
        setting.search(trials=3, objectives=[{"name": "accuracy"}, {"name": "macs"}])
    narrower = {"hidden": {"layers": [1, 2], "width": [2, 3]}, "baselines": {}}
    with pytest.raises(InputError, match=r"genes changed .* hidden\.1\.width was"):
        setting.search(trials=3, space=write_space(setting.folder, narrower))
    with pytest.raises(InputError, match="seed 1, now it is 2"):
        setting.search(trials=3, seed=2)


def test_a_journal_that_ends_in_half_a_line_is_resumed(setting: Setting) -> None:
    whole = setting.search("whole", trials=6)
    setting.search("torn", trials=4)
    with setting.run("torn").journal.open("ab") as file:
        file.write(b'{"op_code":8,"worker_id":"x","trial_')
    assert drawn(setting.search("torn", trials=6)) == drawn(whole)


@pytest.mark.parametrize("finished", [0, 3, 7, 12])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_trial_cut_off_while_its_genes_are_drawn_goes_on_as_it_would_have(
    setting: Setting, sampler: str, finished: int
) -> None:
    whole = setting.search("whole", trials=14, sampler=sampler, baselines=False)
    if finished:
        setting.search("cut", trials=finished, sampler=sampler, baselines=False)
    else:  # a study without any trial
        setting.search("cut", trials=1, sampler=sampler, baselines=False)
    settings = search_config(trials=14, sampler=sampler, baselines=False)
    study = begin_search(setting.task, setting.space, setting.run("cut"), settings, 1, None)
    study.sampler = make_sampler(settings, setting.space.genes, 1, len(study.trials))
    trial = study.ask()
    for name, choices in list(setting.space.genes.items())[:3]:
        trial.suggest_categorical(name, choices)
    assert drawn(setting.search("cut", trials=14, sampler=sampler, baselines=False)) == drawn(whole)


SUPPORT = str(Path(__file__).resolve().parent.parent / "support")
CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, {support!r})
from searching import make_setting
make_setting(Path({folder!r})).search("killed", trials=26)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("sampler", "every"), [("nsga2", 2), ("tpe", 4), ("nsga3", 8), ("gp", 8)])
def test_a_search_cut_off_after_any_write_goes_on_as_if_it_was_not(setting: Setting, sampler: str, every: int) -> None:
    """The samplers differ in what they read of the trials before, not in what is written: fewer cuts do for some."""
    whole = drawn(setting.search("whole", trials=5, population=2, sampler=sampler))
    written = setting.run("whole").journal.read_text().splitlines(keepends=True)
    for kept in range(1, len(written), every):
        run = setting.run(f"cut{kept}")
        run.path.mkdir()
        run.journal.write_text("".join(written[:kept]))
        assert drawn(setting.search(run.path.name, trials=5, population=2, sampler=sampler)) == whole, written[kept - 1]


@pytest.mark.slow
def test_a_killed_search_resumes_to_the_undisturbed_one(setting: Setting) -> None:
    whole = setting.search("whole", trials=26)
    run = setting.run("killed")
    finished: list[Any] = []
    for wanted in (6, 17):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD.format(support=SUPPORT, folder=str(setting.folder))],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        deadline = time.monotonic() + 120
        while child.poll() is None and time.monotonic() < deadline:
            if run.journal.exists() and len(list(run.path.glob("trials/*/architecture.json"))) >= wanted // 2:
                study = load_study(run)
                if len(study.trials) >= wanted:
                    break
            time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        child.wait()
        states = [(t.number, t.values, t.state) for t in load_study(run).trials if t.state.is_finished()]
        assert states[: len(finished)] == finished  # what was finished is not touched
        finished = states
    resumed = setting.search("killed", trials=26)
    assert drawn(resumed) == drawn(whole)
    assert [t.number for t in resumed.trials] == list(range(26))
    assert [r.values for r in front(resumed)] == [r.values for r in front(whole)]
