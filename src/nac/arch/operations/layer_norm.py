"""Layer normalisation."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from torch import Tensor, nn

from nac.arch.operation import OPERATIONS, Node, Operation, Shape
from nac.arch.quantisers import Quantiser
from nac.errors import InputError


@OPERATIONS.register("layer_norm")
@dataclass(frozen=True, kw_only=True)
class LayerNorm(Operation):
    """Every sample, or every particle of a set, shifted and scaled to mean 0 and variance 1 (arXiv 1607.06450)."""

    name = "layer_norm"
    normalises = True

    def shape(self, name: str, sources: Sequence[Node]) -> Shape:
        """That of its input."""
        return sources[0].shape

    def float_module(self, node: Node, sources: Sequence[Node]) -> nn.Module | None:
        """Over features, or over a whole image."""
        return nn.LayerNorm(node.shape) if len(node.shape) != 2 else FeatureNorm(node.shape[0])

    def quantised_module(self, node: Node, sources: Sequence[Node], quantiser: Quantiser) -> nn.Module | None:
        """There is none."""
        raise InputError(f"{node.name}: layer norm has no exact quantised form")

    def affine_parameters(self, node: Node) -> int:
        """A factor and an offset per feature, or per pixel."""
        return 2 * math.prod(node.shape[:1] if len(node.shape) < 3 else node.shape)

    def problems(self, node: Node, sources: Sequence[Node]) -> list[str]:
        """It divides by what it measures in every sample."""
        return [f"{node.name}: layer norm cannot be folded, expected none or batch"]


class FeatureNorm(nn.Module):
    """Layer norm over the features of every particle: (N, F, P) to (N, F, P)."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(features)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise each particle's features."""
        return cast(Tensor, self.norm(x.transpose(1, 2)).transpose(1, 2))
