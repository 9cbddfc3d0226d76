"""A dense layer that begins with the first beat: products with all weights of a beat, and a table of these."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import mul
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from alkaid.trace import FVariable
from alkaid.types import CombLogic, QInterval

from nac.hardware.circuit import Node
from nac.hardware.circuit.evaluate import to_values
from nac.hardware.circuit.fixed import Fixed
from nac.hardware.rtl.arithmetic import HARDWARE, constant, total
from nac.hardware.rtl.fold.digits import DigitsPart
from nac.hardware.rtl.fold.parts import types_of
from nac.hardware.rtl.fold.reduce import SumPart
from nac.hardware.rtl.fold.spread import SpreadPart, groups_for, lane, spread_part
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
    results: tuple[QInterval, ...]
    """What the sums can be."""

    @classmethod
    def of(cls, node: Node, given: Sequence[QInterval], positions: int = 1) -> "Serial":
        """A dense layer that reads beats of so many positions flattened, channels first."""
        weights = node.weights
        assert weights is not None
        kernel = to_values(weights.kernel, weights.kernel_type.fraction)
        bias = to_values(weights.bias, weights.bias_type.fraction)
        outputs, step = len(kernel), 2.0**-node.span.fraction
        kernel = kernel.reshape(outputs, len(given) // positions, -1)
        kernel = np.pad(kernel, [(0, 0), (0, 0), (0, -kernel.shape[2] % positions)])  # of a last beat that is not full
        kernel = kernel.reshape(*kernel.shape[:2], -1, positions).swapaxes(2, 3).reshape(outputs, len(given), -1)
        return cls(kernel, bias, step, tuple(given), _results(kernel, bias, step, given))

    def spread(self, groups: int) -> "Serial":
        """The same for beats of a group of channels each."""
        outputs, channels, beats = self.kernel.shape
        lanes = -(-channels // groups)
        padded = np.pad(self.kernel, [(0, 0), (0, groups * lanes - channels), (0, 0)])
        kernel = padded.reshape(outputs, groups, lanes, beats).transpose(0, 2, 3, 1).reshape(outputs, lanes, -1)
        return replace(self, kernel=kernel, given=tuple(lane(self.given[k::lanes]) for k in range(lanes)))

    @cached_property
    def whole(self) -> tuple[npt.NDArray[np.int64], float, int]:
        """Weights (out, channels, beats) as whole numbers from 0 on, the step of these, and what was added to all."""
        steps = np.rint(self.kernel / self.step).astype(np.int64)  # the products' steps divide the weights
        common = int(np.gcd.reduce(steps, axis=None)) or 1
        common &= -common
        least = min(int(steps.min()) // common, 0)
        return steps // common - least, common * self.step, -least

    @cached_property
    def table(self) -> TablePart:
        """The weights of a beat behind it."""
        weights, own = self.whole[0], types_of(self.given)
        columns = weights.reshape(-1, weights.shape[-1])
        types = [Fixed(False, self.weight_bits, 0)] * len(columns)
        return TablePart(
            inputs=own, outputs=(*own, *types), table=tuple(tuple(map(float, row)) for row in columns.T)
        ).costed()

    @property
    def weight_bits(self) -> int:
        """Of a whole weight."""
        return max(int(self.whole[0].max()).bit_length(), 1)

    def digits(self, levels: float) -> DigitsPart:
        """Products of a beat, with as many rows in a clock as fit into levels of logic."""
        part = DigitsPart(
            inputs=self.table.outputs, outputs=(), values=len(self.given), weight_bits=self.weight_bits,
            rows=max(int(levels) - 1, 1),
        )  # fmt: skip
        return part.model_copy(update={"outputs": types_of([*self.given, *self._products(part)])}).costed()

    def _products(self, part: DigitsPart) -> list[QInterval]:
        """What the products of a beat can be."""
        return [
            QInterval(min(0.0, q.min * most), max(0.0, q.max * most), q.step)
            for _ in self.kernel for q in self.given for low, high in part.cuts for most in [(1 << high - low) - 1]
        ]  # fmt: skip

    def graph(self, part: DigitsPart) -> CombLogic:
        """Values and products of a beat to the sums of the products with the weights themselves, (out,)."""
        outputs, channels = self.kernel.shape[:2]
        _, step, added = self.whole
        with alkaid():
            every = [FVariable(*interval, hwconf=HARDWARE) for interval in (*self.given, *self._products(part))]
            products = np.array(every[channels:], dtype=object).reshape(outputs, -1)
            scales = [step * 2.0**low for _ in range(channels) for low, _ in part.cuts]
            less = total(every[:channels]) * -(step * added) if added else constant(0.0)
            return traced(every, [total([less, *map(mul, row, scales)]) for row in products])

    def lut(self, levels: float) -> float:
        """Of all of it."""
        digits = self.digits(levels)
        return luts(self.graph(digits)) + digits.lut + self.table.lut + sum(t.width for t in types_of(self.results))

    @property
    def lut_at_once(self) -> float:
        """Of the same with all weights after the last beat, without solving that."""
        width = np.array([type_.width for type_ in types_of(self.given)])
        digits = _digits(np.rint(self.kernel / self.step).astype(np.int64)).sum(axis=(0, 2))
        return float(SHARED * (digits * (width + 2)).sum())

    def sums(self, inputs: tuple[Fixed, ...]) -> SumPart:
        """The bias and what the beats add to it."""
        return SumPart(
            inputs=inputs, outputs=types_of(self.results), beats=self.kernel.shape[2],
            start=tuple(map(float, self.bias)),
        ).costed()


class Begun(NamedTuple):
    """A dense layer that begins with the first of so many `values`, behind what spreads them, and its LUTs."""

    serial: Serial
    spread: SpreadPart | None
    values: int
    lut: float
    lut_at_once: float

    @classmethod
    def of(cls, whole: Serial, at: Sequence[int], period: int, wait: int, levels: float) -> "Begun":
        """A layer on beats that come at these clocks, of every inference after so many, with clocks to `wait`."""
        serial, part, values = whole, None, len(whole.given)
        if (groups := groups_for(at, period, values, wait)) > 1:
            serial = whole.spread(groups)
            part = spread_part(types_of(whole.given), types_of(serial.given), at, groups)
        return cls(serial, part, values, serial.lut(levels) + (part.lut if part else 0.0), whole.lut_at_once)

    @property
    def figures(self) -> str:
        """What either way takes, in words."""
        return (f"begun with the first, {len(self.serial.given)} of the {self.values} values of a beat a clock, an "
                f"estimated {self.lut:,.0f} LUTs; at once, {self.lut_at_once:,.0f}")  # fmt: skip


def _results(
    kernel: npt.NDArray[np.float64], bias: npt.NDArray[np.float64], step: float, given: Sequence[QInterval]
) -> tuple[QInterval, ...]:
    low, high = (np.array([getattr(q, end) for q in given]) for end in ("min", "max"))
    positive, negative = np.maximum(kernel, 0).sum(2), np.minimum(kernel, 0).sum(2)
    least, most = positive @ low + negative @ high + bias, positive @ high + negative @ low + bias
    return tuple(QInterval(float(a), float(b), step) for a, b in zip(least, most, strict=True))


def _digits(k: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Signed digits of integers that are not zero."""
    found, k = np.zeros_like(k), k.copy()
    while k.any():
        odd = k & 1
        digit = odd * (2 - (k & 3))
        found += odd
        k = (k - digit) >> 1
    return found
