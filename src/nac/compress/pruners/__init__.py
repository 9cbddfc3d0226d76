"""Pruners: which weights a network can do without."""

from nac.compress.pruners.contract import Masks, Pruned, Pruner, Pruning, Round
from nac.compress.pruners.registry import NEEDS_DISTILLED, PRUNERS, prune
from nac.compress.pruners.scores import keep_highest

__all__ = ["NEEDS_DISTILLED", "PRUNERS", "Masks", "Pruned", "Pruner", "Pruning", "Round", "keep_highest", "prune"]
