"""Beats that come again beside a sum over all of them: what goes past a sum over positions waits for it here."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from nac.hardware.rtl.fold.parts import Part, Values, bits, counter, joined, slices
from nac.hardware.rtl.fold.reduce import accumulators
from nac.hardware.rtl.ports import width
from nac.hardware.rtl.templates import template


class RecallPart(Part):
    """Of a beat the first `kept` elements come again when all `beats` are there, one beat a clock, and behind them the
    sums of the others over all beats.
    """

    kind: Literal["recall"] = "recall"
    beats: int
    kept: int

    @property
    def depth(self) -> int:
        """Beats that wait: all of an inference, and the first of the next one."""
        return 1 << self.beats.bit_length()

    def run(self, x: Values, models: Path) -> Values:
        """See `Part`."""
        sums = x[..., self.kept :].sum(axis=1, keepdims=True)
        return np.concatenate([x[..., : self.kept], np.broadcast_to(sums, (*x.shape[:2], sums.shape[2]))], axis=2)

    def times(self, at: Sequence[int]) -> list[int]:
        """See `Part`."""
        return [at[-1] + 2 + beat for beat in range(self.beats)]

    def costed(self) -> "RecallPart":
        """With what it costs: a memory of LUTs has 7 bits of 64 words in 8 of them."""
        sums, kept = width(self.outputs[self.kept :]), width(self.inputs[: self.kept])
        memory = -(-kept // 7) * 8 * max(self.depth // 64, 1)
        counters = counter(self.beats) + counter(self.beats + 1) + 2 * counter(self.depth)
        return self.model_copy(update={
            "lut": float(memory + sums + 2 * counters), "ff": 3 * sums + kept + counters + 1,
        })  # fmt: skip

    def body(self) -> dict[str, str]:
        """See `Part`."""
        held = self.inputs[: self.kept]
        lines, sums = accumulators(
            slices(self.inputs, "in_data")[self.kept :], self.inputs[self.kept :], self.outputs[self.kept :]
        )
        inside = template(
            "fold/recall.v", beats=self.beats, beat_bits=counter(self.beats), left_bits=counter(self.beats + 1),
            depth=self.depth, place_bits=counter(self.depth), bits=bits(held), held=joined(slices(held, "in_data")),
            sums="\n".join(lines), data=joined([*slices(held, "word"), *sums]),
        )  # fmt: skip
        says = f"The {self.beats} beats of an inference again, with sums over all of them."
        return {"says": says, "kind": "reg", "body": inside}
