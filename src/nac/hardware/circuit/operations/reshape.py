"""The same values in another shape."""

from collections.abc import Sequence

import onnx

from nac.errors import InputError
from nac.hardware.circuit import CIRCUIT_OPERATIONS, Beat, CircuitOperation, Integers, Node, Numbers, Operand
from nac.hardware.hls.layers import HlsWriter
from nac.hardware.hls.order import channels_last, flatten_order
from nac.hardware.onnx.read import Reader
from nac.hardware.rtl.arithmetic import Variables
from nac.hardware.rtl.lowering import AdderWriter


def reshape(known: Numbers, x: Integers) -> Integers:
    """Channels first."""
    return x.reshape(len(x), *known["shape"])


class CircuitReshape(CircuitOperation):
    """Keeps the channels, flattens, or makes one channel of a vector."""

    name = "reshape"
    read_from = frozenset({"Reshape", "Flatten"})
    compute = staticmethod(reshape)
    stored = False

    def read(self, node: onnx.NodeProto, reader: Reader) -> None:
        """Raises InputError for any other reshape: hls4ml has the channels last."""
        source, shape = reader.source(node), reader.view.shape(node.output[0])
        to_channel = len(source.shape) == 1 and shape[0] == 1
        if len(shape) > 1 and shape[0] != source.shape[0] and not to_channel:
            raise InputError(
                f"{node.name}: a reshape must keep the channels, flatten or make one channel of a vector, not "
                f"{source.shape} to {shape}"
            )
        reader.put(node, self.name, (source,), source.span, type=source.type)

    def cpp(self, known: Numbers, operands: Sequence[Operand], name: str) -> str:
        """Values have no shape there."""
        return operands[0].name

    def rtl(self, node: Node, adders: AdderWriter) -> Variables:
        """Wires."""
        return adders.operands(node)[0].reshape(node.shape)

    def stream(self, node: Node, positions: int) -> Beat | None:
        """Where every channel keeps its positions."""
        return Beat(node.at(positions)) if len(node.shape) > 1 else None

    def hls(self, node: Node, layers: HlsWriter) -> None:
        """What is flattened comes in another order."""
        if len(node.shape) == 1:
            layers.out.order[node.name] = flatten_order(layers.source(node).shape)
        shape = list(channels_last(node.shape))
        layers.put(node, {"class_name": "Reshape", "target_shape": shape}, {"result": node.type.hls()})


CIRCUIT_OPERATIONS.register(CircuitReshape.name, CircuitReshape())
