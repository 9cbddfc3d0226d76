"""What the mean and the maximum over particles have in common."""

import onnx

from nac.errors import InputError
from nac.hardware.circuit import CircuitOperation, Node
from nac.hardware.circuit.fixed import Fixed
from nac.hardware.hls.layers import HlsWriter
from nac.hardware.onnx.graph import attributes
from nac.hardware.onnx.read import Reader


class CircuitAggregate(CircuitOperation):
    """(features, particles) to (features,)."""

    aggregates = True

    def particles(self, node: onnx.NodeProto, reader: Reader) -> Node:
        """What it reads. Raises InputError for a reduction over anything else."""
        given, source = attributes(node), reader.source(node)
        axes = given.get("axes") or reader.view.constants[node.input[1]].tolist()
        if given.get("keepdims", 1) or len(source.shape) != 2 or list(axes) not in ([2], [-1]):
            raise InputError(f"{node.name}: expected a reduction of (features, particles) over particles")
        return source

    def pooling(
        self, node: Node, layers: HlsWriter, kind: str, accumulator: Fixed, source: str | None = None
    ) -> None:
        """Add hls4ml's global pooling; `source` replaces what it reads."""
        features, particles = layers.source(node).shape
        layer = {
            "class_name": f"Global{kind}Pooling1D", "n_in": particles, "n_filt": features, "n_out": 1,
            "pad_left": 0, "pad_right": 0, "stride": 0, "stride_width": particles, "pool_width": particles,
            "data_format": "channels_last",
        }  # fmt: skip
        layers.put(node, layer, {"accum": accumulator.hls(), "result": node.type.hls()}, source=source)
