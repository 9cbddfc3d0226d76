"""The local search: pruning and quantisation-aware training of the winners."""

from nac.compress.pruners import PRUNERS, Masks, Pruned, Pruner, Pruning, Round, prune
from nac.compress.recipes import Recipe, Winner, recipes, subject
from nac.compress.short import quantised_in_short
from nac.compress.stage import compress, workload_costs

__all__ = [
    "PRUNERS",
    "Masks",
    "Pruned",
    "Pruner",
    "Pruning",
    "Recipe",
    "Round",
    "Winner",
    "compress",
    "prune",
    "quantised_in_short",
    "recipes",
    "subject",
    "workload_costs",
]
