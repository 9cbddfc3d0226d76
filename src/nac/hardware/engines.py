"""Engines: what predicts. All of them compute the same bits, or `verify` says where they part."""

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun
from qonnx.custom_op.general.quant import quant

from nac.arch import copied
from nac.design import Design
from nac.errors import InputError, third_party
from nac.hardware.export import export, load_model, source_of
from nac.hardware.generate import generate
from nac.hardware.passes import QONNX_DOMAIN
from nac.hardware.project import RECORD, HlsProject
from nac.hardware.read import parameter_tensors

Values = npt.NDArray[np.float64]


class Engine(Protocol):
    """The extension point: something that computes a design's outputs."""

    name: str

    def predict(self, x: npt.NDArray[np.float32]) -> Values:
        """Raw network outputs.

        Args:
            x: (N, *input) on the network's input grid (`Design.quantised_input`).

        Returns:
            (N, outputs).
        """
        ...


class TorchEngine:
    """The quantised torch network, in float64: sums of wide values leave the 24 bits that float32 has."""

    name = "torch"

    def __init__(self, design: Design, batch_size: int = 1024) -> None:
        self.network = copied(design.network).eval().double()
        self.batch_size = batch_size

    def predict(self, x: npt.NDArray[np.float32]) -> Values:
        """See `Engine`."""
        with torch.no_grad():
            parts = [self.network(torch.from_numpy(part)).numpy() for part in _batches(x, self.batch_size)]
        return np.concatenate(parts)


class QonnxEngine:
    """model.onnx as ONNX and QONNX define it, exported first where it is missing."""

    name = "qonnx"

    def __init__(self, design: Design, batch_size: int = 256) -> None:
        file = design.path / "model.onnx"
        self.model = load_model(file if file.is_file() else export(design))
        self.batch_size = batch_size

    def predict(self, x: npt.NDArray[np.float32]) -> Values:
        """See `Engine`."""
        return run_qonnx(self.model, x, self.batch_size)[self.model.graph.output[0].name]


class HlsEngine:
    """The C simulation of the project in the design's `hls` folder, made first where it is missing."""

    name = "hls"

    def __init__(self, design: Design, project: HlsProject | None = None) -> None:
        self.project = project or _project_of(design)
        self.project.compile()

    def predict(self, x: npt.NDArray[np.float32]) -> Values:
        """See `Engine`."""
        return self.project.predict(x)


def _project_of(design: Design) -> HlsProject:
    """The design's project if it was made from the design's present model, else a new one."""
    file, folder = design.path / "model.onnx", design.path / "hls"
    if file.is_file() and (folder / RECORD).is_file():
        project = HlsProject.open(folder)
        if project.record.source == source_of(load_model(file)) and project.backend.simulates:
            return project
    return generate(design, design.record.task.target)


def _rtl(design: Design) -> Engine:
    from nac.hardware.rtl.engine import RtlEngine  # imports this room

    return RtlEngine(design)


ENGINES: Mapping[str, Callable[[Design], Engine]] = MappingProxyType(
    {"torch": TorchEngine, "qonnx": QonnxEngine, "hls": HlsEngine, "rtl": _rtl}
)


def engine(name: str, design: Design) -> Engine:
    """The engine of this name for a design. Raises InputError for an unknown name."""
    if name not in ENGINES:
        raise InputError(f"engine {name!r} is unknown, expected one of: {', '.join(ENGINES)}")
    return ENGINES[name](design)


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
    for part in _batches(x, batch_size):
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


def _batches(x: npt.NDArray[Any], size: int) -> list[Values]:
    values = np.ascontiguousarray(x, dtype=np.float64)
    if len(values) == 0:
        raise InputError("no samples to predict")
    return [values[start : start + size] for start in range(0, len(values), size)]


def outputs_sha256(outputs: npt.NDArray[Any]) -> str:
    """Hash of raw outputs (N, outputs) as little-endian float64; equal if and only if every bit is (-0 counts as 0)."""
    canonical = np.ascontiguousarray(outputs, dtype="<f8") + 0.0
    return hashlib.sha256(canonical.tobytes()).hexdigest()

