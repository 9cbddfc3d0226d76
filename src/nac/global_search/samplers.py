"""How the next candidate is chosen."""

import importlib
import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from typing import Any, TypeGuard

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, GPSampler, NSGAIIISampler, NSGAIISampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial

from nac.config import SearchConfig
from nac.errors import InputError, WorkError
from nac.registry import Registry, keywords
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


@contextmanager
def drawing(settings: SearchConfig) -> Iterator[None]:
    """Around what a sampler does: what it cannot do (as CMA-ES two objectives) is the end of a trial, with its name."""
    try:
        yield
    except (ValueError, TypeError, LookupError, NotImplementedError, ImportError) as error:
        raise WorkError(f"sampler {settings.sampler.name}: {type(error).__name__}: {error}") from error


def make_sampler(settings: SearchConfig, genes: Genes, seed: int, index: int) -> BaseSampler:
    """The sampler for candidate number `index`. Raises InputError where its parameters are wrong.

    A new one for every candidate: what it draws then depends on the study's history, the seed and the index
    only, so that a search which was killed and resumed draws what an undisturbed one would have drawn.
    """
    asked = settings.sampler
    make = SAMPLERS[asked.name]
    ours = {"genes": genes, "population_size": max(2, settings.population), "seed": derived_seed(seed, index)}
    taken = keywords(make)
    given = {name: value for name, value in ours.items() if taken is None or name in taken}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        try:
            return make(**{**given, **asked.params})
        except (TypeError, ValueError, ImportError) as error:
            raise InputError(f"search.sampler: {asked.name}: {error}") from error


SAMPLERS: Registry[Callable[..., BaseSampler]] = Registry("sampler", "nac.global_search.samplers")
"""What makes a sampler, a class or a function; it is given `genes`, `population_size` and `seed` if it takes them."""
SAMPLERS.register("tpe", partial(Tpe, multivariate=True, constant_liar=True))
SAMPLERS.register("nsga2", Nsga2)
SAMPLERS.register("nsga3", Nsga3)
SAMPLERS.register("gp", partial(Gp, warn_independent_sampling=False))
SAMPLERS.register("random", RandomSampler)


@SAMPLERS.family("hub")
def _of_the_hub(package: str) -> Callable[..., BaseSampler]:
    """The sampler of an OptunaHub package (`samplers/auto_sampler`), which is fetched. Raises ValueError."""
    if find_spec("optunahub") is None:
        raise ValueError(f"hub@{package}: needs optunahub (pip install optunahub)")
    try:
        module = importlib.import_module("optunahub").load_module(package)
    except Exception as error:
        raise ValueError(f"hub@{package}: {type(error).__name__}: {error}") from error
    found = [value for name in getattr(module, "__all__", ()) if _is_sampler(value := getattr(module, name))]
    if len(found) != 1:
        raise ValueError(f"hub@{package}: has {len(found)} samplers, expected one")
    return found[0]


def _is_sampler(value: object) -> TypeGuard[type[BaseSampler]]:
    return isinstance(value, type) and issubclass(value, BaseSampler)


def _of_optuna() -> Iterator[type[BaseSampler]]:
    """Optuna's own samplers that can be made without knowing more than a seed."""
    for sampler in filter(_is_sampler, map(vars(optuna.samplers).get, optuna.samplers.__all__)):
        needed = [p for p in inspect.signature(sampler).parameters.values() if p.default is p.empty]
        if not (needed or inspect.isabstract(sampler)):
            yield sampler


for _sampler in _of_optuna():
    SAMPLERS.register(_sampler.__name__, _sampler)
