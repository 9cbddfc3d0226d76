"""A sampler."""

from typing import Any

import numpy as np
from optuna import Study
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial

Space = dict[str, BaseDistribution]


class Mutations(BaseSampler):
    """A trial of the front with one gene drawn anew, and each of the others in one case of eight; the first are random.

    What a sampler wants of `genes`, `population_size` and `seed`, it takes by keyword. It is made anew for every trial,
    so that a search which was killed goes on as it would have.
    """

    def __init__(self, genes: dict[str, Any], population_size: int, seed: int) -> None:
        self.genes, self.first = genes, population_size
        self.random = np.random.default_rng(seed)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> Space:
        """Every gene with a choice."""
        return {name: CategoricalDistribution(c) for name, c in sorted(self.genes.items()) if len(c) > 1}

    def sample_relative(self, study: Study, trial: FrozenTrial, search_space: Space) -> dict[str, Any]:
        """The genes of a parent, some of them drawn anew."""
        parents = study.best_trials if trial.number >= self.first else []
        parent = parents[self.random.integers(len(parents))].params if parents else {}
        mutated = {name for name in search_space if name not in parent or self.random.random() < 1 / 8}
        mutated |= {list(search_space)[self.random.integers(len(search_space))]} if search_space else set()
        return {name: self._drawn(name) if name in mutated else parent[name] for name in search_space}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """A gene on its own."""
        return self._drawn(param_name)

    def _drawn(self, name: str) -> Any:
        return self.genes[name][self.random.integers(len(self.genes[name]))]
