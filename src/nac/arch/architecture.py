"""The value that travels the whole way from a genotype to firmware."""

import hashlib
import math
import operator
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, field_validator, model_validator

from nac.arch.blocks import AnyBlock
from nac.arch.graph import Builder, Graph
from nac.arch.operation import FLOAT_BITS
from nac.arch.operations import Aggregate, Dense
from nac.config import Model
from nac.config.base import explained
from nac.cost import MatrixOp
from nac.errors import InputError

MAX_VALUES = 1 << 27  # of one tensor, and parameters of a network: files of strangers must not fill the memory
MEAN_BITS = 8
"""Of a mean that keeps its sum, at the most (`Architecture.with_whole_means`)."""
BitWidth = Annotated[int, Field(ge=2, le=FLOAT_BITS)]
LayerWidth = Annotated[int, Field(ge=1, le=FLOAT_BITS)]


class Bits(Model):
    """Bit widths of the inputs, weights and activations; 32 is floating point."""

    input: BitWidth = 8
    weights: BitWidth = 8
    activations: BitWidth = 8


class Architecture(Model):
    """Blocks between an input shape (channels first, without the batch) and a number of outputs.

    `input` is (features,), (features, particles) or (channels, rows, columns). A dense layer to `outputs`
    without activation ends every network. `layer_bits` are the widths, by node name, that differ from `bits`: of
    the weights of a node that has some, of the values that leave an `input` or `activation` node.
    Raises ValidationError when the blocks do not fit together.
    """

    input: Annotated[tuple[Annotated[int, Field(ge=1, le=100_000)], ...], Field(min_length=1, max_length=3)]
    blocks: Annotated[tuple[AnyBlock, ...], Field(max_length=100)]
    outputs: Annotated[int, Field(ge=1, le=10_000)]
    bits: Bits = Bits()
    layer_bits: Mapping[str, LayerWidth] = Field(default_factory=dict, exclude_if=operator.not_)

    @field_validator("layer_bits")
    @classmethod
    def _in_order(cls, layer_bits: Mapping[str, int]) -> Mapping[str, int]:
        return dict(sorted(layer_bits.items()))  # the text, and with it the hash, must not depend on the order

    @model_validator(mode="after")
    def _fits(self) -> "Architecture":
        try:
            graph = trace(self)
        except InputError as error:
            raise ValueError(str(error)) from error
        largest = max(graph.nodes, key=lambda node: math.prod(node.shape))
        if math.prod(largest.shape) > MAX_VALUES:
            raise ValueError(f"{largest.name} has {math.prod(largest.shape):.1e} values, expected at most {MAX_VALUES}")
        for name, bits in self.layer_bits.items():
            if bits < (least := graph[name].operation.least_bits):
                raise ValueError(f"layer_bits.{name}: {bits} bit, expected at least {least}")
        if (parameters := sum(op.parameters for op in _products(graph))) > MAX_VALUES:
            raise ValueError(f"has {parameters:.1e} parameters, expected at most {MAX_VALUES}")
        return self

    @classmethod
    def from_json(cls, text: str, source: str | Path = "architecture") -> "Architecture":
        """The inverse of `to_json`. Raises InputError that names every wrong key."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise InputError(explained(error, source)) from error

    def to_json(self) -> str:
        """Canonical JSON: equal architectures give equal text."""
        return self.model_dump_json(indent=1)

    @property
    def hash(self) -> str:
        """12 hex digits that identify the architecture across machines and versions."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]

    def with_bits(
        self, *, weights: int | None = None, activations: int | None = None, input: int | None = None
    ) -> "Architecture":
        """The same network at other bit widths, the same in every layer."""
        given = {"weights": weights, "activations": activations, "input": input}
        bits = Bits(**{**self.bits.model_dump(), **{k: v for k, v in given.items() if v is not None}})
        return self.model_copy(update={"bits": bits, "layer_bits": {}})

    def with_layer_bits(self, layer_bits: Mapping[str, int]) -> "Architecture":
        """The same network with these widths by node name; those that `bits` says anyway are left out.

        Raises InputError for a name that no node has that has a width.
        """
        uniform = bit_widths(self.with_bits())
        if unknown := sorted(set(layer_bits) - set(uniform)):
            raise InputError(_no_such_width(unknown[0], uniform))
        own = {name: bits for name, bits in sorted(layer_bits.items()) if bits != uniform[name]}
        return self.model_copy(update={"layer_bits": own})

    def with_whole_means(self) -> "Architecture":
        """The same network whose means over particles have the digits of their sums, up to `MEAN_BITS` bits.

        The mean of 8 values of 4 bits has 7. Rounded to 4 again it costs a point of accuracy on jets, and saves only
        in the one layer that reads it.
        """
        graph = trace(self)
        whole = {
            node.name: max(node.bits, min(MEAN_BITS, summed.bits + math.ceil(math.log2(summed.shape[1]))))
            for node in graph.nodes if node.operation.quantises
            for source in graph.sources(node)
            if isinstance(source.operation, Aggregate) and source.operation.kind == "mean"
            for summed in graph.sources(source)
        }  # fmt: skip
        return self.with_layer_bits({**self.layer_bits, **whole})

    def summary(self) -> str:
        """One line for tables, e.g. `3x8: 32-32-mean-32-16-5 @w8a8`."""
        shape = "x".join(map(str, self.input))
        blocks = "-".join([*(block.summary() for block in self.blocks), str(self.outputs)])
        weights, activations = bit_width_ranges(self)
        return f"{shape}: {blocks} @w{weights}a{activations}"


