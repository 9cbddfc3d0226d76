"""The network as integers: `network.json`, all that a reference needs to compute the same bits."""

from typing import Any

from nac.hardware.circuit import Circuit, Node, Weights
from nac.hardware.interface import own_types


def network_json(circuit: Circuit) -> dict[str, Any]:
    """The operations in order, each a mapping.

    Every value is an array of integers of `shape` (channels first, without samples), in steps of 2**-`fraction`, from
    `low` to `high`. A dense or convolutional layer has a `kernel` (out, in, ...) and a `bias` (out,), the bias in
    steps of the result, and `shift`: products are taken times 2**shift. What else an operation needs is beside these.
    """
    return {"operations": [_operation(circuit, node) for node in circuit]}


def _operation(circuit: Circuit, node: Node) -> dict[str, Any]:
    sources = [circuit[name] for name in node.inputs]
    known: dict[str, Any] = {
        "name": node.name, "op": node.op, "inputs": list(node.inputs), "shape": list(node.shape),
        "fraction": node.span.fraction, "low": node.span.low, "high": node.span.high,
    }  # fmt: skip
    if node.weights is not None:
        known |= _weights(node, node.weights, sources[0])
    if node.op == "quantise":
        known |= _quantiser(node, sources[0])
    if node.op == "add":
        known["shifts"] = [node.span.fraction - source.span.fraction for source in sources]
    for name in ("shift", "size", "transposed", "stride", "pads"):
        if name in node.attributes:
            known[name] = node.attributes[name]
    return known


def _quantiser(node: Node, source: Node) -> dict[str, Any]:
    """Values are divided by 2**shift, rounded (half to even, or `down`), clipped to low ... high, times 2**raised.

    Of elements with types of their own, all four are lists, an entry for each.
    """
    type_ = node.type
    if node.types is not None:
        own = own_types(node.types, node.shape)
        return {"shift": [source.span.fraction - type_.fraction + raised for raised in own.raised],
                **own.model_dump(mode="json")}  # fmt: skip
    low = type_.low + (bool(node.attributes.get("narrow")) and type_.signed)
    return {"shift": source.span.fraction - type_.fraction, "low": low, "high": type_.high, "raised": 0, "down": False}


def _weights(node: Node, weights: Weights, source: Node) -> dict[str, Any]:
    return {
        "kernel": weights.kernel.tolist(),
        "bias": (weights.bias << (node.span.fraction - weights.bias_type.fraction)).tolist(),
        "shift": node.span.fraction - weights.kernel_type.fraction - source.span.fraction,
    }
