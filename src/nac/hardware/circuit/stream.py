"""What an operation is in a stream: a value comes a few positions a clock, and one copy of the logic serves all."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from nac.hardware.circuit.nodes import Node

Over = Literal["", "mean", "most", "total"]


@dataclass(frozen=True)
class Window:
    """The positions that one result reads, along every axis of positions: `size`, every `stride`-th, within `pads`
    zeros at either end. With whole rows in a beat, along the axis of rows alone.
    """

    size: tuple[int, ...]
    stride: int
    pads: int

    @property
    def keeps(self) -> bool:
        """Whether there is a window around every position."""
        return self.stride == 1 and all(size == 2 * self.pads + 1 for size in self.size)


@dataclass(frozen=True)
class Beat:
    """What is computed with one beat of a stream.

    `node` is the operation on what a beat holds: some positions (C, ..., positions), or one `window` (C, *size) of
    positions that came before, from which it makes one position. With `over` the mean of the results of all beats is
    then taken, their sum, or the largest. `whole` are the operands, by number, that are such a value of all positions;
    the others are of the beat.
    """

    node: "Node"
    window: Window | None = None
    over: Over = ""
    whole: tuple[int, ...] = ()
