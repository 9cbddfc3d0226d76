"""Pruners: which weights a network can do without."""

from nac.compress.pruners.connected import keep_largest, keep_salient
from nac.compress.pruners.contract import Masks, Pruned, Pruner, Pruning, Round, rewound
from nac.compress.pruners.registry import PRUNERS, prune

__all__ = [
    "PRUNERS", "Masks", "Pruned", "Pruner", "Pruning", "Round", "keep_largest", "keep_salient",
    "prune", "rewound",
]
