"""What dense layers and convolutions have in common: sums of products with weights, and a bias."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from nac.errors import InputError
from nac.hardware.circuit import CircuitOperation, Integers, Node, Numbers, Weights
from nac.hardware.circuit.evaluate import to_values
from nac.hardware.circuit.fixed import Fixed, Span
from nac.hardware.hls.layers import HlsWriter, valid_reuse
from nac.hardware.onnx.graph import SUM_BITS, integers
from nac.hardware.onnx.read import Reader
from nac.hardware.rtl.arithmetic import Variables
from nac.hardware.rtl.lowering import AdderWriter

SUMS = """
// Every S-th window of K0 x K1 on C channels of R x W positions within P0, P1 zeros. A dense layer has one position.
template <std::size_t O, std::size_t C, std::size_t R, std::size_t W, std::size_t K0, std::size_t K1, std::size_t S,
          std::size_t P0, std::size_t P1>
Values<O *((R + 2 * P0 - K0) / S + 1) * ((W + 2 * P1 - K1) / S + 1)>
sums(const Values<C * R * W> &x, const Integer *kernel, const Integer *bias, int shift) {
  constexpr std::size_t rows = (R + 2 * P0 - K0) / S + 1, columns = (W + 2 * P1 - K1) / S + 1;
  Values<O * rows * columns> y{};
  for (std::size_t o = 0; o < O; o++)
    for (std::size_t r = 0; r < rows; r++)
      for (std::size_t w = 0; w < columns; w++) {
        Integer sum = 0;
        for (std::size_t c = 0; c < C; c++)
          for (std::size_t i = 0; i < K0; i++)
            for (std::size_t j = 0; j < K1; j++) {
              const std::size_t at = r * S + i - P0, to = w * S + j - P1;  // below zero is beyond R and W
              if (at < R && to < W) sum += kernel[((o * C + c) * K0 + i) * K1 + j] * x[(c * R + at) * W + to];
            }
        y[(o * rows + r) * columns + w] = sum * (Integer(1) << shift) + bias[o];
      }
  return y;
}
"""


class CircuitAffine(CircuitOperation):
    """A kernel (out, in, *window) at one or several positions, and a bias (out,)."""

    cpp_code = SUMS

    def put(self, node: onnx.NodeProto, reader: Reader, source: Node, weights: Weights, **more: int) -> None:
        """The node, with the exact range of its sums. Raises InputError where they need more than 62 bits."""
        rows = weights.kernel.reshape(len(weights.kernel), -1)
        x = source.span.with_zero() if more.get("pads") else source.span
        positive, negative = np.maximum(rows, 0).sum(1), np.minimum(rows, 0).sum(1)
        fraction = max(weights.kernel_type.fraction + x.fraction, weights.bias_type.fraction)
        product, bias = fraction - weights.kernel_type.fraction - x.fraction, fraction - weights.bias_type.fraction
        largest = float(np.max((positive - negative) * float(x.magnitude)) * 2.0**product
                        + np.max(np.abs(weights.bias)) * 2.0**bias)
        if largest >= 2.0**SUM_BITS:
            raise InputError(f"{node.name}: sums up to {largest:.1e} steps, expected less than 2**{SUM_BITS}")
        low = positive * x.low + negative * x.high
        high = positive * x.high + negative * x.low
        low, high = (low << product) + (weights.bias << bias), (high << product) + (weights.bias << bias)
        bound = ((positive - negative) * x.magnitude << product) + (np.abs(weights.bias) << bias)
        # Every output channel has a scale of its own: what is common to its products and bias is no digit of the sum.
        common = np.gcd(np.gcd.reduce(rows, axis=1) << product, weights.bias << bias)
        reader.put(
            node, self.name, (source,), Span(int(low.min()), int(high.max()), fraction), partial=int(bound.max()),
            significand=int((bound // np.maximum(common & -common, 1)).max()), weights=weights, **more,
        )  # fmt: skip

    def numbers(self, node: Node, sources: Sequence[Node]) -> Numbers:
        """`kernel`, `bias` in steps of the result, and `shift`: products are taken times 2**shift."""
        weights = _of(node)
        shift = node.span.fraction - weights.kernel_type.fraction - sources[0].span.fraction
        return {"kernel": weights.kernel, "bias": _bias(node), "shift": shift}

    def sums(self, node: Node, adders: AdderWriter, patches: Variables) -> Variables:
        """One constant matrix product for every position of patches (in * window, *positions)."""
        columns = patches.reshape(len(patches), -1)
        weights = _of(node)
        rows = weights.kernel.reshape(len(weights.kernel), -1)
        kernel = to_values(rows, weights.kernel_type.fraction)
        offsets = to_values(_bias(node), node.span.fraction)
        results = [adders.matrices.product(kernel, column, offsets) for column in columns.T]
        return np.stack(results, axis=1).reshape(node.shape)

    def layer(
        self, node: Node, layers: HlsWriter, layer: Mapping[str, Any], kernel: npt.NDArray[np.int64]
    ) -> None:
        """Add hls4ml's layer, its kernel in the order that it has there."""
        weights = _of(node)
        data = {
            "weight_data": kernel * 2.0**-weights.kernel_type.fraction,
            "bias_data": weights.bias * 2.0**-weights.bias_type.fraction,
        }
        partial = Span(-node.partial, node.partial, node.span.fraction).fixed
        precision = {
            "weight": weights.kernel_type.hls(), "bias": weights.bias_type.hls(), "accum": partial.hls(),
            "result": node.type.hls(),
        }  # fmt: skip
        reuse = layers.reuse_factor
        if layers.strategy == "Resource":
            reuse = valid_reuse(reuse, math.prod(weights.kernel.shape[1:]), len(weights.kernel))
        layers.put(
            node, {**layer, **data, "data_format": "channels_last"}, precision, Strategy=layers.strategy,
            ReuseFactor=reuse,
        )  # fmt: skip


def weights_of(node: onnx.NodeProto, reader: Reader, source: Node) -> Weights:
    """The quantised parameters of an ONNX node, their first axis as it is there."""
    kernel, kernel_type = integers(reader.view, node.input[1])
    if len(node.input) > 2:
        bias, bias_type = integers(reader.view, node.input[2])
        bias = np.broadcast_to(np.ravel(bias), kernel.shape[:1])
        bias_type = Span(int(bias.min()), int(bias.max()), bias_type.fraction).fixed
    else:
        fraction = kernel_type.fraction + source.span.fraction
        bias, bias_type = np.zeros(kernel.shape[0], np.int64), Fixed(True, 1, fraction)
    return Weights(kernel, kernel_type, bias, bias_type)


def _of(node: Node) -> Weights:
    assert node.weights is not None
    return node.weights


def _bias(node: Node) -> Integers:
    """The bias (out,) in steps of the result."""
    weights = _of(node)
    return weights.bias << (node.span.fraction - weights.bias_type.fraction)
