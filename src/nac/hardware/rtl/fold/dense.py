"""A dense layer that begins with the first beat of a stream: a multiplier for every weight of a beat, and a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from alkaid.trace import FVariable
from alkaid.types import CombLogic, QInterval

from nac.hardware.circuit import Node
from nac.hardware.circuit.evaluate import to_values
from nac.hardware.circuit.fixed import Fixed
from nac.hardware.rtl.arithmetic import HARDWARE, constant, total
from nac.hardware.rtl.fold.parts import types_of
from nac.hardware.rtl.fold.reduce import SumPart
from nac.hardware.rtl.fold.table import TablePart
from nac.hardware.rtl.lowering import traced
from nac.hardware.rtl.luts import luts
from nac.hardware.rtl.sound import alkaid

SHARED = 0.6
"""About so many of the additions that the digits of a matrix of constants ask for are left by alkaid's solver."""


@dataclass(frozen=True)
class Serial:
    """The layer: `kernel` (out, channels, beats) and `bias` (out,) as values, of a beat with these intervals."""

    kernel: npt.NDArray[np.float64]
    bias: npt.NDArray[np.float64]
    step: float
    given: tuple[QInterval, ...]

    @classmethod
    def of(cls, node: Node, given: Sequence[QInterval]) -> "Serial":
        """A dense layer that reads all beats flattened, channels first."""
        weights = node.weights
        assert weights is not None
        kernel = to_values(weights.kernel, weights.kernel_type.fraction)
        bias = to_values(weights.bias, weights.bias_type.fraction)
        return cls(kernel.reshape(len(kernel), len(given), -1), bias, 2.0**-node.span.fraction, tuple(given))

    @property
    def weights(self) -> list[QInterval]:
        """The weights of a beat, (out, channels) flat."""
        rows = self.kernel.reshape(-1, self.kernel.shape[-1])
        whole = np.rint(rows / self.step).astype(np.int64)  # the products' steps divide the weights
        common = np.gcd.reduce(whole, axis=1)
        steps = (common & -common).astype(np.float64) * self.step
        return [QInterval(float(row.min()), float(row.max()), float(step) or 1.0)
                for row, step in zip(rows, steps, strict=True)]  # fmt: skip

    @cached_property
    def table(self) -> TablePart:
        """The weights of a beat behind it."""
        rows = self.kernel.reshape(-1, self.kernel.shape[-1]).T
        own = types_of(self.given)
        types = [type_ if low != high else Fixed(False, 0, 0)
                 for type_, (low, high, _) in zip(types_of(self.weights), self.weights, strict=True)]  # fmt: skip
        constants = np.array([not type_.width for type_ in types])
        changing = np.where(constants, 0.0, rows)
        return TablePart(
            inputs=own, outputs=(*own, *types), table=tuple(tuple(map(float, row)) for row in changing)
        ).costed()

    @cached_property
    def graph(self) -> CombLogic:
        """Values and weights of a beat to the sums of their products, (out,)."""
        outputs, channels = self.kernel.shape[:2]
        with alkaid():
            every = [FVariable(*interval, hwconf=HARDWARE) for interval in (*self.given, *self.weights)]
            x, w = every[:channels], np.array(every[channels:], dtype=object).reshape(outputs, channels)
            return traced(every, [
                total([_product(value, weight) for value, weight in zip(x, row, strict=True)]) for row in w
            ])  # fmt: skip

    @property
    def lut(self) -> float:
        """Of all of it."""
        return luts(self.graph) + self.table.lut + sum(type_.width for type_ in types_of(self.results))

    @property
    def lut_at_once(self) -> float:
        """Of the same with all weights after the last beat, without solving that."""
        width = np.array([type_.width for type_ in types_of(self.given)])
        digits = _digits(np.rint(self.kernel / self.step).astype(np.int64)).sum(axis=(0, 2))
        return float(SHARED * (digits * (width + 2)).sum())

    @property
    def results(self) -> list[QInterval]:
        """What the sums can be."""
        low, high = (np.array([getattr(q, end) for q in self.given]) for end in ("min", "max"))
        positive, negative = np.maximum(self.kernel, 0).sum(2), np.minimum(self.kernel, 0).sum(2)
        least, most = positive @ low + negative @ high + self.bias, positive @ high + negative @ low + self.bias
        return [QInterval(float(a), float(b), self.step) for a, b in zip(least, most, strict=True)]

    def sums(self, inputs: tuple[Fixed, ...]) -> SumPart:
        """The bias and what the beats add to it."""
        return SumPart(
            inputs=inputs, outputs=types_of(self.results), beats=self.kernel.shape[2],
            start=tuple(map(float, self.bias)),
        ).costed()


def _product(x: FVariable, weight: FVariable) -> FVariable:
    if x.low == x.high:
        return weight * float(x.low)
    if weight.low == weight.high:
        return x * float(weight.low) if weight.low else constant(0.0)
    return x * weight


def _digits(k: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Signed digits of integers that are not zero."""
    found, k = np.zeros_like(k), k.copy()
    while k.any():
        odd = k & 1
        digit = odd * (2 - (k & 3))
        found += odd
        k = (k - digit) >> 1
    return found
