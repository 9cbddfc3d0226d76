"""The local search: pruning and quantisation-aware training of the winners."""

from nac.compress.prune import PRUNERS, Pruner, Pruning, smallest_removed
from nac.compress.stage import Recipe, Winner, compress, recipes

__all__ = ["PRUNERS", "Pruner", "Pruning", "Recipe", "Winner", "compress", "recipes", "smallest_removed"]
