"""Sums over features."""

from collections.abc import Sequence

import numpy as np
import onnx

from nac.errors import InputError
from nac.hardware.circuit import CIRCUIT_OPERATIONS, Integers, Node, Numbers, Operand, Weights
from nac.hardware.circuit.operations.affine import CircuitAffine, weights_of
from nac.hardware.hls.layers import HlsWriter
from nac.hardware.onnx.graph import attributes
from nac.hardware.onnx.read import Reader
from nac.hardware.rtl.arithmetic import Variables
from nac.hardware.rtl.lowering import AdderWriter


def dense(known: Numbers, x: Integers) -> Integers:
    """Sums over the features of a vector."""
    kernel, bias = np.asarray(known["kernel"]), np.asarray(known["bias"])
    sums: Integers = ((x @ kernel.T) << known["shift"]) + bias
    return sums


class CircuitDense(CircuitAffine):
    """(in,) to (out,)."""

    name = "dense"
    read_from = frozenset({"Gemm"})
    compute = staticmethod(dense)

    def read(self, node: onnx.NodeProto, reader: Reader) -> None:
        """Raises InputError for a Gemm that does more than a dense layer."""
        given, source = attributes(node), reader.source(node)
        if given.get("alpha", 1.0) != 1.0 or given.get("beta", 1.0) != 1.0 or given.get("transA", 0):
            raise InputError(f"{node.name}: expected a plain Gemm (alpha 1, beta 1, transA 0)")
        weights = weights_of(node, reader, source)
        if not given.get("transB", 0):
            weights = Weights(weights.kernel.T, weights.kernel_type, weights.bias, weights.bias_type)
        self.put(node, reader, source, weights)

    def cpp(self, known: Numbers, operands: Sequence[Operand], name: str) -> str:
        """See `CircuitOperation`."""
        outputs, inputs = known["kernel"].shape
        sizes = f"{outputs}, {inputs}, 1, 1, 1, 1, 1, 0, 0"
        return f"sums<{sizes}>({operands[0].name}, kernel_{name}, bias_{name}, {known['shift']})"

    def rtl(self, node: Node, adders: AdderWriter) -> Variables:
        """See `CircuitOperation`."""
        return self.sums(node, adders, adders.operands(node)[0])

    def hls(self, node: Node, layers: HlsWriter) -> None:
        """Behind a flattened value, the columns are in the order that hls4ml has."""
        assert node.weights is not None
        kernel = node.weights.kernel
        if node.inputs[0] in layers.out.order:
            kernel = kernel[:, layers.out.order[node.inputs[0]]]
        layer = {"class_name": "Dense", "n_in": kernel.shape[1], "n_out": kernel.shape[0]}
        self.layer(node, layers, layer, kernel.T)

    def pointwise(self, node: Node) -> bool:
        """It has one position only."""
        return True


CIRCUIT_OPERATIONS.register(CircuitDense.name, CircuitDense())
