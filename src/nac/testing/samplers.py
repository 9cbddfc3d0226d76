"""The contract of a sampler."""

from typing import Any

import optuna

from nac.config import SearchConfig
from nac.global_search.samplers import make_sampler

GENES = {"width": (4, 8, 16), "kind": ("mean", "max"), "bits": (8,)}
TRIALS = 12


def check_sampler(name: str, **params: Any) -> None:
    """It draws every gene from its choices, and the same again from the same history, seed and index.

    Args:
        name: under which it is registered.
        params: of it, where it needs some.
    """
    first, again = (_drawn(name, params, TRIALS) for _ in range(2))
    assert first == again, "expected the same candidates for the same seed"
    assert len({tuple(sorted(genotype.items())) for genotype in first}) > 1, "every candidate is the same"


def _drawn(name: str, params: dict[str, Any], trials: int) -> list[dict[str, Any]]:
    settings = SearchConfig.model_validate(
        {"objectives": [{"name": "bops"}], "population": 4, "sampler": {"name": name, "params": params}}
    )
    study = optuna.create_study(directions=["maximize", "minimize"])
    found = []
    for index in range(trials):
        study.sampler = make_sampler(settings, GENES, seed=0, index=index)
        trial = study.ask()
        genotype = {gene: trial.suggest_categorical(gene, choices) for gene, choices in GENES.items()}
        assert all(genotype[gene] in choices for gene, choices in GENES.items()), f"{genotype} is not of the space"
        width = float(str(genotype["width"]))
        study.tell(trial, [1 - 1 / width, width * (2 if genotype["kind"] == "max" else 1)])
        found.append(genotype)
    return found
