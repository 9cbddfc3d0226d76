"""The header-only reference in C++: a template, the operations that a network has, its weights and its calls."""

import math
from collections.abc import Sequence
from importlib.resources import files
from string import Template
from typing import Any

import numpy as np

from nac.hardware.circuit import Circuit, Node, Operand
from nac.hardware.circuit.answer import MEANING, answer_circuit, as_input, has_stage
from nac.hardware.circuit.evaluate import numbers
from nac.hardware.circuit.output import OutputSheet
from nac.hardware.interface import Sheet

TRANSFORMS = {"none": 0, "log2_1p": 1, "sqrt": 2}
PER_LINE = 30


def header(sheet: Sheet, circuit: Circuit, space: str) -> str:
    """`reference.hpp` of a network in the namespace `space`."""
    network, answer = _Calls(circuit, "v"), _answer(sheet.output, circuit.output)
    features, codes = sheet.input.features, dict.fromkeys([*network.codes, *answer.codes])
    return _template("reference.hpp").substitute(
        name=sheet.design, space=space, inputs=math.prod(sheet.input.shape), outputs=math.prod(circuit.output.shape),
        fraction=sheet.output.fraction, operations="\n\n".join(filter(None, codes)),
        constants="\n".join(network.constants), calls="\n".join([*network.calls, f"  return {network.result};"]),
        answers=answer.count, meaning=MEANING[sheet.output.answer], answer_constants="\n".join(answer.constants),
        answer_calls="\n".join(answer.calls),
        channels=len(features), offsets=_floats([known.offset for known in features]),
        scales=_floats([known.scale for known in features]),
        transforms=", ".join(str(TRANSFORMS[known.transform]) for known in features),
        own=_own(sheet), by_patch=str(sheet.input.by_patch).lower(), low=sheet.input.low, high=sheet.input.high,
    )  # fmt: skip


class _Calls:
    """A circuit in C++: templates of its operations, constants, and statements that make its `result` of PREFIX0."""

    def __init__(self, circuit: Circuit, prefix: str) -> None:
        operands = {node.name: Operand(f"{prefix}{index}", node.shape) for index, node in enumerate(circuit)}
        self.codes = [node.operation.cpp_code.strip() for node in circuit.nodes[1:]]
        self.constants: list[str] = []
        self.calls: list[str] = []
        for node in circuit.nodes[1:]:
            known, name = numbers(circuit, node), operands[node.name].name
            self.constants += [
                _array(f"{key}_{name}", value) for key, value in known.items() if isinstance(value, np.ndarray)
            ]
            call = node.operation.cpp(known, [operands[source] for source in node.inputs], name)
            self.calls.append(f"  const auto {name} = {call};")
        self.result = operands[circuit.output.name].name
        self.count = math.prod(circuit.output.shape)


def _answer(sheet: OutputSheet, output: Node) -> _Calls:
    """From output integers to an array `y` of what they mean."""
    circuit = answer_circuit(sheet, output) if has_stage(sheet) else Circuit((as_input(output),))
    found, fraction = _Calls(circuit, "a"), circuit.output.span.fraction
    value = f"std::ldexp(static_cast<double>({found.result}[i]), {-fraction})"
    if sheet.answer == "values" and not has_stage(sheet):
        for name, values in (("scale", sheet.scale), ("offset", sheet.offset)):
            found.constants.append(f"constexpr double answer_{name}[] = {{{', '.join(v.hex() for v in values)}}};")
        value += " * answer_scale[i] + answer_offset[i]"
    found.calls.append(f"  Answers y{{}};\n  for (std::size_t i = 0; i < y.size(); i++) y[i] = {value};")
    return found


def _own(sheet: Sheet) -> str:
    """The types of single input elements as constants; one of all where they have none of their own."""
    own, count = sheet.input.own, math.prod(sheet.input.shape)
    all_ = [0], [sheet.input.low], [sheet.input.high]
    known = (own.raised, own.low, own.high) if own else [values * count for values in all_]
    lines = [_array(f"input_{key}", values) for key, values in zip(("raised", "low", "high"), known, strict=True)]
    return "\n".join([*lines, f"constexpr bool INPUT_DOWN = {str(bool(own and own.down)).lower()};"])


def checker(space: str) -> str:
    """`check.cpp`, which runs the header on the vectors."""
    return _template("check.cpp").substitute(space=space)


def _template(name: str) -> Template:
    return Template((files(__package__) / "templates" / name).read_text(encoding="utf-8"))


def _array(name: str, values: Any) -> str:
    flat = np.ravel(np.array(values, dtype=np.int64)).tolist()
    lines = [", ".join(map(str, flat[start : start + PER_LINE])) for start in range(0, len(flat), PER_LINE)]
    joined = ",\n    ".join(lines)
    return f"constexpr Integer {name}[] = {{\n    {joined}}};"


def _floats(values: Sequence[float]) -> str:
    return ", ".join(f"{float(np.float32(value)).hex()}f" for value in values)
