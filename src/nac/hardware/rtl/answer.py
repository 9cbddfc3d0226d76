"""The output stage: from the network's outputs to the answer, in a module of its own behind the network's.

A class is found by comparing outputs in pairs: the smaller number of two equal ones stays. A physical value is a shift
and one addition, where the scale of the targets is a power of two.
"""

import math
from collections.abc import Sequence
from functools import reduce

import numpy as np
import numpy.typing as npt
from alkaid.trace import FVariable, trace
from alkaid.types import CombLogic

from nac.errors import WorkError
from nac.hardware.circuit.fixed import Fixed
from nac.hardware.circuit.output import OutputSheet
from nac.hardware.rtl.arithmetic import HARDWARE, constant, negative, select
from nac.hardware.rtl.running import run_graph
from nac.hardware.rtl.sound import alkaid

MOST_BITS = 30
"""Of a physical value without its sign: what a longer constant makes of it is no use to anybody."""
CHECKED = 1000
MEANING = {
    "argmax": "the number of the class whose output is the largest, of equal ones the first",
    "sign": "1 where the output is positive, 0 elsewhere",
    "values": "the values in the units of the targets",
    "scores": "the outputs that were chosen",
    "threshold": "a bit for each of the chosen outputs, 1 where it is greater than the threshold",
}


def has_stage(sheet: OutputSheet) -> bool:
    """Whether there is an answer, by comparisons, shifts and additions."""
    if sheet.answer == "values":
        return all(map(_short, sheet.scale, sheet.offset))
    return sheet.answer != "logits"


def answers(sheet: OutputSheet, outputs: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """What the stage gives for outputs (N, outputs): class numbers (N, 1), physical values (N, outputs), or scores."""
    if sheet.answer == "argmax":
        return np.asarray(outputs.argmax(axis=1)[:, None], dtype=np.float64)
    if sheet.answer == "sign":
        return np.asarray(outputs[:, :1] > 0, dtype=np.float64)
    if sheet.answer == "logits":
        return outputs
    if sheet.answer == "scores":
        return outputs[:, sheet.chosen]
    if sheet.answer == "threshold":
        return np.asarray(outputs[:, sheet.chosen] > sheet.threshold, dtype=np.float64)
    return np.asarray(outputs * np.array(sheet.scale) + np.array(sheet.offset))


def answer_graph(sheet: OutputSheet, port: Sequence[Fixed]) -> CombLogic:
    """The stage behind a port, as an adder graph.

    Raises WorkError where it gives something else than `answers` on random values of the port, equal ones among them.
    """
    with alkaid():
        inputs = [_variable(type_) for type_ in port]
        graph = trace(inputs, _answer(sheet, inputs), keep_dead_inputs=True)
    x = _samples(port)
    if not np.array_equal(run_graph(graph, x), answers(sheet, x)):
        raise WorkError("the output stage differs from what it should give on random outputs")
    return graph


def _answer(sheet: OutputSheet, outputs: list[FVariable]) -> list[FVariable]:
    if sheet.answer == "values":
        return [x * scale + offset for x, scale, offset in zip(outputs, sheet.scale, sheet.offset, strict=True)]
    if sheet.answer == "sign":
        return [negative(-outputs[0])]
    if sheet.answer == "scores":
        return [outputs[k] for k in sheet.chosen]
    if sheet.answer == "threshold":
        return [_exceeds(outputs[k], sheet.threshold) for k in sheet.chosen]
    level = [(x, constant(float(index))) for index, x in enumerate(outputs)]
    while len(level) > 1:
        level = [reduce(_larger, level[i : i + 2]) for i in range(0, len(level), 2)]
    return [level[0][1]]


def _exceeds(x: FVariable, threshold: float) -> FVariable:
    """One bit: whether a value is greater; for one on a grid that is so from the next step of it on."""
    step = float(x.step) if x.low != x.high else 1.0
    below = math.floor(threshold / step) * step
    if x.low > below or x.high <= below:
        return constant(float(x.low > threshold))
    return negative(below - x)


Candidate = tuple[FVariable, FVariable]


def _larger(a: Candidate, b: Candidate) -> Candidate:
    """Of two values with their numbers the larger one, of equal ones the first."""
    if a[0].low >= b[0].high:
        return a
    if b[0].low > a[0].high:
        return b
    behind = negative(a[0] - b[0])
    return select(behind, b[0], a[0]), select(behind, b[1], a[1])


def _variable(type_: Fixed) -> FVariable:
    step = 2.0**-type_.fraction
    if not type_.width:
        return constant(0.0)
    return FVariable(type_.low * step, type_.high * step, step, hwconf=HARDWARE)


def _samples(port: Sequence[Fixed]) -> npt.NDArray[np.float64]:
    generator = np.random.default_rng(0)
    columns = []
    for type_ in port:
        low, high = (type_.low, type_.high) if type_.width else (0, 0)
        wide = generator.integers(low, high, CHECKED, endpoint=True)
        near = generator.integers(max(low, -2), min(high, 2), CHECKED, endpoint=True)  # often equal
        columns.append(np.ldexp(np.concatenate([wide, near]).astype(np.float64), -type_.fraction))
    return np.stack(columns, axis=1)


def _short(scale: float, offset: float) -> bool:
    """Whether x * scale + offset is a shift and an addition of few bits."""
    if scale <= 0 or math.frexp(scale)[0] != 0.5:
        return False
    numerator, denominator = offset.as_integer_ratio()
    return abs(numerator).bit_length() + denominator.bit_length() <= MOST_BITS
