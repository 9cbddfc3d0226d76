"""The search as a whole: reproducible, resumable, and honest about what did not work."""

import io
from collections.abc import Callable
from typing import Any

import pytest
import torch
from optuna.trial import TrialState
from rich.console import Console
from searching import SAMPLERS, Setting, drawn, search_config, write_space

from nac.design import load_float
from nac.errors import InputError, WorkError
from nac.global_search import best, front, results, run_search
from nac.global_search.samplers import make_sampler
from nac.study import load_study
from nac.tasks import Split
from nac.train import evaluate, fit


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_same_seed_gives_the_same_search(setting: Setting, sampler: str) -> None:
    first = setting.search("first", trials=14, sampler=sampler)
    second = setting.search("second", trials=14, sampler=sampler)
    other = setting.search("other", trials=14, sampler=sampler, seed=2)
    assert drawn(first) == drawn(second)
    assert front(first) and [r.values for r in front(first)] == [r.values for r in front(second)]
    assert [t.params for t in other.trials] != [t.params for t in first.trials]


def test_a_sampler_that_has_tried_everything_ends_the_search(
    setting: Setting, caplog: pytest.LogCaptureFixture
) -> None:
    space = write_space(setting.folder, {"hidden": {"layers": 1, "width": [2, 3, 4]}, "baselines": {}})
    with caplog.at_level("INFO", "nac.global_search"):
        study = setting.search(trials=20, space=space, sampler="BruteForceSampler")
    assert sorted(t.params["hidden.1.width"] for t in study.trials) == [2, 3, 4]
    assert {t.state for t in study.trials} == {TrialState.COMPLETE}
    assert caplog.text.count("tried all that there is") == 1


def test_baselines_come_first_and_every_gene_is_suggested(setting: Setting) -> None:
    study = setting.search(trials=12)
    assert [t.user_attrs.get("baseline") for t in study.trials][:3] == ["wide", "narrow", None]
    assert study.trials[0].params == setting.space.baselines["wide"]
    assert all(set(t.params) == set(setting.space.genes) for t in study.trials)


def test_without_baselines_none_is_tried(setting: Setting) -> None:
    assert all("baseline" not in t.user_attrs for t in setting.search(trials=4, baselines=False).trials)


def test_nsga2_inherits_every_gene_that_has_a_choice(setting: Setting) -> None:
    study = setting.search(trials=10, sampler="nsga2")
    sampler = make_sampler(search_config(sampler="nsga2"), setting.space.genes, seed=5, index=10)
    with_choice = {name for name, choices in setting.space.genes.items() if len(choices) > 1}
    study.ask()
    trial = study.trials[-1]
    space = sampler.infer_relative_search_space(study, trial)
    assert set(space) == with_choice
    assert space == {name: study.trials[0].distributions[name] for name in with_choice}
    child = sampler.sample_relative(study, trial, space)
    assert len(child) >= len(with_choice) - 4  # all but those that mutate
    parents = [t.params for t in study.trials if t.number != trial.number]
    assert all(any(parent[name] == value for parent in parents) for name, value in child.items())


def test_weights_and_architectures_are_written_and_give_the_recorded_metric(setting: Setting) -> None:
    for result in results(setting.search(trials=8)):
        folder = setting.run().trial(result.number)
        assert folder.exists() == (result.duplicate_of is None)
        if result.duplicate_of is None:
            network = load_float(folder)
            assert network.architecture == result.architecture == setting.space.decode(result.genotype)
            assert evaluate(network, setting.dataset.validation, setting.task) == result.metrics
            known = result.intervals["accuracy"]
            assert known.low < result.metrics["accuracy"] <= known.high
            assert known.standard_error > 0


def test_a_duplicate_reuses_the_result_and_says_so(setting: Setting, count_fits: Callable[[], int]) -> None:
    space = write_space(setting.folder, {"hidden": {"layers": 1, "width": [2, 3]}, "baselines": {}})
    study = setting.search(trials=12, space=space, sampler="random")
    assert count_fits() == 2
    originals = {t.number: t for t in study.trials if "duplicate_of" not in t.user_attrs}
    assert len(originals) == 2
    for trial in study.trials:
        if trial.number not in originals:
            original = originals[trial.user_attrs["duplicate_of"]]
            assert (trial.values, trial.user_attrs["hash"]) == (original.values, original.user_attrs["hash"])
            assert "training" not in trial.user_attrs
    assert all(result.duplicate_of is None for result in front(study))


def test_genes_that_do_not_matter_do_not_hide_a_duplicate(setting: Setting, count_fits: Callable[[], int]) -> None:
    narrow = {"hidden.layers": 1, "hidden.1.width": 2}
    twins = {"one": narrow, "two": {**narrow, "hidden.2.width": 8}}
    study = setting.search(trials=2, space=write_space(setting.folder, {"baselines": twins}))
    assert count_fits() == 1
    assert study.trials[1].user_attrs["duplicate_of"] == 0


