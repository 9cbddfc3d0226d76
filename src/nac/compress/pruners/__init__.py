"""Pruners: which weights a network can do without."""

from nac.compress.pruners.connected import keep_connected, keep_largest, keep_salient
from nac.compress.pruners.contract import Masks, Pruned, Pruner, Pruning, Round, rewound
from nac.compress.pruners.registry import PRUNERS, prune
from nac.compress.pruners.scores import keep_highest, magnitudes

__all__ = [
    "PRUNERS", "Masks", "Pruned", "Pruner", "Pruning", "Round", "keep_connected", "keep_highest", "keep_largest",
    "keep_salient", "magnitudes", "prune", "rewound",
]
