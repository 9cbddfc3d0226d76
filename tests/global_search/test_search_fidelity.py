"""Fewer epochs for the less promising, on the recorded table and in real trainings."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.trial import TrialState, create_trial
from searching import Setting, search_config

from nac.config import FidelityConfig, SearchConfig, load_task
from nac.errors import InputError
from nac.global_search import results, status
from nac.global_search.fidelity import ENOUGH, Climb, Climbed, Ladder, passed_in_a_row, ridge
from nac.global_search.objectives import goals
from nac.global_search.progress import sentence
from nac.global_search.recorded import read_recordings
from nac.locks import locks_of
from nac.space import SearchSpace
from nac.trial import record_of

TRIALS = 24
BENCHMARKS = Path(__file__).resolve().parent.parent.parent / "benchmarks"


@pytest.fixture
def ladder(setting: Setting) -> Ladder:
    """Rungs of a search for accuracy and few bit operations."""
    return Ladder(FidelityConfig(), goals(search_config(), setting.task.metric_names), setting.space)


@pytest.fixture(scope="module", autouse=True)
def _benchmarks_are_importable() -> None:
    sys.path.insert(0, str(BENCHMARKS))


GAIN = 0.3


def recorded(ladder: Ladder, count: int = 3 * ENOUGH) -> list[Climbed]:
    """Trainings whose accuracy grows with the widths, by the same gain after the rung."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(count):
        genotype = ladder.space.canonical(ladder.space.random(rng))
        cost = float(sum(int(value) for name, value in genotype.items() if name.endswith("width")))
        found.append(Climbed(genotype, (0.3 + cost / 100, cost), (0.3 + GAIN + cost / 100, cost)))
    return found


def test_who_will_end_behind_another_ends(ladder: Ladder) -> None:
    others = recorded(ladder)
    dearest = max(others, key=lambda other: other.ended[1])
    accuracy, cost = dearest.ended[0] - GAIN, dearest.ended[1]
    assert ladder.hopeless(dearest.genotype, (accuracy - 0.2, cost * 1.1), others)
    assert not ladder.hopeless(dearest.genotype, (accuracy, min(other.ended[1] for other in others) / 2), others)


def test_before_the_first_epoch_the_genes_decide(ladder: Ladder) -> None:
    others = [other._replace(known=(None, other.ended[1])) for other in recorded(ladder)]
    narrow, wide = (find(others, key=lambda other: other.ended[1]) for find in (min, max))
    assert not ladder.hopeless(wide.genotype, (None, wide.ended[1] - 0.5), others)
    assert ladder.hopeless(narrow.genotype, (None, wide.ended[1]), others)


def test_hardware_costs_are_forecast_too(setting: Setting) -> None:
    config = search_config(quantise={"epochs": 1}, objectives=[{"name": "accuracy"}, {"name": "lut"}], fidelity={})
    ladder = Ladder(FidelityConfig(), goals(config, setting.task.metric_names), setting.space)
    others = [other._replace(known=(None, other.ended[1] / 2)) for other in recorded(ladder)]
    wide = max(others, key=lambda other: other.ended[1])
    dearer = [other._replace(ended=(0.6, other.ended[1])) for other in others]
    cheaper = [other._replace(ended=(0.6, 100 / other.ended[1])) for other in others if other.genotype != wide.genotype]
    assert ladder.hopeless(wide.genotype, wide.known, dearer)
    assert not ladder.hopeless(wide.genotype, (None, 4 * wide.ended[1]), cheaper)


def test_nobody_ends_before_enough_have_gone_on(ladder: Ladder) -> None:
    others = recorded(ladder)
    assert not ladder.hopeless(others[0].genotype, (0.0, 1e9), others[: ENOUGH - 1])
    assert ladder.hopeless(others[0].genotype, (0.0, 1e9), others[:ENOUGH])


def test_what_is_reached_at_a_rung_is_not_compared_with_what_others_have_in_the_end(ladder: Ladder) -> None:
    others = recorded(ladder)
    accuracy, cost = others[0].ended[0] - GAIN + 0.1, others[0].ended[1]
    assert any(other.ended[0] > accuracy and other.ended[1] <= cost for other in others)
    assert not ladder.hopeless(others[0].genotype, (accuracy, cost), others)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_ridge_regression_finds_a_linear_law(seed: int) -> None:
    rng = np.random.default_rng(seed)
    features, law = rng.normal(size=(200, 6)), rng.normal(size=(6, 2))
    own = rng.normal(size=6)
    assert ridge(features, features @ law + 3, own) == pytest.approx(own @ law + 3, abs=0.3)


def test_a_climb_judges_the_best_epoch_so_far() -> None:
    asked: list[tuple[int, float]] = []
    losses = [0.9, 0.5, 0.7, 0.6]
    now: list[float] = []

    def decide(epochs: int, metrics: Mapping[str, float]) -> bool:
        asked.append((epochs, metrics["accuracy"]))
        return epochs == 3

    climb = Climb((1, 3), lambda: {"accuracy": 1 - now[-1]}, decide)
    ended = []
    for epoch, loss in enumerate(losses):
        now.append(loss)
        ended.append(climb(epoch, {"validation_loss": loss}))
    assert ended == [False, False, True, False]
    assert [epochs for epochs, _ in asked] == [1, 3]
    assert [accuracy for _, accuracy in asked] == pytest.approx([0.1, 0.5])


