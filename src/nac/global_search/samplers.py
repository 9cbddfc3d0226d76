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
from optuna.trial import FrozenTrial, TrialState

from nac.config import SearchConfig
from nac.errors import InputError, WorkError
from nac.global_search.results import added, directions_of, front_of, objective_names
from nac.registry import Registry, keywords
from nac.space import Value
from nac.trial import record_of

Genes = Mapping[str, Sequence[Value]]
TRIES = 50
"""How often a neighbour is drawn that is none of the candidates before."""


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


class Neighbours(_AllGenes):
    """Changes a gene or two of a candidate, the likelier the more its front adds to that of the search.

    The first `start` candidates are random. A candidate of one network is a front of one point.
    """

    def __init__(self, genes: Genes, seed: int, start: int = 4) -> None:
        super().__init__(genes=genes)
        self._start, self._rng = start, np.random.default_rng(seed)
        self._random = RandomSampler(seed=int(self._rng.integers(2**32)))

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """All genes of a neighbour, after the start."""
        found = [known for known in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
                 if record_of(known).duplicate_of is None]  # fmt: skip
        if len(found) < self._start:
            return {}
        fronts = [front_of(known) for known in found]
        worth = np.array(added(fronts, objective_names(study), directions_of(study)))
        worth = worth + worth.mean() / 4 if worth.any() else np.ones(len(worth))
        tried = [known.params for known in study.get_trials(deepcopy=False) if known.number != trial.number]
        for _ in range(TRIES):
            parent = found[self._rng.choice(len(found), p=worth / worth.sum())].params
            if (child := self._changed(parent)) not in tried:
                break
        return {name: child[name] for name in search_space}

    def _changed(self, parent: Mapping[str, Any]) -> dict[str, Any]:
        """The same genes but one or two."""
        names = sorted(name for name, choices in self.genes.items() if len(choices) > 1)
        count = min(len(names), int(self._rng.integers(1, 3)))
        child = dict(parent)
        for name in self._rng.choice(names, count, replace=False) if names else ():
            others = [choice for choice in self.genes[name] if choice != parent[name]]
            child[name] = others[self._rng.integers(len(others))]
        return child

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """A random gene."""
        return self._random.sample_independent(study, trial, param_name, param_distribution)


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
SAMPLERS.register("neighbours", Neighbours)


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
