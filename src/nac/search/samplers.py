"""How the next candidate is chosen."""

import warnings

import numpy as np
import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler

from nac.config import SearchConfig


def derived_seed(seed: int, *index: int) -> int:
    """A seed of its own for every index, the same on every machine."""
    return int(np.random.SeedSequence([seed, *index]).generate_state(1)[0])


def make_sampler(settings: SearchConfig, seed: int, index: int) -> BaseSampler:
    """The sampler for candidate number `index`.

    A new one for every candidate: what it draws then depends on the study's history, the seed and the index
    only, so that a search which was killed and resumed draws what an undisturbed one would have drawn.
    """
    own = derived_seed(seed, index)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        match settings.sampler:
            case "nsga2":
                return optuna.samplers.NSGAIISampler(population_size=max(2, settings.population), seed=own)
            case "nsga3":
                return optuna.samplers.NSGAIIISampler(population_size=max(2, settings.population), seed=own)
            case "tpe":
                return optuna.samplers.TPESampler(multivariate=True, constant_liar=True, seed=own)
            case "random":
                return optuna.samplers.RandomSampler(seed=own)
