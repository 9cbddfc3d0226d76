"""The passes between the exporter's graph and model.onnx, each small, named and saved."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import onnx
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.fold_constants import FoldConstants
from qonnx.transformation.general import (
    GiveReadableTensorNames,
    GiveUniqueParameterTensors,
    RemoveStaticGraphInputs,
    RemoveUnusedTensors,
)
from qonnx.transformation.infer_shapes import InferShapes

from nac.arch import OPERATIONS, Graph
from nac.errors import WorkError
from nac.hardware.onnx.graph import QUANTISERS, parameter_tensors

QONNX_DOMAIN = "qonnx.custom_op.general"


class Pass(NamedTuple):
    """A rewriting of the graph under a name; it may change the model it is given."""

    name: str
    apply: Callable[[ModelWrapper], ModelWrapper]


def passes(graph: Graph) -> list[Pass]:
    """All passes in order, from the raw export of a network with this graph to the model that is delivered."""
    return [
        Pass("names", lambda model: name_nodes(model, graph)),
        Pass("shapes", infer_shapes),
        Pass("constants", fold_constants),
        Pass("batch", open_batch),
        Pass("tensors", name_tensors),
        Pass("order", lambda model: order(model, graph)),
    ]


def name_nodes(model: ModelWrapper, graph: Graph) -> ModelWrapper:
    """Operations get the names of the architecture's nodes, so that every tool speaks of the same layers.

    The exporter scopes a layer's operations by its module (`/dense0/Gemm`); functions have no module and follow
    in the order of the graph. Raises WorkError when the two graphs do not fit.
    """
    left = [node for node in graph.nodes if node.operation.exported]
    unscoped = frozenset().union(*(operation.exported for operation in OPERATIONS.values()))
    known = {node.name for node in graph.nodes}
    pending: list[onnx.NodeProto] = []
    for exported in model.graph.node:
        if exported.op_type == "Constant":
            continue
        scope = exported.name.lstrip("/").split("/")
        if len(scope) > 1 and scope[0] in known:
            exported.name = _scoped_name(exported, scope)
        elif exported.op_type not in unscoped:
            pending.append(exported)
        else:
            node = next((node for node in left if exported.op_type in node.operation.exported), None)
            if node is None:
                raise WorkError(f"{exported.name}: the architecture has no further {exported.op_type}")
            left.remove(node)
            exported.name = node.name
            for helper in pending:
                helper.name = f"{exported.name}_{helper.op_type.lower()}"
            pending = []
    if left:
        raise WorkError(f"the exported graph lacks the architecture's nodes {', '.join(node.name for node in left)}")
    return model


def _scoped_name(node: onnx.NodeProto, scope: list[str]) -> str:
    if node.op_type in QUANTISERS:
        role = {"weight_quant": "_weight", "bias_quant": "_bias"}.get(scope[1], "")
        return scope[0] + role
    return scope[0] if node.op_type in {"Gemm", "Conv"} else f"{scope[0]}_{node.op_type.lower()}"


def infer_shapes(model: ModelWrapper) -> ModelWrapper:
    """Give every tensor its shape, and quantisers the domain in which QONNX knows them."""
    for node in model.graph.node:
        if node.op_type in QUANTISERS:
            node.domain = QONNX_DOMAIN
    return model.transform(InferShapes())


def fold_constants(model: ModelWrapper, keep: Sequence[str] = ()) -> ModelWrapper:
    """Evaluate what depends on no input, but quantisers and others to `keep`: they say which type a constant has."""
    model = model.transform(GiveUniqueParameterTensors())
    model = model.transform(FoldConstants(exclude_op_types=[*sorted(QUANTISERS), *keep]))
    return model.transform(RemoveUnusedTensors()).transform(RemoveStaticGraphInputs())


def open_batch(model: ModelWrapper) -> ModelWrapper:
    """Reshapes keep whatever batch they are given: their constant shapes start with 0, which copies it."""
    for node in model.graph.node:
        if node.op_type != "Reshape":
            continue
        if model.get_initializer(node.input[1]) is None:
            raise WorkError(f"{node.name}: reshapes to a shape that is computed, expected a constant")
        out = model.get_tensor_shape(node.output[0])
        model.set_initializer(node.input[1], np.array([0, *out[1:]], dtype=np.int64))
        for attribute in node.attribute:
            if attribute.name == "allowzero":
                attribute.i = 0
    return model


def order(model: ModelWrapper, graph: Graph) -> ModelWrapper:
    """Parameters first, then the operations in the order of the architecture, each behind what helps it."""
    constant = parameter_tensors(model.model)
    places = {node.name: place for place, node in enumerate(graph.nodes)}
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([node for node in nodes if node.output[0] in constant])
    computed = [node for node in nodes if node.output[0] not in constant]
    model.graph.node.extend(sorted(computed, key=lambda node: places[_owner(node.name, places)]))
    return model


def _owner(name: str, known: Mapping[str, int]) -> str:
    """The node of the architecture that an operation is, or helps: `mix` of `mix_transpose`."""
    while name not in known:
        name = name.rpartition("_")[0]
    return name


def name_tensors(model: ModelWrapper) -> ModelWrapper:
    """Tensors are called after the nodes that make them; the network's ends are `global_in` and `global_out`."""
    return model.transform(GiveReadableTensorNames())
