"""Programs of integer operations: what an input stage computes, for all who read it.

A program maps the values of one feature of a sample, (positions,) of them, to as many values. Its operations act on
every position by itself, but for `least`, `most` and `union`, which give one value for all. `beside` is another
feature's raw integer at the same position: of features that are made into one, the last ones have no program. Here are
its readings by numpy and by intervals; the circuit operation `stage` (nac.hardware) has those as C++ and as an adder
graph.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from nac.config import Model

Integers = npt.NDArray[np.int64]
Ends = tuple[int, int]
"""The smallest and the largest value."""


Numbers = dict[str, Any]


def staged(known: Numbers, x: Integers) -> Integers:
    """The steps of every channel's program on its raw integers (N, channels, ...)."""

    def over_all(reduce: Any) -> Any:
        def found(x: Integers, *places: int) -> Integers:
            flat = x.reshape(len(x), -1)
            chosen = flat[:, places] if places else flat
            return np.asarray(reduce(chosen, axis=1)).reshape(-1, *[1] * (x.ndim - 1))

        return found

    operations: dict[str, Any] = {
        "offset": lambda x, by: x + by,
        "add": np.add,
        "subtract": np.subtract,
        "shift": lambda x, by: x << by if by >= 0 else x >> -by,
        "low": lambda x, bits: x & ((1 << bits) - 1),
        "reaches": lambda x, bits: (x >= 1 << bits).astype(np.int64),
        "select": lambda which, a, b: np.where(which != 0, a, b),
        "least": over_all(np.min),
        "most": over_all(np.max),
        "union": over_all(np.bitwise_or.reduce),
        "table": lambda x, *table: np.array(table, np.int64)[x],
        "clip": np.clip,
    }
    done = []
    for channel, part in enumerate(known["channels"]):
        values = [x[:, channel]]
        operations["beside"] = lambda raw, by, channel=channel: x[:, channel + by]
        for name, inputs, numbers in part["steps"]:
            values.append(operations[name](*(values[k] for k in inputs), *numbers))
        done.append(np.broadcast_to(values[-1], values[0].shape) << part["shift"])
    return np.stack(done, axis=1)


class StageOperation(NamedTuple):
    """One operation: how many `operands` and `numbers` it takes (None: any), and the ends of what it gives.

    `ends` has those of the operands, then the numbers.
    """

    operands: int
    numbers: int | None
    ends: Callable[..., Ends]


def _shift(x: int, by: int) -> int:
    return x << by if by >= 0 else x >> -by


def _low(ends: Ends, bits: int) -> Ends:
    whole = 0, (1 << bits) - 1
    return ends if whole[0] <= ends[0] and ends[1] <= whole[1] else whole


def _union(ends: Ends) -> Ends:
    return ends[0], (1 << ends[1].bit_length()) - 1


def _looked_up(ends: Ends, *table: int) -> Ends:
    part = table[ends[0] : ends[1] + 1]
    return min(part), max(part)


OPERATIONS: Mapping[str, StageOperation] = {
    "offset": StageOperation(1, 1, lambda x, by: (x[0] + by, x[1] + by)),
    "add": StageOperation(2, 0, lambda a, b: (a[0] + b[0], a[1] + b[1])),
    "subtract": StageOperation(2, 0, lambda a, b: (a[0] - b[1], a[1] - b[0])),
    # Times 2**by, rounded down.
    "shift": StageOperation(1, 1, lambda x, by: (_shift(x[0], by), _shift(x[1], by))),
    # The lowest bits, without sign.
    "low": StageOperation(1, 1, _low),
    # Whether x >= 2**bits, for x that is not negative.
    "reaches": StageOperation(1, 1, lambda x, bits: (int(x[0] >= 1 << bits), int(x[1] >= 1 << bits))),
    "select": StageOperation(3, 0, lambda which, a, b: (min(a[0], b[0]), max(a[1], b[1]))),
    # The raw integer of the feature so many places on, which has the same type; its operand is the own raw integer.
    "beside": StageOperation(1, 1, lambda x, by: x),
    # Of the positions whose numbers are given, or of all.
    "least": StageOperation(1, None, lambda x, *places: x),
    "most": StageOperation(1, None, lambda x, *places: x),
    # The bits that any position has, of x that is not negative.
    "union": StageOperation(1, None, lambda x, *places: _union(x)),
    # The x-th of the numbers.
    "table": StageOperation(1, None, _looked_up),
    "clip": StageOperation(1, 2, lambda x, low, high: (min(max(x[0], low), high), min(max(x[1], low), high))),
}
REDUCING = ("least", "most", "union")


class StageStep(NamedTuple):
    """One operation on earlier values: 0 is the raw integer, k what the k-th step gave."""

    op: str
    inputs: tuple[int, ...]
    numbers: tuple[int, ...] = ()


