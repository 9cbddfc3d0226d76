"""Weights that change from beat to beat, beside the values that they are for."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from nac.hardware.rtl.fold.parts import Part, Values, bits, counter, joined, slices
from nac.hardware.rtl.ports import pack
from nac.hardware.rtl.templates import template

LUT_INPUTS = 6


class TablePart(Part):
    """A beat, and behind its elements a row of `table` (beats, weights): the outputs have both, with the same clock, as
    the row has been read when the beat before came.
    """

    kind: Literal["table"] = "table"
    table: tuple[tuple[float, ...], ...]

    def run(self, x: Values, models: Path) -> Values:
        """See `Part`."""
        table = np.array(self.table)
        return np.concatenate([x, np.broadcast_to(table, (len(x), *table.shape))], axis=2)

    def times(self, at: Sequence[int]) -> list[int]:
        """See `Part`."""
        return list(at)

    def costed(self) -> "TablePart":
        """With what it costs: a LUT for every bit that differs from beat to beat, of six bits of the beat's number."""
        beats = len(self.table)
        columns = {tuple(column) for column in self._bits().T.tolist() if len(set(column)) > 1}
        each = 1 if beats <= 1 << LUT_INPUTS else math.ceil(beats / (1 << LUT_INPUTS)) * 1.25
        return self.model_copy(update={
            "lut": len(columns) * each + 2 * counter(beats),
            "ff": len(columns) + counter(beats),
        })  # fmt: skip

    def _bits(self) -> Values:
        own = self.outputs[len(self.inputs) :]
        words = pack(np.array(self.table), own)
        return np.array([[int(bit) for bit in f"{int(word, 16):0{bits(own)}b}"] for word in words])

    def body(self) -> dict[str, str]:
        """See `Part`."""
        own = self.outputs[len(self.inputs) :]
        words, digits = pack(np.array(self.table), own), counter(len(self.table))
        rows = [f"        {digits}'d{beat}: row <= {bits(own)}'h{word};" for beat, word in enumerate(words)]
        data = [*slices(self.inputs, "in_data"), *slices(own, "row")]
        inside = template(
            "fold/table.v", row_bits=bits(own), beats=len(self.table), beat_bits=digits, rows="\n".join(rows),
            first=f"{bits(own)}'h{words[0]}", second=min(1, len(self.table) - 1), data=joined(data),
        )  # fmt: skip
        says = f"Behind every beat of {len(self.table)} the weights that are for it."
        return {"says": says, "kind": "wire", "body": inside}
