"""The value that travels the whole way from a genotype to firmware."""

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, model_validator

from nac.arch.blocks import Block
from nac.arch.graph import FLOAT_BITS, Builder, Graph, Node
from nac.config import Model
from nac.config.base import describe
from nac.cost import MatrixOp
from nac.errors import InputError

BitWidth = Annotated[int, Field(ge=2, le=FLOAT_BITS)]


class Bits(Model):
    """Bit widths of the inputs, weights and activations; 32 is floating point."""

    input: BitWidth = 8
    weights: BitWidth = 8
    activations: BitWidth = 8


class Architecture(Model):
    """Blocks between an input shape (channels first, without the batch) and a number of outputs.

    `input` is (features,), (features, particles) or (channels, rows, columns). A dense layer to `outputs`
    without activation ends every network. Raises ValidationError when the blocks do not fit together.
    """

    input: Annotated[tuple[Annotated[int, Field(ge=1, le=100_000)], ...], Field(min_length=1, max_length=3)]
    blocks: Annotated[tuple[Block, ...], Field(max_length=100)]
    outputs: Annotated[int, Field(ge=1, le=10_000)]
    bits: Bits = Bits()

    @model_validator(mode="after")
    def _fits(self) -> "Architecture":
        try:
            trace(self)
        except InputError as error:
            raise ValueError(str(error)) from error
        return self

    @classmethod
    def from_json(cls, text: str, source: str | Path = "architecture") -> "Architecture":
        """The inverse of `to_json`. Raises InputError that names every wrong key."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise InputError(describe(error, source)) from error

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
        """The same network at other bit widths."""
        given = {"weights": weights, "activations": activations, "input": input}
        bits = Bits(**{**self.bits.model_dump(), **{k: v for k, v in given.items() if v is not None}})
        return self.model_copy(update={"bits": bits})

    def summary(self) -> str:
        """One line for tables, e.g. `3x8: 32-32-mean-32-16-5 @w8a8`."""
        shape = "x".join(map(str, self.input))
        blocks = "-".join([*(block.summary() for block in self.blocks), str(self.outputs)])
        return f"{shape}: {blocks} @w{self.bits.weights}a{self.bits.activations}"


def trace(architecture: Architecture) -> Graph:
    """Lower an architecture to its graph. Raises InputError, naming the block, when shapes do not fit."""
    bits = architecture.bits
    builder = Builder(
        architecture.input, input_bits=bits.input, weight_bits=bits.weights, activation_bits=bits.activations
    )
    x: Node = builder.input
    for index, block in enumerate(architecture.blocks):
        x = block.expand(builder, f"{block.block}{index}", x)
    if len(x.shape) != 1:
        raise InputError(f"blocks: end with shape {x.shape}; flatten or aggregate before the output layer")
    builder.dense("output", x, architecture.outputs)
    return Graph(tuple(builder.nodes), bits.weights)


def workload(architecture: Architecture, density: float | Mapping[str, float] = 1.0) -> list[MatrixOp]:
    """The matrix products of a network, named as the nodes of its graph.

    Args:
        architecture: the network.
        density: share of weights kept, for all layers or by node name (missing ones are dense).

    Batch norms count nothing: they are folded into the layer before them.
    """
    graph = trace(architecture)
    nodes = {node.name: node for node in graph.nodes}
    affine = {
        node.inputs[0]: 2 * math.prod(node.shape[:1] if len(node.shape) < 3 else node.shape)
        for node in graph.nodes
        if node.op == "norm" and node.attrs["kind"] == "layer"
    }
    ops = []
    for node in graph.nodes:
        if node.op not in {"conv", "dense", "matmul"}:
            continue
        source = nodes[node.inputs[0]]
        outputs, positions = node.shape[0], math.prod(node.shape[1:])
        if node.op == "matmul":
            fan_in = source.shape[0] if node.attrs["transpose_a"] else source.shape[1]
            ops.append(MatrixOp(node.name, outputs, fan_in, positions, nodes[node.inputs[1]].bits, source.bits))
            continue
        kernel = int(node.attrs.get("kernel", 1))
        fan_in = source.shape[0] * kernel * kernel
        kept = density.get(node.name, 1.0) if isinstance(density, Mapping) else density
        bias = outputs if node.attrs.get("bias", True) else 0
        parameters = outputs * fan_in + bias + affine.get(node.name, 0)
        ops.append(MatrixOp(node.name, outputs, fan_in, positions, graph.weight_bits, source.bits, kept, parameters))
    return ops


ACCUMULATOR_BITS = 24
"""Magnitudes of up to so many bits are exact in float32, in which torch and QONNX compute; weights are symmetric."""


def deployment_problems(architecture: Architecture) -> list[str]:
    """Why an architecture has no bit-exact route to hardware; empty when it has one."""
    graph = trace(architecture)
    nodes = {node.name: node for node in graph.nodes}
    bits = architecture.bits
    problems = []
    for field in ("input", "weights", "activations"):
        limit = 12 if field == "input" else 8
        if getattr(bits, field) > limit:
            problems.append(f"bits.{field}: {getattr(bits, field)} bits, expected 2 to {limit}")
    for node in graph.nodes:
        kind = node.attrs.get("kind")
        if node.op == "activation" and kind in {"gelu", "leaky_relu"}:
            problems.append(
                f"{node.name}: activation {kind} is not exact in hardware, expected none, relu or leaky_relu_1_8"
            )
        elif node.op == "norm" and kind == "layer":
            problems.append(f"{node.name}: layer norm cannot be folded, expected none or batch")
        elif node.op == "softmax":
            problems.append(f"{node.name}: softmax is a table in hardware, expected softmax: false")
        elif node.op == "aggregate" and kind == "mean":
            particles = nodes[node.inputs[0]].shape[1]
            if particles & (particles - 1):
                problems.append(f"{node.name}: mean over {particles} particles, expected a power of two")
    if not problems:
        problems = [
            f"{op.name}: sums need {width} bits, expected at most {ACCUMULATOR_BITS} (exact in float32)"
            for op in workload(architecture)
            if (width := op.weight_bits - 1 + op.activation_bits + math.ceil(math.log2(op.fan_in))) > ACCUMULATOR_BITS
        ]
    return problems
