"""Activation functions, behind which values get their width."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import nn

from nac.arch.operation import OPERATIONS, Extent, Node, Operation, Shape
from nac.arch.quantisers import Function, Quantiser
from nac.errors import InputError

FLOAT: dict[str, Callable[[], nn.Module]] = {
    "none": nn.Identity,
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(0.01),
    "leaky_relu_1_8": lambda: nn.LeakyReLU(0.125),
    "gelu": nn.GELU,
}
EXACT: tuple[Function, ...] = ("none", "relu", "leaky_relu_1_8")
HOMOGENEOUS = frozenset({"relu", "leaky_relu", "leaky_relu_1_8", "none"})


@OPERATIONS.register("activation")
@dataclass(frozen=True, kw_only=True)
class Activation(Operation):
    """A function of every value alone; `none` only gives values their width."""

    name = "activation"
    quantises = True
    kind: str = "none"

    @property
    def least_bits(self) -> int:
        """What is never negative has no sign."""
        return 1 if self.kind == "relu" else 2

    def shape(self, name: str, sources: Sequence[Node]) -> Shape:
        """That of its input."""
        return sources[0].shape

    def float_module(self, node: Node, sources: Sequence[Node]) -> nn.Module | None:
        """The function."""
        return FLOAT[self.kind]()

    def quantised_module(self, node: Node, sources: Sequence[Node], quantiser: Quantiser) -> nn.Module | None:
        """The function and the quantiser behind it."""
        for function in EXACT:
            if function == self.kind:
                return quantiser.values(node, function)
        raise InputError(f"{node.name}: activation {self.kind} has no exact quantised form")

    def problems(self, node: Node, sources: Sequence[Node]) -> list[str]:
        """Functions that would be tables."""
        expected = f"{', '.join(EXACT[:-1])} or {EXACT[-1]}"
        sentence = f"{node.name}: activation {self.kind} is not exact in hardware, expected {expected}"
        return [] if self.kind in EXACT else [sentence]

    def scales(self) -> bool:
        """ReLU and its leaky relatives are positively homogeneous."""
        return self.kind in HOMOGENEOUS

    def extent(
        self, node: Node, sources: Sequence[Node], before: Sequence[Extent], own: Callable[[Extent], Extent]
    ) -> Extent:
        """Activations never fall, so that they map ends to ends, and zero to zero."""
        return own(before[0])._replace(idle=before[0].idle)