def test_a_training_that_goes_on_ends_as_if_nobody_had_looked(
    setting: Setting, count_fits: Callable[[], int]
) -> None:
    plain = results(setting.search("plain", trials=TRIALS, sampler="random"))
    study = setting.search("rungs", trials=TRIALS, sampler="random", fidelity={"rungs": [1]})
    shorter = 0
    for before, after, trial in zip(plain, results(study), study.get_trials(), strict=True):
        assert before.genotype == after.genotype
        if after.duplicate_of is not None:
            continue
        assert trial.user_attrs["rungs"]["1"][1] == after.values["bops"]
        if trial.user_attrs["training"]["epochs"] == 2:
            assert after.metrics == before.metrics
        else:
            shorter += 1
            assert trial.user_attrs["training"]["epochs"] == 1
            assert after.values["accuracy"] == trial.user_attrs["rungs"]["1"][0]
    assert shorter > 0
    assert count_fits() > 0


@pytest.mark.parametrize("rungs", [[0], [0, 1]])
def test_a_search_with_rungs_in_pieces_is_the_search_in_one(setting: Setting, rungs: list[int]) -> None:
    whole = setting.search("whole", trials=TRIALS, fidelity={"rungs": rungs})
    for trials in (ENOUGH + 4, TRIALS):
        pieces = setting.search("pieces", trials=trials, fidelity={"rungs": rungs})
    assert [(t.params, t.values) for t in pieces.get_trials()] == [(t.params, t.values) for t in whole.get_trials()]
    records = [record_of(trial) for trial in whole.get_trials()]
    ended = [record.training.stopped or record.unpromising for record in records]
    assert any(ended)


def test_a_candidate_that_is_passed_over_is_not_trained(setting: Setting, count_fits: Callable[[], int]) -> None:
    study = setting.search("run", trials=TRIALS, fidelity={})
    passed = [trial for trial in study.get_trials() if "unpromising" in trial.user_attrs]
    trained = [result for result in results(study) if result.duplicate_of is None]
    assert passed
    assert {trial.state for trial in passed} == {TrialState.PRUNED}
    assert len(results(study)) == TRIALS
    assert count_fits() == len(trained)
    now = status(study, search_config(trials=TRIALS), locks_of(setting.run("run"), None))
    assert (now.done, now.passed_over, now.infeasible) == (TRIALS, len(passed), 0)
    assert f"{len(passed)} passed over" in sentence(now)


def test_those_passed_over_are_counted_since_the_last_training() -> None:
    passed = create_trial(state=TrialState.PRUNED, user_attrs={"unpromising": "so"})
    infeasible = create_trial(state=TrialState.PRUNED, user_attrs={"infeasible": "so"})
    trained = create_trial(values=[0.5, 100.0])
    assert passed_in_a_row([passed, trained, passed, infeasible, passed]) == 2


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({"rungs": []}, "rungs"),
        ({"rungs": [5, 3]}, "rise"),
        ({"rungs": [-1]}, "rungs"),
        ({"rungs": [15]}, "less than train.epochs"),
    ],
)
def test_wrong_rungs_are_refused(edit: dict[str, object], expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        load_task("jets", "default", [f"search.fidelity={edit}".replace("'", '"')])


def test_a_training_that_ends_early_is_not_quantised() -> None:
    with pytest.raises(ValueError, match=r"expected \[0\] with quantise"):
        SearchConfig.model_validate({"objectives": [{"name": "bops"}], "fidelity": {"rungs": [1]}, "quantise": {}})


def test_the_recorded_table_holds_every_member() -> None:
    from record_search import members
    from replay import setting as recorded

    _, space, recordings = recorded()
    assert len(recordings) == space.distinct == len(list(members(space)))
    accuracy = np.array([recording.accuracy for recording in recordings.values()])
    assert accuracy.shape == (640, 15)
    assert 0.2 <= accuracy[:, 0].mean() < accuracy[:, -1].mean() < 0.7


@pytest.mark.parametrize("sampler", ["random", "nsga2", "tpe"])
def test_replayed_searches_repeat_and_rungs_save_time(sampler: str) -> None:
    from replay import course, replay, whole_volume

    first, again = (replay(40, 3, sampler=sampler) for _ in range(2))
    assert [(r.genotype, r.values) for r in first] == [(r.genotype, r.values) for r in again]
    seconds, volumes = course(first)
    assert 0 < volumes[-1] < whole_volume()
    quick, _ = course(replay(40, 3, sampler=sampler, fidelity={"rungs": [5]}))
    assert quick[-1] < seconds[-1]


def test_a_broken_table_is_named(tmp_path: Path) -> None:
    space = SearchSpace.load(BENCHMARKS / "recorded" / "jets.yaml")
    file = tmp_path / "broken.csv"
    file.write_text("phi.layers,accuracy_1,seconds_per_epoch\n1,much,0.1\n")
    with pytest.raises(InputError, match=r"broken\.csv: line 2"):
        read_recordings(file, space)
