"""QONNX graph to fixed-point circuit: integer weights and the exact range of every tensor."""

from collections.abc import Sequence
from typing import Any

import onnx

from nac.errors import InputError
from nac.hardware.circuit import Circuit, Node
from nac.hardware.circuit.fixed import Span
from nac.hardware.circuit.operation import read_as
from nac.hardware.onnx.graph import GraphView


def read_circuit(model: onnx.ModelProto) -> Circuit:
    """The circuit of a QONNX graph whose nodes are named and whose shapes are known (`passes.py`).

    Raises:
        InputError: an operation that has no exact fixed-point form; the text names it.
    """
    return Circuit(tuple(Reader(GraphView(model)).read()))


class Reader:
    """What an operation finds when it reads its ONNX node, and where it puts what that becomes."""

    def __init__(self, view: GraphView) -> None:
        self.view = view
        self.nodes: list[Node] = []
        self.of_tensor: dict[str, Node] = {}

    def read(self) -> list[Node]:
        """All nodes of the graph. Raises InputError."""
        for node in self.view.nodes:
            if all(name in self.view.parameters for name in node.output):
                continue
            if node.op_type == "Identity":
                self.of_tensor[node.output[0]] = self.source(node)
                continue
            operation = read_as(node.op_type)
            if operation is None:
                raise InputError(f"{node.name}: operation {node.op_type} has no exact fixed-point form")
            operation.read(node, self)
        if not self.nodes or self.nodes[-1].tensor != self.view.output:
            raise InputError("the graph's output is not its last operation")
        return self.nodes

    def put(self, node: onnx.NodeProto, op: str, inputs: Sequence[Node], span: Span, **more: Any) -> None:
        """Add a circuit's node, named as an ONNX node is and for its value.

        `more` are fields of the node, as far as it has them (`type` is by default the smallest that holds the span,
        `significand` is `partial`), and for the rest attributes of the operation.
        """
        tensor = node.output[0]
        made = Node(
            name=node.name, op=op, inputs=tuple(i.name for i in inputs), shape=self.view.shape(tensor), span=span,
            type=more.pop("type", span.fixed), tensor=tensor, partial=(partial := more.pop("partial", 0)),
            significand=more.pop("significand", partial), weights=more.pop("weights", None),
            types=more.pop("types", None), attributes=more,
        )  # fmt: skip
        if any(made.name == other.name for other in self.nodes):
            raise InputError(f"{made.name}: two operations have this name")
        self.nodes.append(made)
        self.of_tensor[tensor] = made

    def source(self, node: onnx.NodeProto, index: int = 0) -> Node:
        """The circuit's node of an input. Raises InputError where there is none."""
        name = node.input[index]
        if name == self.view.input:
            raise InputError(f"{node.name}: the network input must be quantised first")
        if name not in self.of_tensor:
            raise InputError(f"{node.name}: input {name} has no exact fixed-point form here")
        return self.of_tensor[name]
