"""Batch normalisation, which is folded into the layer before it when a network is quantised."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from nac.arch.operation import OPERATIONS, Node, Operation, Shape


@OPERATIONS.register("batch_norm")
@dataclass(frozen=True, kw_only=True)
class BatchNorm(Operation):
    """Every channel shifted and scaled to mean 0 and variance 1 over a batch (arXiv 1502.03167), then as learned."""

    name = "batch_norm"
    folds = True
    normalises = True

    def shape(self, name: str, sources: Sequence[Node]) -> Shape:
        """That of its input."""
        return sources[0].shape

    def float_module(self, node: Node, sources: Sequence[Node]) -> nn.Module | None:
        """Over the batch and all positions."""
        return nn.BatchNorm2d(node.shape[0]) if len(node.shape) == 3 else nn.BatchNorm1d(node.shape[0])

    def scales(self) -> bool:
        """Its scale takes the factor."""
        return True
