"""Convolutions over one and over two axes."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import onnx

from nac.errors import InputError
from nac.hardware.circuit import CIRCUIT_OPERATIONS, Beat, Integers, Node, Numbers, Operand, Window
from nac.hardware.circuit.operations.affine import CircuitAffine, weights_of
from nac.hardware.hls.layers import HlsWriter, Layer
from nac.hardware.onnx.graph import attributes
from nac.hardware.onnx.read import Reader
from nac.hardware.rtl.arithmetic import Variables, constant
from nac.hardware.rtl.lowering import AdderWriter


def conv(known: Numbers, x: Integers) -> Integers:
    """Sums over channels and every `stride`-th window, with `pads` zeros at either end of every axis."""
    kernel, bias = np.asarray(known["kernel"]), np.asarray(known["bias"])
    rank = kernel.ndim - 2
    x = np.pad(x, [(0, 0), (0, 0), *[(known["pads"],) * 2] * rank])
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[2:], axis=tuple(range(2, 2 + rank)))
    windows = windows[(slice(None), slice(None), *[slice(None, None, known["stride"])] * rank)]
    axes = (1, *range(2 + rank, 2 + 2 * rank))
    products = np.moveaxis(np.tensordot(windows, kernel, axes=(axes, tuple(range(1, kernel.ndim)))), -1, 1)
    sums: Integers = (products << known["shift"]) + bias.reshape(-1, *[1] * rank)
    return sums

PerAxis = int | tuple[int, ...]


class CircuitConv(CircuitAffine):
    """(in, *space) to (out, *space'). Attributes: `stride` and `pads` (zeros at either end), the same along every axis.

    Its kernel has rank 3 (one axis of positions) or 4 (two).
    """

    name = "conv"
    read_from = frozenset({"Conv"})
    compute = staticmethod(conv)

    def read(self, node: onnx.NodeProto, reader: Reader) -> None:
        """Raises InputError for dilation, groups and axes that differ."""
        given, source = attributes(node), reader.source(node)
        unit = [given.get("group", 1), *given.get("dilations", [1])]
        strides, pads = set(given.get("strides", [1])), set(given.get("pads", [0]))
        if any(value != 1 for value in unit) or len(strides) != 1 or len(pads) != 1:
            raise InputError(
                f"{node.name}: expected a convolution without dilation or groups, its stride and its padding the same "
                "along every axis"
            )
        weights = weights_of(node, reader, source)
        self.put(node, reader, source, weights, stride=int(strides.pop()), pads=int(pads.pop()))

    def numbers(self, node: Node, sources: Sequence[Node]) -> Numbers:
        """See `conv`."""
        return {**super().numbers(node, sources), **{name: node.attributes[name] for name in ("stride", "pads")}}

    def cpp(self, known: Numbers, operands: Sequence[Operand], name: str) -> str:
        """One axis is two, of which the first has one position."""
        (x,), kernel = operands, known["kernel"].shape
        space, window, pads = x.shape[1:], kernel[2:], [known["pads"]] * (len(kernel) - 2)
        missing = 2 - len(window)
        sizes = [kernel[0], kernel[1], *[1] * missing, *space, *[1] * missing, *window, known["stride"],
                 *[0] * missing, *pads]  # fmt: skip
        return f"sums<{', '.join(map(str, sizes))}>({x.name}, kernel_{name}, bias_{name}, {known['shift']})"

    def rtl(self, node: Node, adders: AdderWriter) -> Variables:
        """See `CircuitOperation`."""
        assert node.weights is not None
        window = node.weights.kernel.shape[2:]
        patches = _patches(adders.operands(node)[0], window, node.attributes["stride"], node.attributes["pads"])
        return self.sums(node, adders, patches)

    def hls(self, node: Node, layers: HlsWriter) -> None:
        """See `CircuitOperation`."""
        assert node.weights is not None
        kernel, shape = node.weights.kernel, layers.source(node).shape
        stride, pads = node.attributes["stride"], node.attributes["pads"]
        layer: Layer = {
            "n_chan": kernel.shape[1], "n_filt": kernel.shape[0], "padding": "same" if pads else "valid",
        }  # fmt: skip
        sides = [("width", shape[-1], node.shape[-1], kernel.shape[-1], "left", "right")]
        if kernel.ndim == 4:
            sides.append(("height", shape[1], node.shape[1], kernel.shape[2], "top", "bottom"))
        for side, n_in, n_out, size, before, after in sides:
            layer |= {f"in_{side}": n_in, f"out_{side}": n_out, f"filt_{side}": size, f"stride_{side}": stride,
                      f"dilation_{side}": 1, f"pad_{before}": pads, f"pad_{after}": pads}  # fmt: skip
        layer["class_name"] = "Conv2D" if kernel.ndim == 4 else "Conv1D"
        self.layer(node, layers, layer, np.moveaxis(kernel, (1, 0), (-2, -1)))

    def stream(self, node: Node, positions: int) -> Beat:
        """At every window one constant matrix product; of a row at once, at every window in it."""
        if self.pointwise(node):
            return Beat(node.at(positions))
        assert node.weights is not None
        size, stride, pads = node.weights.kernel.shape[2:], node.attributes["stride"], node.attributes["pads"]
        if positions > 1 and len(size) > 1:
            own = {"stride": (1, stride), "pads": (0, pads)}
            return Beat(replace(node.at(node.shape[-1]), attributes=own), Window(size[:1], stride, pads))
        return Beat(replace(node.at(1), attributes={"stride": 1, "pads": 0}), Window(size, stride, pads))

    def pointwise(self, node: Node) -> bool:
        """With windows of one position."""
        assert node.weights is not None
        window = set(node.weights.kernel.shape[2:])
        return window == {1} and node.attributes["stride"] == 1 and node.attributes["pads"] == 0

    def title(self, node: Node) -> str:
        """What a dense layer on a set of vectors is."""
        assert node.weights is not None
        return "dense, at every position" if node.weights.kernel.shape[2:] == (1,) else super().title(node)


def _patches(x: Variables, window: tuple[int, ...], stride: PerAxis, pads: PerAxis) -> Variables:
    """All patches of symbolic values (C, *space) as (C * prod(window), *space'), with so many zeros at either end."""
    rank = len(window)
    strides, zeros = (np.broadcast_to(each, rank).tolist() for each in (stride, pads))
    if any(zeros):
        x = np.pad(x, [(0, 0), *zip(zeros, zeros, strict=True)], constant_values=constant(0.0))
    view = np.lib.stride_tricks.sliding_window_view(x, window, axis=tuple(range(1, 1 + rank)))
    view = view[(slice(None), *(slice(None, None, step) for step in strides))]
    order = (0, *range(1 + rank, 1 + 2 * rank), *range(1, 1 + rank))
    patches: Variables = view.transpose(order).reshape(-1, *view.shape[1 : 1 + rank])
    return patches


CIRCUIT_OPERATIONS.register(CircuitConv.name, CircuitConv())
