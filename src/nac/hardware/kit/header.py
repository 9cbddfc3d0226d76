"""The header-only reference in C++: the operations are a template, weights and calls are printed."""

import math
from collections.abc import Callable, Sequence
from importlib.resources import files
from string import Template
from typing import Any

import numpy as np

from nac.hardware.interface import Sheet

TRANSFORMS = {"none": 0, "log2_1p": 1, "sqrt": 2}
PER_LINE = 30


def header(sheet: Sheet, network: dict[str, Any], space: str) -> str:
    """`reference.hpp` of a network (`network_json`) in the namespace `space`.

    Raises ValueError for an operation that has no reading in C++.
    """
    nodes = {node["name"]: node for node in network["operations"]}
    variables = {name: f"v{index}" for index, name in enumerate(nodes)}
    constants: list[str] = []
    calls: list[str] = []
    for name, node in list(nodes.items())[1:]:
        if node["op"] not in _CALLS:
            raise ValueError(f"no reference in C++ for the operation {node['op']}")
        variable = variables[name]
        if "kernel" in node:
            constants += [_array(f"kernel_{variable}", node["kernel"]), _array(f"bias_{variable}", node["bias"])]
        if isinstance(node.get("raised"), list):
            constants += [_array(f"{key}_{variable}", node[key]) for key in ("shift", "low", "high", "raised")]
        sources = [nodes[source] for source in node["inputs"]]
        call = _CALLS[node["op"]](node, [source["shape"] for source in sources], variable)
        operands = ", ".join(variables[source] for source in node["inputs"])
        calls.append(f"  const auto {variable} = {call.replace('@', operands)};")
    calls.append(f"  return {list(variables.values())[-1]};")
    last = network["operations"][-1]
    features = sheet.input.features
    return _template("reference.hpp").substitute(
        name=sheet.design, space=space, inputs=math.prod(sheet.input.shape), outputs=math.prod(last["shape"]),
        fraction=sheet.output.fraction, constants="\n".join(constants), calls="\n".join(calls),
        channels=len(features), offsets=_floats([known.offset for known in features]),
        scales=_floats([known.scale for known in features]),
        transforms=", ".join(str(TRANSFORMS[known.transform]) for known in features),
        own=_own(sheet), by_patch=str(sheet.input.by_patch).lower(), low=sheet.input.low, high=sheet.input.high,
    )  # fmt: skip


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


Shapes = list[list[int]]


def _sums(node: dict[str, Any], shapes: Shapes, variable: str) -> str:
    kernel = np.shape(node["kernel"])
    space, window = shapes[0][1:], kernel[2:]
    pads = [0] * (2 - len(window)) + [node.get("pads", 0)] * len(window)
    sizes = [kernel[0], kernel[1], *[1] * (2 - len(space)), *space, *[1] * (2 - len(window)), *window]
    sizes += [node.get("stride", 1), *pads]
    return f"sums<{', '.join(map(str, sizes))}>(@, kernel_{variable}, bias_{variable}, {node['shift']})"


def _matmul(node: dict[str, Any], shapes: Shapes, _: str) -> str:
    first, second = node["transposed"]
    rows, inner = reversed(shapes[0]) if first else shapes[0]
    columns = shapes[1][0] if second else shapes[1][1]
    return f"matmul<{rows}, {inner}, {columns}, {str(first).lower()}, {str(second).lower()}>(@)"


def _pool(node: dict[str, Any], shapes: Shapes, _: str) -> str:
    channels, *space = shapes[0]
    beside = [1] * (2 - len(space))
    sizes = [channels, *beside, *space, *beside, *[node["size"]] * len(space)]
    return f"max_pool<{', '.join(map(str, sizes))}>(@)"


def _quantise(node: dict[str, Any], _: Shapes, variable: str) -> str:
    down = str(node["down"]).lower()
    if isinstance(node["raised"], list):
        return f"each_own(@, shift_{variable}, low_{variable}, high_{variable}, raised_{variable}, {down})"
    known = ", ".join(str(node[key]) for key in ("shift", "low", "high", "raised"))
    return f"each(@, [](Integer x) {{ return quantised(x, {known}, {down}); }})"


_CALLS: dict[str, Callable[[dict[str, Any], Shapes, str], str]] = {
    "dense": _sums,
    "conv": _sums,
    "matmul": _matmul,
    "max_pool": _pool,
    "quantise": _quantise,
    "relu": lambda *_: "each(@, [](Integer x) { return std::max<Integer>(x, 0); })",
    "leaky_relu": lambda node, *_: f"each(@, [](Integer x) {{ return x < 0 ? x : shifted(x, {node['shift']}); }})",
    "add": lambda node, *_: f"add(@, {node['shifts'][0]}, {node['shifts'][1]})",
    "mean": lambda _, shapes, __: f"mean<{shapes[0][0]}, {shapes[0][1]}>(@)",
    "maximum": lambda _, shapes, __: f"maximum<{shapes[0][0]}, {shapes[0][1]}>(@)",
    "reshape": lambda *_: "@",
}