def trace(architecture: Architecture) -> Graph:
    """Lower an architecture to its graph. Raises InputError, naming the block, when shapes do not fit."""
    bits = architecture.bits
    builder = Builder(
        architecture.input, input_bits=bits.input, weight_bits=bits.weights, activation_bits=bits.activations,
        layer_bits=architecture.layer_bits,
    )  # fmt: skip
    x = builder.input
    for index, block in enumerate(architecture.blocks):
        x = block.expand(builder, f"{block.block}{index}", x)
    if len(x.shape) != 1:
        raise InputError(f"blocks: end with shape {x.shape}; flatten or aggregate before the output layer")
    builder.add("output", Dense(width=architecture.outputs), x)
    graph = builder.graph
    known = _widths(graph)
    if unknown := sorted(set(architecture.layer_bits) - set(known)):
        raise InputError(_no_such_width(unknown[0], known))
    return graph


def bit_widths(architecture: Architecture) -> dict[str, int]:
    """Every width that a network has, by node name: what `layer_bits` may set, in order of execution."""
    return _widths(trace(architecture))


def _widths(graph: Graph) -> dict[str, int]:
    return {
        node.name: node.weight_bits if node.operation.weighted else node.bits
        for node in graph.nodes
        if node.operation.weighted or node.operation.quantises
    }


def _no_such_width(name: str, known: Mapping[str, int]) -> str:
    return f"layer_bits.{name}: no layer of this name has a width, expected one of {', '.join(known)}"


def bit_width_ranges(architecture: Architecture) -> tuple[str, str]:
    """The widths of the weights, and of the activations without the input's: `4`, or `2-6` where they differ."""
    nodes = trace(architecture).nodes
    weights = {node.weight_bits for node in nodes if node.operation.weighted}
    activations = {node.bits for node in nodes if node.operation.quantises and node.inputs}
    activations = activations or {architecture.bits.activations}
    low, high = zip(*((min(found), max(found)) for found in (weights, activations)), strict=True)
    first, second = (str(a) if a == b else f"{a}-{b}" for a, b in zip(low, high, strict=True))
    return first, second


def workload(architecture: Architecture, density: float | Mapping[str, float] = 1.0) -> list[MatrixOp]:
    """The matrix products of a network, named as the nodes of its graph.

    Args:
        architecture: the network.
        density: share of weights kept, for all layers or by node name (missing ones are dense).

    Batch norms count nothing: they are folded into the layer before them.
    """
    return _products(trace(architecture), density)


def _products(graph: Graph, density: float | Mapping[str, float] = 1.0) -> list[MatrixOp]:
    ops: dict[str, MatrixOp] = {}
    for node in graph.nodes:
        kept = density.get(node.name, 1.0) if isinstance(density, Mapping) else density
        if (op := node.operation.product(node, graph.sources(node), kept)) is not None:
            ops[node.name] = op
        elif affine := node.operation.affine_parameters(node):
            before = ops[node.inputs[0]]
            ops[before.name] = replace(before, parameters=before.parameters + affine)
    return list(ops.values())


ACCUMULATOR_BITS = 53
"""Magnitudes of up to so many bits are exact in float64, in which torch and QONNX compute; weights are symmetric."""

WIDEST_INPUT = 12
WIDEST = 16
"""Of weights and activations."""


def _width_names(architecture: Architecture) -> dict[str, int]:
    """Every width as it is written, by key."""
    own = {f"layer_bits.{name}": bits for name, bits in architecture.layer_bits.items()}
    return {f"bits.{field}": bits for field, bits in architecture.bits.model_dump().items()} | own


def deployment_problems(architecture: Architecture) -> list[str]:
    """Why an architecture has no bit-exact route to hardware; empty when it has one."""
    graph = trace(architecture)
    problems = []
    for name, bits in _width_names(architecture).items():
        limit = WIDEST_INPUT if name in {"bits.input", "layer_bits.input"} else WIDEST
        if bits > limit:
            problems.append(f"{name}: {bits} bits, expected 2 to {limit}")
    for node in graph.nodes:
        problems += node.operation.problems(node, graph.sources(node))
    if not problems:
        problems = [
            f"{op.name}: sums of {op.fan_in} {op.weight_bits}-bit weights times {op.activation_bits}-bit values need "
            f"{width} bits, expected at most {ACCUMULATOR_BITS} (exact in float64)"
            for op in _products(graph)
            if (width := op.weight_bits - 1 + op.activation_bits + math.ceil(math.log2(op.fan_in))) > ACCUMULATOR_BITS
        ]
    return problems
