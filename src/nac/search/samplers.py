"""How the next candidate is chosen."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, GPSampler, NSGAIIISampler, NSGAIISampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial

from nac.config import SearchConfig
from nac.space import Value

Genes = Mapping[str, Sequence[Value]]


def derived_seed(seed: int, *index: int) -> int:
    """A seed of its own for every index, the same on every machine."""
    return int(np.random.SeedSequence([seed, *index]).generate_state(1)[0])


class _AllGenes(BaseSampler):
    """Every gene with a choice is sampled together with the others.

    Optuna's samplers find that out from all earlier trials, for every candidate anew; a flat genotype is known.
    """

    def __init__(self, genes: Genes, **settings: Any) -> None:
        super().__init__(**settings)
        self.genes = genes

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """The genes in alphabetical order, as Optuna has them."""
        return {
            name: CategoricalDistribution(choices) for name, choices in sorted(self.genes.items()) if len(choices) > 1
        }


class Nsga2(_AllGenes, NSGAIISampler):
    """NSGA-II that inherits every gene."""

    def get_parent_population(self, study: optuna.Study, generation: int) -> list[FrozenTrial]:
        """The parents of a generation, the same for the candidate that they are selected for as for later ones.

        Optuna gives the later ones, and the first one once more if it was cut off there, the parents in another order.
        """
        return sorted(super().get_parent_population(study, generation), key=lambda parent: parent.number)


class Nsga3(_AllGenes, NSGAIIISampler):
    """NSGA-III that inherits every gene."""

    def get_parent_population(self, study: optuna.Study, generation: int) -> list[FrozenTrial]:
        """As `Nsga2`'s. The selection also draws random numbers, which must not change those of the candidate."""
        state = self._rng.rng.get_state()
        parents = super().get_parent_population(study, generation)
        self._rng.rng.set_state(state)
        return sorted(parents, key=lambda parent: parent.number)


class Tpe(_AllGenes, TPESampler):
    """Multivariate TPE over every gene."""


class Gp(_AllGenes, GPSampler):
    """Gaussian processes over every gene: the expected gain in hypervolume, also besides candidates in training."""

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """As Optuna's, but a candidate that was cut off is none of those in training when it is drawn again."""
        self.own = trial.number
        return super().sample_relative(study, trial, search_space)

    def _sample_relative_impl(
        self, study: optuna.Study, completed_trials: list[FrozenTrial], running_trials: list[FrozenTrial],
        search_space: dict[str, BaseDistribution],
    ) -> dict[str, Any]:
        others = [running for running in running_trials if running.number != self.own]
        return super()._sample_relative_impl(study, completed_trials, others, search_space)


def make_sampler(settings: SearchConfig, genes: Genes, seed: int, index: int) -> BaseSampler:
    """The sampler for candidate number `index`.

    A new one for every candidate: what it draws then depends on the study's history, the seed and the index
    only, so that a search which was killed and resumed draws what an undisturbed one would have drawn.
    """
    own = derived_seed(seed, index)
    population = max(2, settings.population)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        match settings.sampler:
            case "nsga2":
                return Nsga2(genes, population_size=population, seed=own)
            case "nsga3":
                return Nsga3(genes, population_size=population, seed=own)
            case "tpe":
                return Tpe(genes, multivariate=True, constant_liar=True, seed=own)
            case "gp":
                return Gp(genes, seed=own, warn_independent_sampling=False)
            case "random":
                return RandomSampler(seed=own)
