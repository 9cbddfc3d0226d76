"""What makes a network's layers quantised: one quantiser by name for all of its tensors.

A quantiser says what a width is. `fixed_point` has one for every tensor, which the architecture names.
"""

from typing import Protocol

from torch import nn

from nac.arch.graph import Graph, Node
from nac.arch.quantisers.values import on_grid, plain
from nac.registry import Registry

__all__ = ["FIXED_POINT", "QUANTISERS", "Quantiser", "on_grid", "plain"]
FIXED_POINT = "fixed_point"
"""The quantiser of designs that name none."""


class Quantiser(Protocol):
    """The extension point: gives every node of a network its quantised module."""

    def layer(self, node: Node, graph: Graph) -> nn.Module | None:
        """The module of a node, or None where it needs none.

        What it has learned, widths included, is in the module's state: a design is made again from its architecture,
        the quantiser's name and that. The module of a layer has `weight`, `bias` and `quant_weight()`, whose result has
        the `value` on its grid and the `scale` of the grid's steps.
        Raises InputError where there is no exact quantised form.
        """
        ...


QUANTISERS: Registry[Quantiser] = Registry("quantiser", home="nac.arch.quantisers")
