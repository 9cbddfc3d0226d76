"""The parts of a folded circuit between its adder graphs: what is kept of a stream, and what is read of it when.

A stream has a number of beats for each inference; of a beat, elements side by side. Every part takes a beat with any
clock, never waits, and is one object with all its readings: what it computes of whole streams (`run`), when its beats
leave (`times`), its Verilog, and what that costs.

alkaid's state machines (`alkaid.stateful`) are not used for these: a signal of theirs that is indexed is a multiplexer
over registers, never a shift register or memory of a LUT, their schedules count clocks and not beats, so that a stream
may not wait, and they have no running maximum. The adder graphs and their pipelines are alkaid's as everywhere.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from alkaid.types import Precision, QInterval

from nac.config import Model
from nac.errors import WorkError
from nac.hardware.circuit.fixed import Fixed
from nac.hardware.interface import elements
from nac.hardware.rtl.ports import width
from nac.hardware.rtl.templates import template

Values = npt.NDArray[np.float64]


class Part(Model):
    """Its ports, beat by beat, and what it is estimated to cost."""

    kind: str
    inputs: tuple[Fixed, ...]
    outputs: tuple[Fixed, ...]
    lut: float = 0.0
    ff: int = 0

    def run(self, x: Values, models: Path) -> Values:
        """Beats (N, beats, inputs) to beats (N, beats', outputs); `models` is the folder of the adder graphs."""
        raise NotImplementedError

    def times(self, at: Sequence[int]) -> list[int]:
        """The clocks at which the beats of one inference leave, of the clocks at which they come."""
        raise NotImplementedError

    def module(self, name: str) -> str:
        """The module that a stream goes through, of a part of this name."""
        return name

    def verilog(self, name: str) -> str:
        """That module."""
        return template("fold/part.v", name=name, bits=bits(self.inputs), out_bits=bits(self.outputs), **self.body())

    def body(self) -> dict[str, str]:
        """What the module says of itself, the `kind` of its output (wire or reg), and what is in it."""
        raise NotImplementedError


def bits(port: Sequence[Fixed]) -> int:
    """Wires of a port: at least one, where there is nothing in it."""
    return max(width(port), 1)


def memory_luts(size: int, depth: int) -> float:
    """LUTs of a memory of so many bits by a power of two of words: 8 have 14 bits of 32 words, or 7 of 64."""
    return 8.0 * (-(-size // 14) if depth <= 32 else -(-size // 7) * (depth // 64))


def counter(count: int) -> int:
    """Bits of a counter of so many."""
    return max((count - 1).bit_length(), 1)


def slices(port: Sequence[Fixed], word: str, first: int = 0) -> list[str]:
    """The elements of a port in Verilog, the lowest at bit `first` of a word; '' for one without bits."""
    return [f"{word}[{first + e.first + e.width - 1}:{first + e.first}]" if e.width else "" for e in elements(port)]


def side_by_side(elements: int, positions: int, beats: int, kept: int | None = None) -> list[tuple[int, int]]:
    """Beat and element of all that so many beats hold, each of channels by `positions`: channel by channel, and of each
    position by position, all or the first so many.
    """
    return [
        (beat, element)
        for first in range(0, elements, positions)
        for beat in range(beats)
        for element in range(first, min(first + positions, elements))
        if kept is None or beat * positions + element - first < kept
    ]


def taken(word: str, port: Sequence[Fixed], read: Sequence[Fixed]) -> str:
    """The bits of a port that are read, in Verilog: an element whole, or not at all. Raises WorkError for others."""
    parts = []
    for value, of_port, own in zip(slices(port, word), port, read, strict=True):
        if own.width not in (0, of_port.width):
            raise WorkError(f"{own.width} of the {of_port.width} bits of an element are read")
        parts.append(value if own.width else "")
    return joined(parts)


def declared(name: str, type_: Fixed, value: str) -> str:
    """A wire of a type; a value without bits is zero."""
    return f"  wire {'signed ' * type_.signed}[{max(type_.width, 1) - 1}:0] {name} = {value or chr(48)};"


def joined(parts: Sequence[str]) -> str:
    """Elements side by side in Verilog, the first one lowest."""
    there = [part for part in reversed(parts) if part]
    return f"{{{', '.join(there)}}}" if there else "1'b0"


def types_of(given: Sequence[QInterval]) -> tuple[Fixed, ...]:
    """The types of elements of which alkaid knows these intervals."""
    return tuple(fixed(interval.kif) for interval in given)


def fixed(precision: Precision) -> Fixed:
    """alkaid's type as ours."""
    signed, integers, fraction = precision
    return Fixed(bool(signed), int(signed) + int(integers) + int(fraction), int(fraction))
