"""Fronts, ranks, winners and volumes, read from studies that are made up, stored, or being written."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from searching import Setting

from nac.arch import Architecture
from nac.arch.blocks import Dense
from nac.errors import InputError
from nac.global_search import front, hypervolume, ranked, results, run_search, select
from nac.global_search.journal import Journal
from nac.rundir import Run
from nac.study import load_study, quiet


def study_of(points: Sequence[tuple[float, float]], **more: Sequence[int]) -> optuna.Study:
    """A study of accuracy (up) and bops (down); `infeasible` and `duplicates` are positions in `points`."""
    with quiet():
        study = optuna.create_study(directions=["maximize", "minimize"])
        study.set_metric_names(["accuracy", "bops"])
    for i, (accuracy, bops) in enumerate(points):
        attributes = {
            "architecture": Architecture(input=(4,), blocks=(Dense(width=i + 1),), outputs=2).model_dump(mode="json"),
            "genotype": {},
            "metrics": {"accuracy": accuracy},
            "costs": {"bops": bops},
            **({"duplicate_of": 0} if i in more.get("duplicates", ()) else {}),
        }
        study.add_trial(
            optuna.trial.create_trial(
                values=[accuracy, bops],
                user_attrs=attributes,
                constraints={"bops<=1": 1.0 if i in more.get("infeasible", ()) else -1.0},
            )
        )
    return study


def numbers(found: Sequence[object]) -> list[int]:
    return [result.number for result in found]  # type: ignore[attr-defined]


def test_the_front_leaves_out_the_dominated_the_infeasible_and_duplicates() -> None:
    points = [(0.6, 10.0), (0.5, 5.0), (0.5, 20.0), (0.9, 1.0), (0.6, 10.0), (0.7, 100.0)]
    study = study_of(points, infeasible=[3], duplicates=[4])
    assert numbers(front(study)) == [5, 0, 1]
    assert [numbers(rank) for rank in ranked(study)] == [[5, 0, 1], [2]]
    assert len(results(study)) == 6
    assert not results(study)[3].feasible


def test_equal_results_of_different_networks_both_stay() -> None:
    assert numbers(front(study_of([(0.6, 10.0), (0.6, 10.0)]))) == [0, 1]


def test_no_result_is_an_empty_front() -> None:
    study = study_of([])
    assert front(study) == [] == select(study, 3)
    assert hypervolume(study, {"accuracy": 0.0, "bops": 1.0}) == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=1, max_size=12), st.integers(1, 12))
def test_ranks_and_winners_of_any_results(points: list[tuple[int, int]], n: int) -> None:
    study = study_of([(float(a), float(b)) for a, b in points])
    ranks = ranked(study)
    assert sorted(i for rank in ranks for i in numbers(rank)) == list(range(len(points)))
    for better, worse in pairwise(ranks):
        for w in worse:
            assert any(
                b.values["accuracy"] >= w.values["accuracy"]
                and b.values["bops"] <= w.values["bops"]
                and b.values != w.values
                for b in better
            )
    chosen = select(study, n)
    assert len(set(numbers(chosen))) == len(chosen) == min(n, len(points))
    assert chosen[0].values["accuracy"] == max(a for a, _ in points)
    on_front = len(ranks[0])
    assert set(numbers(chosen[:on_front])) <= set(numbers(ranks[0]))


def test_winners_spread_over_decades_of_cost() -> None:
    points = [(0.60 + 0.001 * i, 1e5 + 100 * i) for i in range(10)] + [(0.4, 1e3), (0.52, 1e4)]
    chosen = select(study_of(points), 3)
    assert numbers(chosen)[0] == 9
    assert {10, 11} & set(numbers(chosen))
    assert len({round(np.log10(result.costs["bops"])) for result in chosen}) == 3


def test_of_winners_with_equal_keys_the_best_one_is_chosen() -> None:
    study = study_of([(0.6, 10.0), (0.5, 5.0), (0.4, 2.0), (0.55, 20.0), (0.1, 30.0)])
    parity = [result.number for result in select(study, 5, lambda result: result.number % 2)]
    assert parity == [0, 1]  # of the front 0, 1 and 2 the others; 3 and 4 are behind it and have known keys
    assert numbers(select(study, 5, lambda result: result.number >= 3)) == [0, 3]
    assert numbers(select(study, 1, lambda result: result.number >= 3)) == [0]


def test_hypervolume_is_the_dominated_area() -> None:
    study = study_of([(0.6, 10.0), (0.5, 5.0), (0.1, 1.0)], infeasible=[2])
    assert hypervolume(study, {"accuracy": 0.4, "bops": 20.0}) == pytest.approx(0.2 * 10 + 0.1 * 5)
    assert hypervolume(study, {"accuracy": 0.7, "bops": 20.0}) == 0
    with pytest.raises(InputError, match="no reference value for bops"):
        hypervolume(study, {"accuracy": 0.4})


def test_a_stored_study_is_read_as_it_was(setting: Setting) -> None:
    study = setting.search(trials=6)
    stored = load_study(setting.run())
    assert results(stored) == results(study)
    assert stored.metric_names == ["accuracy", "bops"]
    assert [result.architecture for result in front(stored)] == [result.architecture for result in front(study)]


def test_a_database_works_as_well(setting: Setting) -> None:
    url = f"sqlite:///{setting.folder}/studies.db"
    given = (setting.task, setting.space, setting.dataset)
    settings_ = setting.task.config.search.model_copy(update={"trials": 5, "population": 4})
    run_search(*given, setting.run("a"), settings_, 1, storage=url)
    found = [(r.values, r.genotype, r.metrics) for r in results(load_study(setting.run("a"), url))]
    assert found == [(r.values, r.genotype, r.metrics) for r in results(setting.search("b", trials=5))]
    assert not setting.run("a").journal.exists()


def test_reading_does_not_wait_for_the_writers_lock(setting: Setting) -> None:
    setting.search(trials=2)
    journal = setting.run().journal
    Path(f"{journal}.lock").symlink_to(journal)  # as a writer holds it
    assert len(results(load_study(setting.run()))) == 2


def test_the_lock_of_a_dead_writer_is_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nac.global_search.journal.LOCK_SECONDS", 3)
    monkeypatch.chdir(tmp_path)
    journal = Journal(Path("study.journal"))
    Path(f"{journal.path}.lock").symlink_to(journal.path)
    with quiet():
        journal.append_logs([{"op_code": 0}])
    assert list(journal.read_logs(0)) == [{"op_code": 0}]


def test_what_is_no_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no search yet"):
        load_study(Run(tmp_path))
    (tmp_path / "study.journal").write_text("")
    with pytest.raises(InputError, match="holds no study"):
        load_study(Run(tmp_path))
    (tmp_path / "study.journal").write_text("no json\nat all\n")
    with pytest.raises(InputError, match=r"study\.journal: line 1 is no entry of a study"):
        load_study(Run(tmp_path))
    with pytest.raises(InputError, match="is no storage of a study"):
        load_study(Run(tmp_path), "nosuchdb://here")
