"""The maximum over windows."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from nac.arch.operation import OPERATIONS, Node, Operation, Shape, require_rank


@OPERATIONS.register("max_pool")
@dataclass(frozen=True, kw_only=True)
class MaxPool(Operation):
    """Over windows of `size` along every axis, one behind the other, the remainder dropped."""

    name = "max_pool"
    exported = frozenset({"MaxPool"})
    size: int

    @property
    def windows(self) -> bool:
        """Always."""
        return True

    def shape(self, name: str, sources: Sequence[Node]) -> Shape:
        """(C, *space) to (C, *space // size)."""
        require_rank(name, sources[0], (2, 3), "a trace (channels, samples) or an image (channels, rows, columns)")
        channels, *space = sources[0].shape
        return channels, *(length // self.size for length in space)

    def bits(self, sources: Sequence[Node], given: int) -> int:
        """A maximum is one of its inputs."""
        return sources[0].bits

    def compute(self, node: Node, *values: Tensor) -> Tensor:
        """Brevitas gives it the scale of its input."""
        pool = functional.max_pool1d if len(node.shape) == 2 else functional.max_pool2d
        return pool(values[0], self.size)

    def scales(self) -> bool:
        """A maximum is homogeneous."""
        return True
