"""Samplers by name: this program's, Optuna's own, those of OptunaHub."""

import importlib
import sys
import warnings
from pathlib import Path

import optuna
import pytest
from optuna.samplers import BruteForceSampler, TPESampler
from searching import search_config

from nac.errors import InputError, WorkError
from nac.global_search.samplers import SAMPLERS, drawing, make_sampler

GENES = {"width": (8, 16, 32), "depth": (1, 2)}
SINGLE = {"CmaEsSampler"}
"""Of one objective only."""


@pytest.mark.parametrize("name", SAMPLERS)
def test_every_sampler_draws_the_genes_of_a_search_with_two_objectives(name: str) -> None:
    settings = search_config(sampler=name)
    drawn = []
    for _ in range(2):
        study = optuna.create_study(directions=["maximize", "minimize"] if name not in SINGLE else ["maximize"])
        for number in range(3):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # some say that they treat choices one by one
                study.sampler = make_sampler(settings, GENES, 7, number)
                trial = study.ask()
                found = {gene: trial.suggest_categorical(gene, choices) for gene, choices in GENES.items()}
            drawn.append(found)
            study.tell(trial, [float(found["width"]), float(found["depth"])][: len(study.directions)])
    assert drawn[:3] == drawn[3:], "the same seed draws the same"


def test_optuna_classes_take_parameters_of_their_own() -> None:
    settings = search_config(sampler={"name": "TPESampler", "params": {"n_startup_trials": 3}})
    sampler = make_sampler(settings, GENES, 1, 2)
    assert type(sampler) is TPESampler
    assert sampler._n_startup_trials == 3
    assert settings.model_dump(mode="json")["sampler"] == {"name": "TPESampler", "params": {"n_startup_trials": 3}}
    assert search_config(sampler="tpe").model_dump(mode="json")["sampler"] == "tpe"


@pytest.mark.parametrize(
    ("sampler", "match"),
    [
        ("annealing", "unknown sampler 'annealing', known: .*CmaEsSampler.* tpe, hub@"),
        ({"name": "tpe", "params": {"heat": 1}}, "sampler 'tpe' has no parameter 'heat', expected some of: genes, "),
        ("hub@samplers/auto_sampler", "hub@samplers/auto_sampler: needs optunahub"),
    ],
)
def test_wrong_samplers_are_refused_before_the_search(sampler: object, match: str) -> None:
    with pytest.raises(InputError, match=match):
        search_config(sampler=sampler)


def test_wrong_values_are_named() -> None:
    settings = search_config(sampler={"name": "nsga2", "params": {"crossover_prob": 7}})
    with pytest.raises(InputError, match=r"search\.sampler: nsga2: .*crossover_prob"):
        make_sampler(settings, GENES, 1, 2)


def test_neighbours_of_what_adds_to_the_front_are_drawn() -> None:
    settings = search_config(sampler={"name": "neighbours", "params": {"start": 3}})
    genes = {"width": (8, 16, 32, 64), "depth": (1, 2, 3), "kind": (0, 1, 2)}
    study = optuna.create_study(directions=["maximize", "minimize"])
    by_width, by_depth = {8: 0.5, 16: 0.7, 32: 0.8, 64: 0.82}, {1: 0.0, 2: 0.05, 3: 0.06}
    drawn: list[dict[str, int]] = []
    for number in range(20):
        study.sampler = make_sampler(settings, genes, 1, number)
        trial = study.ask()
        found = {gene: int(str(trial.suggest_categorical(gene, choices))) for gene, choices in genes.items()}
        if number >= 3:
            changes = [sum(found[gene] != known[gene] for gene in genes) for known in drawn]
            assert min(changes) in (1, 2), "a new one, close to one of those before"
        drawn.append(found)
        study.tell(trial, [by_width[found["width"]] + by_depth[found["depth"]], found["width"] * found["depth"]])
    assert len(study.best_trials) >= 4


def test_what_a_sampler_cannot_do_ends_a_trial_with_its_name() -> None:
    settings = search_config(sampler="CmaEsSampler")
    with pytest.raises(WorkError, match=r"sampler CmaEsSampler: ValueError: .*multi-objective"), drawing(settings):
        raise ValueError("no multi-objective")


def test_packages_of_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "optunahub.py").write_text(
        "import types\nfrom optuna.samplers import BruteForceSampler\n"
        "def load_module(package):\n"
        "    if package != 'samplers/force': raise ModuleNotFoundError(package)\n"
        "    return types.SimpleNamespace(__all__=['Force', 'other'], Force=BruteForceSampler, other=1)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "optunahub", raising=False)
    importlib.invalidate_caches()
    try:
        assert type(make_sampler(search_config(sampler="hub@samplers/force"), GENES, 1, 2)) is BruteForceSampler
        with pytest.raises(InputError, match="hub@samplers/missing: ModuleNotFoundError: samplers/missing"):
            search_config(sampler="hub@samplers/missing")
    finally:
        sys.modules.pop("optunahub", None)
