"""Quantisers of networks that others trained: one type for the values of a tensor, rounded half to even."""

from torch import nn

from nac.arch.operation import Node
from nac.arch.quantisers import QUANTISERS, Function
from nac.arch.quantisers.learned import Learned, Values

GIVEN = "given"
"""The quantiser of imported designs."""


class Given(Learned):
    """Weights have the steps that they came with, values the type of their tensor."""

    def values(self, node: Node, function: Function) -> nn.Module:
        """See `Quantiser`."""
        return Values(function, (1,) * len(node.shape), down=False)


QUANTISERS.register(GIVEN, Given())
