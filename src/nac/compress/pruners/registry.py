"""The pruners by name, and how one is run."""

import time

from nac.compress.pruners.contract import Pruned, Pruner, Pruning
from nac.registry import Registry

PRUNERS: Registry[Pruner] = Registry("pruner", "nac.compress.pruners")


def prune(name: str, pruning: Pruning) -> Pruned:
    """Run a pruner by its name. Raises WorkError when a training diverged."""
    began = time.perf_counter()
    rounds = tuple(PRUNERS[name](pruning))
    return Pruned(rounds, time.perf_counter() - began)
