"""The output stage behind a network's circuit: its outputs become the answer.

A class is found by comparing outputs in pairs. A physical value is a shift and one addition, where the scale of the
targets is a power of two.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from nac.config import TaskConfig
from nac.hardware.circuit import Circuit, Node
from nac.hardware.circuit.fixed import Span, exponent
from nac.hardware.circuit.output import OutputSheet, output_sheet
from nac.tasks import Preprocessing

CHOSEN, ANSWER = "chosen", "answer"
MOST_BITS = 30
"""Of a physical value without its sign: what a longer constant makes of it is no use to anybody."""
MEANING = {
    "argmax": "the number of the class whose output is the largest, of equal ones the first",
    "sign": "1 where the output is positive, 0 elsewhere",
    "values": "the values in the units of the targets",
    "scores": "the outputs that were chosen",
    "threshold": "a bit for each of the chosen outputs, 1 where it is greater than the threshold",
    "logits": "the outputs themselves",
}


def has_stage(sheet: OutputSheet) -> bool:
    """Whether there is an answer, by comparisons, shifts and additions."""
    if sheet.answer == "values":
        return all(map(_short, sheet.scale, sheet.offset))
    return sheet.answer != "logits"


def stage_of(task: TaskConfig, preprocessing: Preprocessing, circuit: Circuit) -> OutputSheet | None:
    """The sheet of the output stage that is built behind the circuit of a network; None where there is none."""
    sheet = output_sheet(task, preprocessing, circuit)
    return sheet if task.target.stages == "all" and has_stage(sheet) else None


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


def with_answer(circuit: Circuit, sheet: OutputSheet | None) -> Circuit:
    """The circuit with the output stage behind it, where there is one."""
    return circuit if sheet is None else Circuit((*circuit.nodes, *_nodes(sheet, circuit.output)))


def answer_circuit(sheet: OutputSheet, output: Node) -> Circuit:
    """The output stage alone, whose input is what leaves a network."""
    first = as_input(output)
    return Circuit((first, *_nodes(sheet, first)))


def as_input(output: Node) -> Node:
    """What leaves a circuit as what enters one."""
    return replace(output, op="input", inputs=(), partial=0, significand=0, weights=None, types=None, attributes={})


def _nodes(sheet: OutputSheet, output: Node) -> tuple[Node, ...]:
    source, found = output, []
    if sheet.answer in {"scores", "threshold"}:
        name = ANSWER if sheet.answer == "scores" else CHOSEN
        source = replace(_node(name, "choose", source, len(sheet.chosen), source.span, {"chosen": sheet.chosen}),
                         type=source.type)  # fmt: skip
        found = [source]
    if sheet.answer == "argmax":
        found = [_node(ANSWER, "argmax", source, 1, Span(0, source.shape[0] - 1, 0))]
    elif sheet.answer in {"sign", "threshold"}:
        threshold = sheet.threshold if sheet.answer == "threshold" else 0.0
        bits = _node(ANSWER, "exceeds", source, source.shape[0], Span(0, 1, 0), {"threshold": threshold})
        found = [*found, bits]
    elif sheet.answer == "values":
        found = [_node(ANSWER, "units", source, source.shape[0], _in_units(sheet, source.span),
                       {"scale": sheet.scale, "offset": sheet.offset})]  # fmt: skip
    return tuple(found)


def _node(
    name: str, op: str, source: Node, outputs: int, span: Span, attributes: Mapping[str, Any] | None = None
) -> Node:
    return Node(name, op, (source.name,), (outputs,), span, span.fixed, name, attributes=dict(attributes or {}))


def _in_units(sheet: OutputSheet, span: Span) -> Span:
    """Of all values, in the finest steps that any of them has."""
    every = [Span(span.low, span.high, span.fraction - exponent(scale)) for scale in sheet.scale]
    offsets = [(number, exponent(float(below))) for number, below in map(float.as_integer_ratio, sheet.offset)]
    fraction = max(*(own.fraction for own in every), *(digits for _, digits in offsets))
    moved = [own.plus(Span(number, number, digits)).aligned(fraction)
             for own, (number, digits) in zip(every, offsets, strict=True)]  # fmt: skip
    return Span(min(own.low for own in moved), max(own.high for own in moved), fraction)


def _short(scale: float, offset: float) -> bool:
    """Whether x * scale + offset is a shift and an addition of few bits."""
    if scale <= 0 or math.frexp(scale)[0] != 0.5:
        return False
    numerator, denominator = offset.as_integer_ratio()
    return abs(numerator).bit_length() + denominator.bit_length() <= MOST_BITS
