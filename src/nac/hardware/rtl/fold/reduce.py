"""What becomes of all beats of a stream: their sum, the largest, or all of them side by side."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from alkaid.types import QInterval

from nac.hardware.circuit.fixed import Fixed
from nac.hardware.circuit.stream import Over
from nac.hardware.rtl.fold.parts import Part, Values, bits, counter, declared, joined, side_by_side, slices, types_of
from nac.hardware.rtl.ports import width
from nac.hardware.rtl.templates import template


class ReducePart(Part):
    """A value made of all beats: one beat leaves when the last one has come."""

    beats: int

    def times(self, at: Sequence[int]) -> list[int]:
        """See `Part`."""
        return [at[-1] + 1]

    def body(self) -> dict[str, str]:
        """See `Part`."""
        inside = template("fold/reduce.v", beats=self.beats, beat_bits=counter(self.beats), result=self._result())
        says = f"One value of {self.beats} beats, there when the last one has come."
        return {"says": says, "kind": "wire", "body": inside}

    def _result(self) -> str:
        raise NotImplementedError


class SumPart(ReducePart):
    """`start` plus the sum of all beats, times `scale`, a power of two."""

    kind: Literal["sum"] = "sum"
    start: tuple[float, ...]
    scale: float = 1.0

    def run(self, x: Values, models: Path) -> Values:
        """See `Part`."""
        return np.asarray((x.sum(axis=1, keepdims=True) + np.array(self.start)) * self.scale)

    def costed(self) -> "SumPart":
        """With what it costs."""
        total = width(self.outputs)
        lut, ff = total + 2 * counter(self.beats), 2 * total + counter(self.beats)
        return self.model_copy(update={"lut": float(lut), "ff": ff})

    def _result(self) -> str:
        lines, kept = accumulators(slices(self.inputs, "in_data"), self.inputs, self.outputs, self.start, self.scale)
        return "\n".join([*lines, f"  assign out_data = {joined(kept)};"])


def accumulators(
    values: Sequence[str], inputs: Sequence[Fixed], outputs: Sequence[Fixed], start: Sequence[float] = (),
    scale: float = 1.0,
) -> tuple[list[str], list[str]]:  # fmt: skip
    """Verilog that sums values of some types from `start` on, times `scale`, and the sums of all beats, element by
    element.
    """
    lines, kept = [], []
    for k, (value, type_, to) in enumerate(zip(values, inputs, outputs, strict=True)):
        if not to.width:
            kept.append("")
            continue
        steps = to.fraction + round(math.log2(scale))  # of the sum
        begin = round(math.ldexp(start[k], steps)) % (1 << to.width) if start else 0
        lines += [
            declared(f"x{k}", type_, value),
            f"  wire signed [{to.width - 1}:0] wide{k} = x{k};",
            f"  wire [{to.width - 1}:0] term{k} = wide{k} <<< {steps - type_.fraction};",
            f"  reg [{to.width - 1}:0] sum{k};",
            f"  reg [{to.width - 1}:0] whole{k};",
            f"  wire [{to.width - 1}:0] next{k} = sum{k} + term{k};",
            "  always @(posedge clk) begin",
            f"    if (rst || (in_valid && ends)) sum{k} <= {to.width}'d{begin};",
            f"    else if (in_valid) sum{k} <= next{k};",
            f"    if (in_valid && ends) whole{k} <= next{k};",
            "  end",
        ]  # fmt: skip
        kept.append(f"whole{k}")
    return lines, kept


class MostPart(ReducePart):
    """The largest of all beats, element by element."""

    kind: Literal["most"] = "most"

    def run(self, x: Values, models: Path) -> Values:
        """See `Part`."""
        return np.asarray(x.max(axis=1, keepdims=True))

    def costed(self) -> "MostPart":
        """With what it costs."""
        total = width(self.outputs)
        lut = 1.5 * total + 2 * counter(self.beats)
        return self.model_copy(update={"lut": lut, "ff": total + counter(self.beats)})

    def _result(self) -> str:
        lines, kept = [], []
        for k, (value, type_) in enumerate(zip(slices(self.inputs, "in_data"), self.inputs, strict=True)):
            if type_.width:
                lines += [
                    declared(f"x{k}", type_, value),
                    f"  reg {'signed ' * type_.signed}[{type_.width - 1}:0] most{k};",
                    f"  always @(posedge clk) if (in_valid && (beat == 0 || x{k} > most{k})) most{k} <= x{k};",
                ]  # fmt: skip
            kept.append(f"most{k}" if type_.width else "")
        return "\n".join([*lines, f"  assign out_data = {joined(kept)};"])


def one_of_all(over: Over, given: Sequence[QInterval], beats: int) -> tuple[Part, Sequence[QInterval]]:
    """The part that makes one value of all beats with these intervals, and its intervals."""
    own = types_of(given)
    if over == "most":
        return MostPart(inputs=own, outputs=own, beats=beats).costed(), given
    scale = 1.0 / beats if over == "mean" else 1.0
    ends = [QInterval(q.min * scale * beats, q.max * scale * beats, q.step * scale) for q in given]
    part = SumPart(inputs=own, outputs=types_of(ends), beats=beats, start=(0.0,) * len(own), scale=scale)
    return part.costed(), ends


class GatherPart(ReducePart):
    """All beats side by side, each of channels by `positions`: (channels, all positions)."""

    kind: Literal["gather"] = "gather"
    positions: int = 1

    def run(self, x: Values, models: Path) -> Values:
        """See `Part`."""
        beats, elements = np.array(self.places).T
        return np.ascontiguousarray(x[:, None, beats, elements])

    @property
    def places(self) -> list[tuple[int, int]]:
        """Beat and element of every output."""
        kept = len(self.outputs) * self.positions // len(self.inputs)
        return side_by_side(len(self.inputs), self.positions, self.beats, kept)

    def costed(self) -> "GatherPart":
        """With what it costs."""
        held = width(self.inputs) * self.beats + counter(self.beats)
        return self.model_copy(update={"lut": 2.0 * counter(self.beats), "ff": held})

    def _result(self) -> str:
        word = bits(self.inputs)
        every = [slices(self.inputs, "held", (self.beats - 1 - beat) * word) for beat in range(self.beats)]
        parts = [every[beat][element] for beat, element in self.places]
        return "\n".join([
            f"  reg [{self.beats * word - 1}:0] held;",
            "  always @(posedge clk) if (in_valid) held <= {held, in_data};",
            f"  assign out_data = {joined(parts)};",
        ])  # fmt: skip
