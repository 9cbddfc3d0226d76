"""What an operation is: one frozen value that every reading of a network asks, each in its own words."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from torch import Tensor, nn

from nac.cost import MatrixOp
from nac.errors import InputError
from nac.registry import Registry

if TYPE_CHECKING:
    from nac.arch.channels import Axes, Channels
    from nac.arch.quantisers import Quantiser

Shape = tuple[int, ...]
FLOAT_BITS = 32


@dataclass(frozen=True, slots=True)
class Node:
    """An operation in its place. `shape` is that of its output, channels first, without the batch.

    `bits` is the width of its output values; products and sums leave accumulators, which have no width of their own
    until the next quantising node gives them one. `weight_bits` is the width of the weights of a weighted node.
    """

    name: str
    operation: "Operation"
    inputs: tuple[str, ...]
    shape: Shape
    bits: int = FLOAT_BITS
    weight_bits: int = FLOAT_BITS


class Extent(NamedTuple):
    """The least and the largest value (channels,) that the channels of a value can have, in float64.

    `idle`: which elements along the second axis (None: none) are zero in every channel.
    """

    low: Tensor
    high: Tensor
    idle: Tensor | None = None

    @property
    def constant(self) -> Tensor:
        """Which channels can have one value only."""
        return self.low == self.high

    @property
    def zero(self) -> Tensor:
        """Which channels can be zero only."""
        return self.constant & (self.low == 0)

    def with_zero(self) -> "Extent":
        """The same values and zero, as at the padded rim of an image."""
        return Extent(self.low.clamp_max(0), self.high.clamp_min(0))


@dataclass(frozen=True, kw_only=True)
class Operation(ABC):
    """The extension point: what a network may compute. One subclass, in one file, says all that others ask of it.

    Shapes leave out the batch; `sources` are the nodes that it reads, in order. Methods with a body are right for an
    operation without weights that handles every channel alone and alike.
    """

    name: ClassVar[str]
    weighted: ClassVar[bool] = False
    """Has weights (outputs, inputs, *kernel), whose width is theirs alone, and perhaps a bias (outputs,)."""
    quantises: ClassVar[bool] = False
    """Gives the values that leave it a width."""
    folds: ClassVar[bool] = False
    """Vanishes into the weights of the layer before it when the network is quantised."""
    normalises: ClassVar[bool] = False
    exported: ClassVar[frozenset[str]] = frozenset()
    """The ONNX operations that it becomes, one of them each time, where it has no module of its own."""

    @property
    def least_bits(self) -> int:
        """The narrowest width of its weights, or of the values that leave it: a sign and a bit."""
        return 2

    @property
    def pads(self) -> int:
        """Zeros that it puts at either end of every axis of positions."""
        return 0

    @property
    def windows(self) -> bool:
        """Whether an output depends on neighbouring positions: these come one after the other then, or all at once."""
        return False

    @abstractmethod
    def shape(self, name: str, sources: Sequence[Node]) -> Shape:
        """The shape of the output. Raises InputError, naming the node `name`, where the inputs do not fit."""

    def bits(self, sources: Sequence[Node], given: int) -> int:
        """The width of the output's values; `given` is what values get where they get one."""
        return given if self.quantises else FLOAT_BITS

    def float_module(self, node: Node, sources: Sequence[Node]) -> nn.Module | None:
        """The module in floating point, or None where `compute` does it."""
        return None

    def quantised_module(self, node: Node, sources: Sequence[Node], quantiser: "Quantiser") -> nn.Module | None:
        """The module with what quantises it, or None where `compute` does it. Raises InputError where none is exact."""
        return None

    def compute(self, node: Node, *values: Tensor) -> Tensor:
        """The output (N, *shape) of inputs (N, ...) where there is no module; by default the only input itself."""
        return values[0]

    def product(self, node: Node, sources: Sequence[Node], density: float) -> MatrixOp | None:
        """The matrix product that it is, with this share of its weights kept; None for all others."""
        return None

    def affine_parameters(self, node: Node) -> int:
        """Parameters that stay in the layer before it."""
        return 0

    def problems(self, node: Node, sources: Sequence[Node]) -> list[str]:
        """Why it has no bit-exact form in hardware; empty where it has one."""
        return []

    def scales(self) -> bool:
        """Whether a positive factor on a channel comes out behind it, or can be given to its parameters."""
        return False

    def flow(self, node: Node, axes: "Sequence[Axes]", channels: "Channels") -> "Axes":
        """What lies along the axes of the output; says to `channels` what is made here, and what goes together."""
        return axes[0]

    def extent(
        self, node: Node, sources: Sequence[Node], before: Sequence[Extent], own: Callable[[Extent], Extent]
    ) -> Extent:
        """The range of its channels, from those of its inputs; `own` is what its module makes of a range."""
        return before[0]._replace(idle=None)

    def needed(self, node: Node, before: Sequence[Extent]) -> Tensor | None:
        """Of a product of values: the channels of its last input that are in any sum; None for all others."""
        return None


OPERATIONS: Registry[type[Operation]] = Registry("operation", "nac.arch.operations")
"""Every operation by name."""


def require_rank(name: str, node: Node, ranks: Sequence[int], what: str) -> None:
    """Raise InputError unless a node has one of the ranks; `what` says in words what is needed."""
    if len(node.shape) not in ranks:
        raise InputError(f"{name}: needs {what}, but its input has shape {node.shape}")


def weighted_product(node: Node, source: Node, *, kernel: int, bias: bool, density: float) -> MatrixOp:
    """The product with weights (outputs, inputs, *kernel of so many positions), once per position of the output."""
    outputs, fan_in, positions = node.shape[0], source.shape[0] * kernel, math.prod(node.shape[1:])
    parameters = outputs * fan_in + (outputs if bias else 0)
    return MatrixOp(node.name, outputs, fan_in, positions, node.weight_bits, source.bits, density, parameters)
