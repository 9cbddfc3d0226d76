"""All windows of an image or a trace whose positions come one after the other."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from nac.errors import InputError
from nac.hardware.rtl.fold.parts import Part, Values, bits, counter, joined, side_by_side, slices
from nac.hardware.rtl.ports import width
from nac.hardware.rtl.templates import template

LONGEST_SRL = 32


class Axis(NamedTuple):
    """One axis: its `length`, the `size` of a window, every `stride`-th window, within `pads` zeros at either end."""

    length: int
    size: int
    stride: int
    pads: int

    @property
    def results(self) -> int:
        """Windows along it."""
        return (self.length + 2 * self.pads - self.size) // self.stride + 1

    @property
    def anchor(self) -> int:
        """The place in a window of the position with which it leaves: the last one that no window has in its zeros."""
        return min(self.size - 1, self.length - 1 + self.pads - (self.results - 1) * self.stride)

    @property
    def first(self) -> int:
        """The position with which the first window leaves."""
        return self.anchor - self.pads

    @property
    def last(self) -> int:
        """The position with which the last window leaves."""
        return self.first + (self.results - 1) * self.stride


class WindowPart(Part):
    """Every window (channels, rows, columns) of one position a beat, row by row; one axis is one row. Where a beat has
    several `positions`, which are a row, windows of all of them side by side (channels, rows, positions).

    Behind them the elements `past` of the beat in the middle, and what is there of a beat behind the channels goes past
    only.

    Shift registers hold the rows between; where windows have positions after the one with which they leave (zeros at
    the end), the part goes on by itself when the last position of an inference has come and no other one comes.
    """

    kind: Literal["window"] = "window"
    rows: Axis
    columns: Axis
    positions: int = 1
    past: tuple[int, ...] = ()

    @property
    def read(self) -> int:
        """Channels of a beat that windows read."""
        return (len(self.outputs) - len(self.past)) // len(self.taps)

    @property
    def order(self) -> list[tuple[int, int]]:
        """Place in the window, and element of a beat, of all that windows hold."""
        return side_by_side(self.read, self.positions, len(self.taps))

    @property
    def middle(self) -> int:
        """Beats since the middle of the window came."""
        return self.age(self.rows.pads, self.columns.pads)

    @property
    def taps(self) -> list[tuple[int, int]]:
        """Row and column in a window of its places, and how long ago they came."""
        return [(i, j) for i in range(self.rows.size) for j in range(self.columns.size)]

    def age(self, i: int, j: int) -> int:
        """Beats since a place of the window came."""
        return (self.rows.size - 1 - i) * self.columns.length + self.columns.size - 1 - j

    @property
    def behind(self) -> int:
        """Beats since the position came with which the window leaves."""
        return self.age(self.rows.anchor, self.columns.anchor)

    @property
    def length(self) -> int:
        """Positions that are kept."""
        return self.age(0, 0) + 1

    def check(self) -> None:
        """Raise InputError for windows that have no position of their own."""
        for axis in (self.rows, self.columns):
            if axis.results < 1 or axis.first < 0:
                raise InputError(f"windows of {axis.size} within {axis.pads} zeros cannot be folded: expected at most "
                                 "as many zeros at an end as half of a window has positions")  # fmt: skip

    def run(self, x: Values, models: Path) -> Values:
        """See `Part`."""
        past = x[..., list(self.past)]
        grid = x[..., : self.read].reshape(len(x), self.rows.length, self.columns.length, -1)
        grid = np.pad(grid, [(0, 0), (self.rows.pads,) * 2, (self.columns.pads,) * 2, (0, 0)])
        sizes = (self.rows.size, self.columns.size)
        seen = np.lib.stride_tricks.sliding_window_view(grid, sizes, axis=(1, 2))
        seen = seen[:, :: self.rows.stride, :: self.columns.stride]
        taps, elements = np.array(self.order).T
        windows = seen.reshape(len(x), seen.shape[1] * seen.shape[2], self.read, -1)[:, :, elements, taps]
        return np.concatenate([windows, past], axis=2) if self.past else np.ascontiguousarray(windows)

    def times(self, at: Sequence[int]) -> list[int]:
        """See `Part`."""
        rows, columns = (range(axis.first, axis.last + 1, axis.stride) for axis in (self.rows, self.columns))
        leave = [row * self.columns.length + column + self.behind for row in rows for column in columns]
        return [(at[beat] if beat < len(at) else at[-1] + beat - len(at) + 1) + 1 for beat in leave]

    def costed(self) -> "WindowPart":
        """With what it costs."""
        width_in, between = width(self.inputs[: self.read]), max(self.columns.length - self.columns.size + 1, 0)
        aside = width(self.inputs[self.read :])
        in_srl = self.rows.size > 1 and between >= 3
        lines = (self.rows.size - 1) * width_in
        kept = width_in * (self.length - (self.rows.size - 1) * between) if in_srl else width_in * self.length
        masked = sum(
            width(self.outputs[: self.read * len(self.taps)]) // len(self.taps)
            for i, j in self.taps if self._mask(i, j)
        )  # fmt: skip
        counters = counter(self.rows.length) + counter(self.columns.length)
        chain = self.behind and self.behind + counter(self.rows.length * self.columns.length) + counter(self.behind + 1)
        lut = lines * math.ceil(between / LONGEST_SRL) if in_srl else 0
        lut += masked + 2 * counters + chain + aside * (self.middle // LONGEST_SRL + 1)
        return self.model_copy(update={"lut": float(lut), "ff": kept + counters + chain + aside})

    def _mask(self, i: int, j: int) -> list[str]:
        """What says that a place of the window is within the image, where it may not be."""
        found = []
        for name, axis, place in (("row", self.rows, i), ("column", self.columns, j)):
            outermost = (axis.first - axis.anchor + place, axis.last - axis.anchor + place)
            if outermost[0] < 0 or outermost[1] >= axis.length:
                found.append(f"{name}_there[{place}]")
        return found

    def body(self) -> dict[str, str]:
        """See `Part`."""
        word, behind = bits(self.inputs), self.behind
        pieces = []
        places: list[list[str]] = [slices(self.inputs, "line", self.age(i, j) * word) for i, j in self.taps]
        for (tap, element), type_ in zip(self.order, self.outputs, strict=False):
            mask, value = " & ".join(self._mask(*self.taps[tap])), places[tap][element]
            if type_.width and not self.inputs[element].width:
                raise InputError("a constant channel within zeros")
            if type_.width and mask:
                value = f"{{{type_.width}{{{mask}}}}} & {value}"
            pieces.append(value if type_.width else "")
        middle = slices(self.inputs, "line", self.middle * word)
        pieces += [middle[element] for element in self.past]
        inside = template(
            "fold/window.v", bits=word, length=self.length, data=joined(pieces),
            row_bits=counter(self.rows.length), column_bits=counter(self.columns.length),
            rows=self.rows.length, columns=self.columns.length,
            leaves=" && ".join(_leaves(n, axis) for n, axis in (("row", self.rows), ("column", self.columns))),
            phases="\n".join(_phase(n, axis) for n, axis in (("row", self.rows), ("column", self.columns))),
            there="\n".join(_there(n, axis) for n, axis in (("row", self.rows), ("column", self.columns))),
            waiting=template(
                "fold/waiting.v", behind=behind, beats=self.rows.length * self.columns.length,
                beat_bits=counter(self.rows.length * self.columns.length), waiting_bits=counter(behind + 1),
            ) if behind else "  wire moves = in_valid;\n  wire comes = in_valid;",
        )  # fmt: skip
        says = (f"Windows of an image whose positions come one after the other, row by row: {self.rows.length} rows of "
                f"{self.columns.length}.")
        return {"says": says, "kind": "wire", "body": inside}


def _leaves(name: str, axis: Axis) -> str:
    limits = [f"{name} >= {axis.first}"] * (axis.first > 0) + [f"{name} <= {axis.last}"] * (axis.last < axis.length - 1)
    return " && ".join([*limits, *[f"{name}_phase == 0"] * (axis.stride > 1)]) or "1'b1"


def _phase(name: str, axis: Axis) -> str:
    """A counter of positions since the last window, for strides."""
    if axis.stride == 1:
        return ""
    moves = "comes" if name == "column" else "comes && column_ends"
    return "\n".join([
        f"  reg [{counter(axis.stride) - 1}:0] {name}_phase;", "  always @(posedge clk)",
        f"    if (rst || ({moves} && ({name}_ends || {name} < {axis.first} || {name}_phase == {axis.stride - 1})))",
        f"      {name}_phase <= 0;", f"    else if ({moves}) {name}_phase <= {name}_phase + 1'b1;",
    ])  # fmt: skip


def _there(name: str, axis: Axis) -> str:
    """Whether the places of the window that leaves are within the image."""
    if not axis.pads:
        return ""
    tests = []
    for place in range(axis.size):
        offset = place - axis.anchor
        later = f"{name} <= {axis.length - 1 - offset}" if offset else "1'b1"
        tests.append(f"{name} >= {-offset}" if offset < 0 else later)
    return "\n".join([
        f"  reg [{axis.size - 1}:0] {name}_there;",
        f"  always @(posedge clk) if (comes) {name}_there <= {{{', '.join(reversed(tests))}}};",
    ])  # fmt: skip
