"""The maximum over windows."""

from collections.abc import Sequence

import numpy as np
import onnx

from nac.errors import InputError
from nac.hardware.circuit import (
    CIRCUIT_OPERATIONS,
    Beat,
    CircuitOperation,
    Integers,
    Node,
    Numbers,
    Operand,
    Window,
)
from nac.hardware.hls.layers import HlsWriter, Layer
from nac.hardware.onnx.graph import attributes
from nac.hardware.onnx.read import Reader
from nac.hardware.rtl.arithmetic import Variables, largest
from nac.hardware.rtl.lowering import AdderWriter

CODE = """
// The largest of each S0 x S1 window of C channels of R x W positions.
template <std::size_t C, std::size_t R, std::size_t W, std::size_t S0, std::size_t S1>
Values<C * (R / S0) * (W / S1)> max_pool(const Values<C * R * W> &x) {
  constexpr std::size_t rows = R / S0, columns = W / S1;
  Values<C * rows * columns> y{};
  for (std::size_t i = 0; i < C * rows * columns; i++) {
    const std::size_t c = i / (rows * columns), r = i / columns % rows * S0, w = i % columns * S1;
    y[i] = x[(c * R + r) * W + w];
    for (std::size_t j = 0; j < S0 * S1; j++) y[i] = std::max(y[i], x[(c * R + r + j / S1) * W + w + j % S1]);
  }
  return y;
}
"""


def max_pool(known: Numbers, x: Integers) -> Integers:
    """The largest of each window of equal sides; what does not fill a window is left out."""
    for axis, length in enumerate(known["shape"][1:], start=2):
        x = np.moveaxis(x, axis, -1)[..., : length * known["size"]]
        x = np.moveaxis(x.reshape(*x.shape[:-1], length, known["size"]).max(axis=-1), -1, axis)
    return x


class CircuitMaxPool(CircuitOperation):
    """(C, *space) to (C, *space // size). Attributes: `size`, along every axis of positions."""

    name = "max_pool"
    read_from = frozenset({"MaxPool"})
    compute = staticmethod(max_pool)
    cpp_code = CODE

    def read(self, node: onnx.NodeProto, reader: Reader) -> None:
        """Raises InputError for windows that overlap or are no squares."""
        given, source = attributes(node), reader.source(node)
        size, strides = list(given["kernel_shape"]), list(given.get("strides", [1, 1]))
        if len(set(size)) != 1 or strides != size or any(given.get("pads", [0])):
            raise InputError(f"{node.name}: expected windows of equal sides that do not overlap, without padding")
        reader.put(node, self.name, (source,), source.span, type=source.type, size=int(size[0]))

    def numbers(self, node: Node, sources: Sequence[Node]) -> Numbers:
        """See `max_pool`."""
        return {"size": node.attributes["size"]}

    def cpp(self, known: Numbers, operands: Sequence[Operand], name: str) -> str:
        """One axis is two, of which the first has one position."""
        (x,) = operands
        channels, *space = x.shape
        beside = [1] * (2 - len(space))
        sizes = [channels, *beside, *space, *beside, *[known["size"]] * len(space)]
        return f"max_pool<{', '.join(map(str, sizes))}>({x.name})"

    def rtl(self, node: Node, adders: AdderWriter) -> Variables:
        """Comparisons as trees."""
        (x,), size = adders.operands(node), int(node.attributes["size"])
        out = np.empty(node.shape, dtype=object)
        for channel, *place in np.ndindex(out.shape):
            patch = x[(channel, *(slice(at * size, (at + 1) * size) for at in place))]
            out[(channel, *place)] = largest(list(patch.ravel()))
        return out

    def stream(self, node: Node, positions: int) -> Beat:
        """Windows that do not overlap."""
        size = int(node.attributes["size"])
        if positions > 1 and len(node.shape) > 2:
            return Beat(node.at(node.shape[-1]), Window((size,), size, 0))
        return Beat(node.at(1), Window((size,) * (len(node.shape) - 1), size, 0))

    def hls(self, node: Node, layers: HlsWriter) -> None:
        """See `CircuitOperation`."""
        kind = _one_axis if len(node.shape) == 2 else _two_axes
        layer = kind(node, layers.source(node).shape, node.attributes["size"])
        layers.put(node, layer, {"accum": node.type.hls(), "result": node.type.hls()})


def _one_axis(node: Node, shape: tuple[int, ...], size: int) -> Layer:
    channels, samples = shape
    return {
        "class_name": "MaxPooling1D", "data_format": "channels_last", "n_filt": channels, "n_in": samples,
        "n_out": node.shape[1], "pool_width": size, "stride_width": size, "padding": "valid", "pad_left": 0,
        "pad_right": 0,
    }  # fmt: skip


def _two_axes(node: Node, shape: tuple[int, ...], size: int) -> Layer:
    channels, rows, columns = shape
    return {
        "class_name": "MaxPooling2D", "data_format": "channels_last", "n_filt": channels, "in_height": rows,
        "in_width": columns, "out_height": node.shape[1], "out_width": node.shape[2], "padding": "valid",
        "pad_top": 0, "pad_bottom": 0, "pad_left": 0, "pad_right": 0,
        **{f"{what}_{side}": size for what in ("pool", "stride", "filt") for side in ("height", "width")},
    }  # fmt: skip


CIRCUIT_OPERATIONS.register(CircuitMaxPool.name, CircuitMaxPool())
