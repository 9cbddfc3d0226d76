"""A design as plain ONNX, which onnxruntime computes bit for bit."""

import logging
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx

from nac.design import Design
from nac.errors import WorkError, third_party
from nac.hardware.engines.trained import TorchEngine
from nac.hardware.onnx.export import export, load_model
from nac.hardware.onnx.plain import to_plain
from nac.rundir import write_atomic

logger = logging.getLogger(__name__)
NAME = "qcdq.onnx"


def convert(design: Design, file: Path, x: npt.NDArray[np.float32]) -> int:
    """Write a design as ONNX with QuantizeLinear, Clip and DequantizeLinear, and compare onnxruntime with it.

    Args:
        design: exported first where that was not done.
        file: to write.
        x: inputs (N, *input) for `Design.quantised_input` to compare on.

    Returns:
        How many samples were compared, all of them equal bit for bit.

    Raises:
        WorkError: onnxruntime answers otherwise on a sample, as where a sum needs more than the 24 bits of float32.
    """
    source = design.path / "model.onnx"
    model = to_plain(load_model(source if source.is_file() else export(design)))
    content = model.SerializeToString()
    inputs = design.quantised_input(x)
    expected = TorchEngine(design).predict(inputs)
    found = run_onnxruntime(content, design.network_input(inputs))
    if not np.array_equal(found, expected):
        wrong = int((found != expected).any(axis=1).sum())
        raise WorkError(f"{design.record.name}: onnxruntime differs from the network on {wrong} of {len(x)} samples, "
                        f"by up to {np.abs(found - expected).max():g}: it computes in float32, whose sums have 24 bits")
    write_atomic(file, content)
    return len(inputs)


def run_onnxruntime(model: bytes | onnx.ModelProto, x: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Outputs (N, O) of a plain ONNX model on the CPU, as onnxruntime computes it unasked."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    content = model if isinstance(model, bytes) else model.SerializeToString()
    with third_party("onnxruntime"):
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        (entry,) = session.get_inputs()
        (outputs,) = session.run(None, {entry.name: np.ascontiguousarray(x, dtype=np.float32)})
    return np.asarray(outputs, dtype=np.float64)
