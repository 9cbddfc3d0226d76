"""Beats that come again beside a sum over all of them: what goes past a sum over positions waits for it here."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from nac.hardware.rtl.fold.parts import Part, Values, bits, counter, joined, memory_luts, side_by_side, slices
from nac.hardware.rtl.fold.reduce import accumulators
from nac.hardware.rtl.ports import width
from nac.hardware.rtl.templates import template


class RecallPart(Part):
    """Of a beat the first `kept` elements come again when all `beats` are there, `again` beats side by side with every
    clock, and behind them the sums of the others over all beats.

    A beat that comes is of so many `positions`, one that leaves of `again` times as many; behind the last position
    there are zeros.
    """

    kind: Literal["recall"] = "recall"
    beats: int
    kept: int
    positions: int = 1
    again: int = 1

    @property
    def rows(self) -> int:
        """Beats that leave."""
        return -(-self.beats // self.again)

    @property
    def depth(self) -> int:
        """Rows that wait: all of an inference, and the first of the next one."""
        return 1 << self.rows.bit_length()

    @property
    def _places(self) -> list[tuple[int, int]]:
        return side_by_side(self.kept, self.positions, self.again)

    def run(self, x: Values, models: Path) -> Values:
        """See `Part`."""
        sums = x[..., self.kept :].sum(axis=1, keepdims=True)
        held = np.pad(x[..., : self.kept], [(0, 0), (0, self.rows * self.again - self.beats), (0, 0)])
        beats, elements = np.array(self._places).T
        held = held.reshape(len(x), self.rows, self.again, -1)[:, :, beats, elements]
        return np.concatenate([held, np.broadcast_to(sums, (*held.shape[:2], sums.shape[2]))], axis=2)

    def times(self, at: Sequence[int]) -> list[int]:
        """See `Part`."""
        return [at[-1] + 2 + row for row in range(self.rows)]

    def costed(self) -> "RecallPart":
        """With what it costs."""
        sums, kept = width(self.outputs[self.again * self.kept :]), width(self.inputs[: self.kept])
        memory = self.again * memory_luts(kept, self.depth)
        counters = counter(self.beats) + counter(self.rows + 1) + 2 * counter(self.depth) + counter(self.again)
        return self.model_copy(update={
            "lut": float(memory + sums + 2 * counters), "ff": 3 * sums + self.again * kept + counters + 1,
        })  # fmt: skip

    def body(self) -> dict[str, str]:
        """See `Part`."""
        held, again = self.inputs[: self.kept], self.again
        lines, sums = accumulators(
            slices(self.inputs, "in_data")[self.kept :], self.inputs[self.kept :], self.outputs[again * self.kept :]
        )
        there = self.beats - (self.rows - 1) * again  # in the last row
        queues = [
            template(
                "fold/queue.v", number=beat, bits=bits(held), depth=self.depth,
                writes=f"in_valid && turn == {beat}" if again > 1 else "in_valid",
                word=f"queue{beat}[read]" if beat < there else f"left == 1 ? 0 : queue{beat}[read]",
            ) for beat in range(again)
        ]  # fmt: skip
        words = [slices(held, f"word{beat}") for beat in range(again)]
        inside = template(
            "fold/recall.v", beats=self.beats, beat_bits=counter(self.beats), rows=self.rows,
            left_bits=counter(self.rows + 1), place_bits=counter(self.depth), bits=bits(held), queues="".join(queues),
            turn_bits=counter(again), turns=again, held=joined(slices(held, "in_data")), sums="\n".join(lines),
            data=joined([*(words[beat][element] for beat, element in self._places), *sums]),
        )  # fmt: skip
        side = f", {again} side by side" * (again > 1)
        says = f"The {self.beats} beats of an inference again{side}, with sums over all of them."
        return {"says": says, "kind": "reg", "body": inside}
