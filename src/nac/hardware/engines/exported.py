"""The engine `qonnx`."""

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun
from qonnx.custom_op.general.quant import quant

from nac.design import Design
from nac.errors import third_party
from nac.hardware.engines.contract import ENGINES, Values, batches
from nac.hardware.onnx.export import exported
from nac.hardware.onnx.graph import parameter_tensors
from nac.hardware.onnx.passes import QONNX_DOMAIN


@ENGINES.register("qonnx")
class QonnxEngine:
    """model.onnx as ONNX and QONNX define it, exported first where it is missing."""

    name = "qonnx"

    def __init__(self, design: Design, batch_size: int = 256) -> None:
        self.design, self.model = design, exported(design).model
        self.batch_size = batch_size

    def predict(self, x: npt.NDArray[np.float32]) -> Values:
        """See `Engine`."""
        return run_qonnx(self.model, self.design.network_input(x), self.batch_size)[self.model.graph.output[0].name]


class Quant(OpRun):
    """QONNX's quantiser for ONNX's reference evaluator."""

    op_domain = QONNX_DOMAIN

    def _run(
        self, x: Values, scale: Values, zero: Values, bits: Values, *, signed: int, narrow: int, rounding_mode: str
    ) -> tuple[Values]:
        found = np.zeros_like(x)
        for width in np.unique(bits):  # QONNX takes one at a time
            found = np.where(bits == width, quant(x, scale, zero, width, signed, narrow, rounding_mode), found)
        return (found,)


def run_qonnx(
    model: onnx.ModelProto, x: npt.NDArray[np.float32], batch_size: int = 256, *, all_tensors: bool = False
) -> dict[str, Values]:
    """Tensors of a QONNX graph by name, (N, ...): its output, or every value that depends on the input.

    Computed in float64 by ONNX's reference evaluator, whose every operation is numpy, and QONNX's own quantiser:
    `execute_onnx` computes in float32, and one sample at a time.
    """
    evaluator = ReferenceEvaluator(_in_double(model), new_ops=[Quant])
    entry, exit_ = model.graph.input[0].name, model.graph.output[0].name
    constant = parameter_tensors(model)
    found: dict[str, list[Values]] = {}
    for part in batches(x, batch_size):
        with third_party("QONNX"):
            values = evaluator.run(None, {entry: part}, intermediate=True)
        wanted = [name for node in model.graph.node for name in node.output if name not in constant]
        for name in wanted if all_tensors else [exit_]:
            found.setdefault(name, []).append(values[name])
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _in_double(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with constants of double precision, so that everything computed from them has it."""
    twin = onnx.ModelProto()
    twin.CopyFrom(model)
    for tensor in twin.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float64), tensor.name))
    return twin
