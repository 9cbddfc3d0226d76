"""The channels of a beat in groups, one group a clock: where beats come seldom, less logic keeps up with them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from alkaid.types import QInterval

from nac.hardware.circuit.fixed import Fixed
from nac.hardware.rtl.fold.parts import Part, Values, bits, counter, declared, joined, memory_luts, slices
from nac.hardware.rtl.ports import width
from nac.hardware.rtl.templates import template

WAIT = 16
"""Clocks at most that an inference takes longer for it."""


class SpreadPart(Part):
    """A queue of `depth` beats, of which `groups` beats leave for each: lane l of group g is channel g * lanes + l."""

    kind: Literal["spread"] = "spread"
    groups: int
    depth: int

    @property
    def lanes(self) -> int:
        """Elements of a beat that leaves."""
        return len(self.outputs)

    def run(self, x: Values, models: Path) -> Values:
        """See `Part`."""
        padded = np.pad(x, [(0, 0), (0, 0), (0, self.groups * self.lanes - x.shape[2])])
        return padded.reshape(len(x), -1, self.lanes)

    def times(self, at: Sequence[int]) -> list[int]:
        """See `Part`."""
        return [clock + 1 for clock in served(at, self.groups)]

    def costed(self) -> "SpreadPart":
        """With what it costs."""
        memory = memory_luts(width(self.inputs), self.depth)
        chosen = width(self.outputs) * max(-(-self.groups // 4), 1)
        counters = 3 * counter(self.depth) + counter(self.groups)
        return self.model_copy(update={"lut": float(memory + chosen + counters), "ff": width(self.outputs) + counters})

    def body(self) -> dict[str, str]:
        """See `Part`."""
        values, cases = slices(self.inputs, "word"), []
        pairs = zip(self.inputs, values, strict=True)
        lines = [declared(f"x{k}", type_, value) for k, (type_, value) in enumerate(pairs)]
        for lane, to in enumerate(self.outputs):
            for group in range(self.groups):
                k = group * self.lanes + lane
                zeros = to.fraction - self.inputs[k].fraction if k < len(values) else 0
                lines.append(f"  wire signed [{max(to.width, 1) - 1}:0] lane{lane}_{group} = "
                             f"{f'x{k}' if k < len(values) and values[k] else 0};")  # fmt: skip
                cases.append((group, lane, zeros))
        picked = [
            f"      {group}: out_data <= "
            + joined([f"lane{lane}_{group}_moved" if self.outputs[lane].width else "" for lane in range(self.lanes)])
            + ";" for group in range(self.groups)
        ]  # fmt: skip
        for group, lane, zeros in cases:
            last = max(self.outputs[lane].width, 1) - 1
            lines.append(f"  wire [{last}:0] lane{lane}_{group}_moved = lane{lane}_{group} <<< {zeros};")
        inside = template(
            "fold/spread.v", bits=bits(self.inputs), depth=self.depth, places=counter(self.depth), groups=self.groups,
            group_bits=counter(self.groups), lanes="\n".join(lines), cases="\n".join(picked),
        )  # fmt: skip
        says = f"Every beat in {self.groups} beats of some of its channels, through a queue of {self.depth}."
        return {"says": says, "kind": "reg", "body": inside}


def served(at: Sequence[int], groups: int) -> list[int]:
    """The clocks at which the groups of beats are taken out of the queue, of those at which the beats come."""
    found, free = [], 0
    for clock in at:
        for _ in range(groups):
            free = max(clock + 1, free + 1)
            found.append(free)
    return found


def groups_for(at: Sequence[int], period: int, channels: int, wait: int = WAIT) -> int:
    """In how many groups beats can be served before the next inference, with at most so many clocks of waiting."""
    for groups in range(channels, 1, -1):
        if -(-channels // -(-channels // groups)) != groups:
            continue  # as many lanes as with fewer groups
        last = served(at, groups)[-1]
        if last - (at[-1] + 1) <= wait and last < at[0] + period + 1:
            return groups
    return 1


def spread_part(inputs: tuple[Fixed, ...], outputs: tuple[Fixed, ...], at: Sequence[int], groups: int) -> SpreadPart:
    """The part, its queue as deep as beats that come at these clocks need it."""
    taken = served(at, groups)[groups - 1 :: groups]
    most = max(sum(t <= clock for t in at) - sum(t < clock for t in taken) for clock in at)
    depth = 1 << max((most - 1).bit_length(), 1)
    return SpreadPart(inputs=inputs, outputs=outputs, groups=groups, depth=depth).costed()


def lane(intervals: Sequence[QInterval]) -> QInterval:
    """What one lane holds of several channels, and zero."""
    return QInterval(min(0.0, *(q.min for q in intervals)), max(0.0, *(q.max for q in intervals)),
                     min(q.step for q in intervals))  # fmt: skip
