"""Engines: what predicts. All of them compute the same bits, or `verify` says where they part."""

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import onnx
import torch
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx

from nac.design import Design
from nac.errors import InputError
from nac.hardware.export import export, load_model
from nac.hardware.passes import with_batch
from nac.hardware.project import RECORD, HlsProject, generate, source_of

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
    """The quantised torch network."""

    name = "torch"

    def __init__(self, design: Design, batch_size: int = 1024) -> None:
        self.network = design.network
        self.batch_size = batch_size

    def predict(self, x: npt.NDArray[np.float32]) -> Values:
        """See `Engine`."""
        with torch.no_grad():
            parts = [self.network(torch.from_numpy(part)).numpy() for part in _batches(x, self.batch_size)]
        return np.concatenate(parts).astype(np.float64)


class QonnxEngine:
    """QONNX's own execution of model.onnx, exported first where it is missing."""

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


def run_qonnx(
    model: onnx.ModelProto, x: npt.NDArray[np.float32], batch_size: int = 256, *, all_tensors: bool = False
) -> dict[str, npt.NDArray[Any]]:
    """Tensors of a QONNX graph by name, (N, ...): its output, or every value that depends on the input.

    The graph is executed on whole batches, which takes some milliseconds where sample by sample takes minutes.
    """
    wrapper = ModelWrapper(model)
    entry, exit_ = model.graph.input[0].name, model.graph.output[0].name
    found: dict[str, list[npt.NDArray[Any]]] = {}
    sized: dict[int, ModelWrapper] = {}
    for part in _batches(x, batch_size):
        batch = sized.setdefault(len(part), with_batch(wrapper, len(part)))
        values = execute_onnx(batch, {entry: part}, return_full_exec_context=all_tensors)
        wanted = [name for node in model.graph.node for name in node.output] if all_tensors else [exit_]
        for name in wanted:
            found.setdefault(name, []).append(np.asarray(values[name], dtype=np.float64))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _batches(x: npt.NDArray[np.float32], size: int) -> list[npt.NDArray[np.float32]]:
    values = np.ascontiguousarray(x, dtype=np.float32)
    if len(values) == 0:
        raise InputError("no samples to predict")
    return [values[start : start + size] for start in range(0, len(values), size)]


def outputs_sha256(outputs: npt.NDArray[Any]) -> str:
    """Hash of raw outputs (N, outputs) as little-endian float64; equal if and only if every bit is (-0 counts as 0)."""
    canonical = np.ascontiguousarray(outputs, dtype="<f8") + 0.0
    return hashlib.sha256(canonical.tobytes()).hexdigest()

