"""The one definition of cost: what a network's matrix products take, in bit operations, MACs and parameters."""

import logging
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nac.errors import InputError
from nac.registry import Registry

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MatrixOp:
    """A product of an (outputs x fan_in) matrix with `positions` vectors.

    A dense layer has one position, a convolution one per output pixel, a layer shared by particles one per
    particle. `density` is the share of weights that are not zero. `weight_bit_sum` is the sum, over the
    weights, of the bits between the first and the last set bit of each; unknown before training.
    """

    name: str
    outputs: int
    fan_in: int
    positions: int = 1
    weight_bits: int = 32
    activation_bits: int = 32
    density: float = 1.0
    parameters: int = 0
    weight_bit_sum: float | None = None

    @property
    def macs(self) -> int:
        """Multiplications of the dense product."""
        return self.positions * self.outputs * self.fan_in

    @property
    def bops(self) -> float:
        """Bit operations: p·m·n·(d·b_w·b_a + b_w + b_a + log2 n) (UNIQ, arXiv 1804.10969, eq. 8, with density d)."""
        per_mac = (
            self.density * self.weight_bits * self.activation_bits
            + self.weight_bits
            + self.activation_bits
            + math.log2(self.fan_in)
        )
        return self.macs * per_mac

    @property
    def ebops(self) -> float:
        """Effective bit operations (HGQ, arXiv 2405.00645): activation bits times the bits set in each weight.

        Before the weights are known every weight that is kept counts with its full width.
        """
        bits = self.weight_bit_sum
        if bits is None:
            bits = self.density * self.outputs * self.fan_in * self.weight_bits
        return self.positions * self.activation_bits * bits


def set_bits(weights: NDArray[np.integer[Any]]) -> int:
    """Sum over integer weights of the bits between the first and the last set bit of |w| (0 for w = 0)."""
    magnitude = np.abs(weights.astype(np.int64)).ravel()
    magnitude = magnitude[magnitude > 0]
    trailing = np.log2(magnitude & -magnitude).astype(np.int64)
    return int(np.sum(np.floor(np.log2(magnitude)).astype(np.int64) - trailing + 1))


def bops(ops: Iterable[MatrixOp]) -> float:
    """Bit operations of a network."""
    return math.fsum(op.bops for op in ops)


def ebops(ops: Iterable[MatrixOp]) -> float:
    """Effective bit operations of a network."""
    return math.fsum(op.ebops for op in ops)


def macs(ops: Iterable[MatrixOp]) -> int:
    """Multiply-accumulates of a network, zeros included."""
    return sum(op.macs for op in ops)


def parameters(ops: Iterable[MatrixOp]) -> int:
    """Weights and biases as deployed (batch norms folded), zeros included."""
    return sum(op.parameters for op in ops)


@dataclass(frozen=True, slots=True)
class Cost:
    """The extension point: a named cost of a network, measured of its matrix products alone.

    It is then an objective of searches, a limit, and a column of every table.
    """

    name: str
    label: str
    measure: Callable[[list[MatrixOp]], float]
    direction: Literal["minimize"] = "minimize"
    unit: str = ""


COSTS: Registry[Cost] = Registry("cost", "nac.cost")
for _cost in (
    Cost("bops", "bit operations", bops),
    Cost("ebops", "effective bit operations", ebops),
    Cost("macs", "multiply-accumulates", macs),
    Cost("parameters", "parameters", parameters),
):
    COSTS.register(_cost.name, _cost)


def costs(ops: Iterable[MatrixOp]) -> dict[str, float]:
    """Every cost by name, but for those of plug-ins that cannot be loaded: only who asks for them stops for them."""
    listed = list(ops)
    found = {}
    for name in COSTS:
        try:
            found[name] = COSTS[name].measure(listed)
        except InputError as error:
            logger.warning("%s; it is left out", error)
    return found