class StageProgram(Model):
    """The last step's integer n is the network input n * 2**-`fraction`."""

    steps: tuple[StageStep, ...]
    fraction: int = Field(ge=-32, le=32)

    @model_validator(mode="after")
    def _known(self) -> "StageProgram":
        for index, step in enumerate(self.steps):
            known = OPERATIONS.get(step.op)
            if known is None:
                raise ValueError(f"unknown operation {step.op!r}, expected one of {', '.join(OPERATIONS)}")
            count = len(step.inputs), len(step.numbers) if known.numbers is not None else None
            if count != (known.operands, known.numbers) or not all(0 <= k <= index for k in step.inputs):
                raise ValueError(f"step {index + 1}, {step.op}: expected {known.operands} earlier values and "
                                 f"{known.numbers} numbers")
        return self

    @property
    def reduces(self) -> bool:
        """Whether a value depends on those of other positions."""
        return any(step.op in REDUCING for step in self.steps)

    @property
    def reach(self) -> int:
        """Of how many more features it reads the raw integers."""
        return max((step.numbers[0] for step in self.steps if step.op == "beside"), default=0)

    def run(self, x: Integers, *beside: Integers) -> Integers:
        """The integers (N, ...) of raw integers (N, ...), and those of the features after this one."""
        return staged({"channels": [{"steps": self.steps, "shift": 0}]}, np.stack([x, *beside], axis=1))[:, 0]

    @property
    def listed(self) -> list[list[Any]]:
        """The steps as lists."""
        return [[op, list(inputs), list(numbers)] for op, inputs, numbers in self.steps]

    def ends(self, raw: Ends) -> list[Ends]:
        """Bounds of every value, the raw one first."""
        found = [raw]
        for op, inputs, numbers in self.steps:
            found.append(OPERATIONS[op].ends(*(found[k] for k in inputs), *numbers))
        return found

    def scalars(self) -> list[bool]:
        """Which values, the raw one first, are one for all positions."""
        found = [False]
        for op, inputs, _ in self.steps:
            found.append(op in REDUCING or all(found[k] for k in inputs))
        return found

    def clipped(self, limit: float, raw: Ends) -> "StageProgram":
        """The same program, its result saturated to ±limit where it can be beyond."""
        most = int(np.ldexp(limit, self.fraction))
        low, high = self.ends(raw)[-1]
        if -most <= low and high <= most:
            return self
        return self.model_copy(update={"steps": (*self.steps, StageStep("clip", (len(self.steps),), (-most, most)))})


class StageWriter:
    """Collects the steps of a program."""

    def __init__(self) -> None:
        self.steps: list[StageStep] = []

    def put(self, op: str, *operands: "StageValue", numbers: tuple[int, ...] = ()) -> "StageValue":
        """One more step."""
        self.steps.append(StageStep(op, tuple(value.number for value in operands), numbers))
        return StageValue(self, len(self.steps))


class StageValue(NamedTuple):
    """What a step gives, for the next ones; the operations are those of the module."""

    writer: StageWriter
    number: int

    def offset(self, by: int) -> "StageValue":
        """This and a constant."""
        return self.writer.put("offset", self, numbers=(by,)) if by else self

    def plus(self, other: "StageValue") -> "StageValue":
        """The sum."""
        return self.writer.put("add", self, other)

    def minus(self, other: "StageValue") -> "StageValue":
        """The difference."""
        return self.writer.put("subtract", self, other)

    def shift(self, by: int) -> "StageValue":
        """This times 2**by, rounded down."""
        return self.writer.put("shift", self, numbers=(by,)) if by else self

    def low(self, bits: int) -> "StageValue":
        """The lowest bits, without sign."""
        return self.writer.put("low", self, numbers=(bits,))

    def reaches(self, bits: int) -> "StageValue":
        """1 where this, which is not negative, is 2**bits or more, else 0."""
        return self.writer.put("reaches", self, numbers=(bits,))

    def select(self, then: "StageValue", otherwise: "StageValue") -> "StageValue":
        """`then` where this is not 0."""
        return self.writer.put("select", self, then, otherwise)

    def least(self, *places: int) -> "StageValue":
        """The smallest of all positions, or of those with these numbers."""
        return self.writer.put("least", self, numbers=places)

    def most(self, *places: int) -> "StageValue":
        """The largest of all positions, or of those with these numbers."""
        return self.writer.put("most", self, numbers=places)

    def union(self, *places: int) -> "StageValue":
        """The bits that any position has: its leading one is that of the largest, for a hundredth of the logic."""
        return self.writer.put("union", self, numbers=places)

    def beside(self, by: int = 1) -> "StageValue":
        """The raw integer of the feature so many places on; this is the own one."""
        return self.writer.put("beside", self, numbers=(by,))

    def table(self, values: tuple[int, ...]) -> "StageValue":
        """The value in a table at this place."""
        return self.writer.put("table", self, numbers=values)

    def clip(self, low: int, high: int) -> "StageValue":
        """This, saturated."""
        return self.writer.put("clip", self, numbers=(low, high))


def program(write: Callable[[StageValue], StageValue], fraction: int = 0) -> StageProgram:
    """The program that `write` makes of the raw value, its result in steps of 2**-fraction.

    Steps that nothing reads are left out.
    """
    writer = StageWriter()
    result = write(StageValue(writer, 0))
    if result.number == 0:
        result = writer.put("offset", result, numbers=(0,))
    read = {0, result.number}
    for number in range(result.number, 0, -1):
        if number in read:
            read.update(writer.steps[number - 1].inputs)
    places = {number: place for place, number in enumerate(sorted(read))}
    steps = (writer.steps[number - 1] for number in sorted(read - {0}))
    return StageProgram(steps=tuple(step._replace(inputs=tuple(places[k] for k in step.inputs)) for step in steps),
                        fraction=fraction)  # fmt: skip
