"""The product of two values that both depend on the input."""

import math
from collections.abc import Sequence

import numpy as np
import onnx

from nac.errors import InputError
from nac.hardware.circuit import CIRCUIT_OPERATIONS, Beat, CircuitOperation, Integers, Node, Numbers, Operand
from nac.hardware.circuit.fixed import Span
from nac.hardware.hls import stream_product
from nac.hardware.hls.layers import HlsWriter, Layer
from nac.hardware.hls.order import channels_last
from nac.hardware.onnx.graph import attributes
from nac.hardware.onnx.read import Reader
from nac.hardware.rtl.arithmetic import Variables, total
from nac.hardware.rtl.lowering import AdderWriter

TRANSPOSE = "Transpose"
CODE = """
// (M, K) times (K, N), either stored transposed.
template <std::size_t M, std::size_t K, std::size_t N, bool A, bool B>
Values<M * N> matmul(const Values<M * K> &a, const Values<K * N> &b) {
  Values<M * N> y{};
  for (std::size_t m = 0; m < M; m++)
    for (std::size_t n = 0; n < N; n++)
      for (std::size_t k = 0; k < K; k++) y[m * N + n] += a[A ? k * M + m : m * K + k] * b[B ? n * K + k : k * N + n];
  return y;
}
"""


def matmul(known: Numbers, a: Integers, b: Integers) -> Integers:
    """The matrix product, either operand transposed first."""
    first, second = known["transposed"]
    product: Integers = (a.swapaxes(1, 2) if first else a) @ (b.swapaxes(1, 2) if second else b)
    return product


class CircuitMatmul(CircuitOperation):
    """(M, K) times (K, N). Attributes: `transposed`, which of the two are stored transposed."""

    name = "matmul"
    read_from = frozenset({"MatMul", TRANSPOSE})
    compute = staticmethod(matmul)
    cpp_code = CODE
    multiplies = True

    def read(self, node: onnx.NodeProto, reader: Reader) -> None:
        """A transposition has no node of its own."""
        if node.op_type == TRANSPOSE:
            if list(attributes(node).get("perm", [])) != [0, 2, 1]:
                raise InputError(f"{node.name}: expected a transposition of the last two of three axes")
            return
        operands, flags = [], []
        for name in node.input:
            before = reader.view.producer.get(name)
            flags.append(before is not None and before.op_type == TRANSPOSE)
            operands.append(reader.of_tensor.get(before.input[0] if flags[-1] and before is not None else name))
        a, b = operands
        if a is None or b is None:
            raise InputError(f"{node.name}: expected the product of two quantised activations")
        terms = a.shape[0] if flags[0] else a.shape[1]
        partial = terms * a.span.magnitude * b.span.magnitude
        span = a.span.times(b.span, terms)
        reader.put(node, self.name, (a, b), span, partial=partial, transposed=tuple(flags))

    def numbers(self, node: Node, sources: Sequence[Node]) -> Numbers:
        """See `matmul`."""
        return {"transposed": list(node.attributes["transposed"])}

    def cpp(self, known: Numbers, operands: Sequence[Operand], name: str) -> str:
        """See `CircuitOperation`."""
        (a, b), (first, second) = operands, known["transposed"]
        rows, inner = reversed(a.shape) if first else a.shape
        columns = b.shape[0] if second else b.shape[1]
        flags = f"{str(first).lower()}, {str(second).lower()}"
        return f"matmul<{rows}, {inner}, {columns}, {flags}>({a.name}, {b.name})"

    def rtl(self, node: Node, adders: AdderWriter) -> Variables:
        """Multipliers, and their sums as trees."""
        flags: tuple[bool, bool] = node.attributes["transposed"]
        a, b = (x.T if flag else x for x, flag in zip(adders.operands(node), flags, strict=True))
        out = np.empty((a.shape[0], b.shape[1]), dtype=object)
        for row, column in np.ndindex(out.shape):
            out[row, column] = total([x * y for x, y in zip(a[row], b[:, column], strict=True)])
        return out

    def hls(self, node: Node, layers: HlsWriter) -> None:
        """hls4ml's Einsum, or a layer of our own for streams."""
        a, b = (layers.source(node, i) for i in (0, 1))
        letters = ["ik"[::-1] if node.attributes["transposed"][0] else "ik"]
        letters.append("kj"[::-1] if node.attributes["transposed"][1] else "kj")
        stored = [text[::-1] for text in letters]  # channels last
        layer: Layer = {
            "class_name": "Einsum", "equation": f"{stored[0]},{stored[1]}->ji",
            "inp0_shape": channels_last(a.shape), "inp1_shape": channels_last(b.shape),
            "out_shape": channels_last(node.shape),
        }  # fmt: skip
        if layers.streams:
            stream_product.register()
            flags = dict(zip(("transpose_a", "transpose_b"), node.attributes["transposed"], strict=True))
            layer = {"class_name": stream_product.LAYER, "m": node.shape[0], "k": _inner(node, a), "n": node.shape[1],
                     **flags}  # fmt: skip
        partial = Span(-node.partial, node.partial, node.span.fraction).fixed
        precision = {"accum": partial.hls(), "result": node.type.hls()}
        layers.put(node, layer, precision, Strategy="Latency", ReuseFactor=1)

    def stream(self, node: Node, positions: int) -> Beat | None:
        """A sum over positions beat by beat, or with a matrix that is there whole."""
        match node.attributes["transposed"]:
            case (False, True):
                return Beat(node, over="total")
            case (_, False):
                return Beat(node.at(positions), whole=(0,))
        return None

    def products(self, node: Node, sources: Sequence[Node]) -> int:
        """M * K * N."""
        return math.prod(node.shape) * _inner(node, sources[0])


def _inner(node: Node, first: Node) -> int:
    return first.shape[0] if node.attributes["transposed"][0] else first.shape[1]


CIRCUIT_OPERATIONS.register(CircuitMatmul.name, CircuitMatmul())
