"""Fewer epochs for the less promising, on the recorded table and in real trainings."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from searching import Setting

from nac.config import FidelityConfig, SearchConfig, load_task
from nac.errors import InputError
from nac.search import results
from nac.search.fidelity import RUNGS, Climb, Ladder
from nac.search.recorded import read_recordings
from nac.space import SearchSpace

BENCHMARKS = Path(__file__).resolve().parent.parent.parent / "benchmarks"
LADDER = Ladder(FidelityConfig(rungs=(1,), keep=0.25), ["maximize", "minimize"])


@pytest.fixture(scope="module", autouse=True)
def _benchmarks_are_importable() -> None:
    sys.path.insert(0, str(BENCHMARKS))


def test_a_candidate_on_the_front_of_its_rung_goes_on() -> None:
    others = [(0.9, 100.0), (0.5, 10.0)]
    assert LADDER.promising((0.7, 50.0), others)
    assert not LADDER.promising((0.4, 60.0), others)
    assert LADDER.promising((0.1, 1e9), [])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=1, max_size=30, unique=True))
def test_who_goes_on_is_no_worse_than_who_ends(points: list[tuple[int, int]]) -> None:
    values = [(float(a), float(b)) for a, b in points]
    go_on = [LADDER.promising(v, values[:i] + values[i + 1 :]) for i, v in enumerate(values)]
    assert any(go_on)
    for ends, value in zip(go_on, values, strict=True):
        if not ends:
            better = [o for o in values if o[0] >= value[0] and o[1] <= value[1] and o != value]
            assert better and any(go_on[values.index(o)] for o in better)


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
    plain = results(setting.search("plain", trials=10, sampler="random"))
    rungs = {"rungs": [1], "keep": 0.01}
    study = setting.search("rungs", trials=10, sampler="random", fidelity=rungs)
    shorter = 0
    for before, after, trial in zip(plain, results(study), study.get_trials(), strict=True):
        assert before.genotype == after.genotype
        if after.duplicate_of is not None:
            continue
        assert trial.user_attrs[RUNGS]["1"][1] == after.values["bops"]
        if trial.user_attrs["training"]["epochs"] == 2:
            assert after.metrics == before.metrics
        else:
            shorter += 1
            assert trial.user_attrs["training"]["epochs"] == 1
            assert after.values["accuracy"] == trial.user_attrs[RUNGS]["1"][0]
    assert shorter > 0
    assert count_fits() > 0


def test_a_search_with_rungs_in_pieces_is_the_search_in_one(setting: Setting) -> None:
    rungs = {"rungs": [1], "keep": 0.2}
    whole = setting.search("whole", trials=12, fidelity=rungs)
    for trials in (5, 12):
        pieces = setting.search("pieces", trials=trials, fidelity=rungs)
    assert [(t.params, t.values) for t in pieces.get_trials()] == [(t.params, t.values) for t in whole.get_trials()]


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({"rungs": []}, "rungs"),
        ({"rungs": [5, 3]}, "rise"),
        ({"rungs": [3], "keep": 1.0}, "keep"),
        ({"rungs": [15]}, "less than train.epochs"),
    ],
)
def test_wrong_rungs_are_refused(edit: dict[str, object], expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        load_task("jets", "default", [f"search.fidelity={edit}".replace("'", '"')])


def test_rungs_are_for_float_searches() -> None:
    with pytest.raises(ValueError, match="without quantise"):
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
    quick, _ = course(replay(40, 3, sampler=sampler, fidelity={"rungs": [5], "keep": 0.25}))
    assert quick[-1] < seconds[-1]


def test_a_broken_table_is_named(tmp_path: Path) -> None:
    space = SearchSpace.load(BENCHMARKS / "recorded" / "jets.yaml")
    file = tmp_path / "broken.csv"
    file.write_text("phi.layers,accuracy_1,seconds_per_epoch\n1,much,0.1\n")
    with pytest.raises(InputError, match=r"broken\.csv: line 2"):
        read_recordings(file, space)