def test_the_infeasible_are_never_trained_and_do_not_count(setting: Setting, count_fits: Callable[[], int]) -> None:
    limit = [{"name": "accuracy"}, {"name": "bops", "max": 4000}]
    study = setting.search(trials=10, objectives=limit, constraints=[{"name": "parameters", "min": 10}])
    states = [t.state for t in study.trials]
    assert states.count(TrialState.COMPLETE) == 10
    assert states[0] == TrialState.PRUNED  # the wide baseline
    assert count_fits() == sum("training" in t.user_attrs for t in study.trials) <= 10
    for trial in study.trials:
        broken = {name for name, violation in trial.constraints.items() if violation > 0}
        assert bool(broken) == (trial.state == TrialState.PRUNED)
        assert trial.constraints["bops<=4000"] == pytest.approx(trial.user_attrs["costs"]["bops"] / 4000 - 1)
        if broken:
            assert "bops is" in trial.user_attrs["infeasible"] or "parameters is" in trial.user_attrs["infeasible"]
    assert all(result.values["bops"] <= 4000 for result in front(study))


def test_a_broken_limit_on_a_metric_is_infeasible_after_training(setting: Setting) -> None:
    study = setting.search(trials=6, constraints=[{"name": "accuracy", "min": 2.0}])
    assert {t.state for t in study.trials} == {TrialState.COMPLETE}
    assert results(study) and not front(study)
    assert all(not result.feasible for result in results(study))


def test_nothing_feasible_is_a_wrong_input(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nac.global_search.budget.INFEASIBLE_IN_A_ROW", 20)
    with pytest.raises(InputError, match=r"none of 20 candidates .* space tiny .* bops<=1\b"):
        setting.search(objectives=[{"name": "accuracy"}, {"name": "bops", "max": 1}])


def test_repairs_are_recorded(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    def shrunk(genotype: dict[str, Any]) -> dict[str, Any]:
        return {**genotype, "hidden.1.width": min(genotype["hidden.1.width"], 4)}

    monkeypatch.setattr(setting.space, "repair", shrunk)
    monkeypatch.setattr(setting.space, "problems", list)
    trial = setting.search(trials=1).trials[0]
    assert trial.params["hidden.1.width"] == 8
    assert trial.user_attrs["genotype"]["hidden.1.width"] == 4
    assert trial.user_attrs["repairs"] == {"hidden.1.width": [8, 4]}
    assert trial.user_attrs["architecture"]["blocks"][0]["width"] == 4


@pytest.mark.parametrize("error", [WorkError("diverged"), RuntimeError("CUDA out of memory"), FloatingPointError("x")])
def test_a_failure_is_recorded_and_the_search_goes_on(
    setting: Setting, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def failing(network: Any, *args: Any, **kwargs: Any) -> Any:
        if len(network.architecture.blocks) == 2:
            raise error
        return fit(network, *args, **kwargs)

    monkeypatch.setattr("nac.global_search.candidate.fit", failing)
    study = setting.search(trials=8)
    failed = [t for t in study.trials if t.state == TrialState.FAIL]
    assert len(study.trials) == 8
    assert failed and len(failed) < 8
    assert all(t.user_attrs["error"] == f"{type(error).__name__}: {error}" for t in failed)
    assert all(t.values is None for t in failed)


def test_ten_failures_in_a_row_end_the_search(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*args: Any, **kwargs: Any) -> Any:
        raise WorkError("the loss is nan")

    monkeypatch.setattr("nac.global_search.candidate.fit", failing)
    with pytest.raises(WorkError, match=r"10 candidates in a row failed.*the loss is nan"):
        setting.search(trials=30)
    assert len(load_study(setting.run()).trials) == 10


def test_a_mistake_in_the_program_is_not_a_failed_trial(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*args: Any, **kwargs: Any) -> Any:
        raise TypeError("a bug")

    monkeypatch.setattr("nac.global_search.candidate.fit", wrong)
    with pytest.raises(TypeError):
        setting.search()


def test_wrong_settings_are_refused_before_anything_is_written(setting: Setting) -> None:
    with pytest.raises(InputError, match=r"search.objectives.1.name: expected one of .*accuracy.*distance_pxl"):
        setting.search(objectives=[{"name": "accuracy"}, {"name": "distance_pxl"}])
    with pytest.raises(InputError, match="distance_px'"):
        setting.search(constraints=[{"name": "distance_px", "max": 1}])
    with pytest.raises(InputError, match="at least one of accuracy"):
        setting.search(objectives=[{"name": "bops"}])
    with pytest.raises(InputError, match="gelu"):
        hidden = {"layers": 1, "width": 2, "activation": "gelu"}
        setting.search(space=write_space(setting.folder, {"hidden": hidden, "baselines": {}}))
    assert not setting.run().path.exists()


def test_progress_says_how_far_and_how_good(setting: Setting) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=160)
    limits = [{"name": "accuracy"}, {"name": "bops", "max": 4000}]
    study = run_search(
        setting.task, setting.space, setting.dataset, setting.run(), search_config(trials=4, objectives=limits), 1,
        console=console,
    )  # fmt: skip
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "4/4" in shown
    assert f"best accuracy {best(front(study), 'accuracy'):.4g}" in shown
    assert f"front {len(front(study))}" in shown
    assert "infeasible" in shown


def test_a_metric_that_cannot_be_measured_is_named_before_any_training(
    setting: Setting, count_fits: Callable[[], int]
) -> None:
    validation = setting.dataset.validation
    setting.dataset.validation = Split(validation.x, torch.zeros_like(validation.y), validation.preprocessing)
    with pytest.raises(InputError, match=r"auc_macro cannot be measured on the .* samples of the validation split"):
        setting.search(objectives=({"name": "auc_macro"}, {"name": "bops"}))
    assert count_fits() == 0
