"""Equality of torch, QONNX and the C simulation, bit for bit, and the first layer that differs where it fails."""

import logging
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from pydantic import AliasChoices, Field
from torch import nn

from nac.arch import Network, copied
from nac.arch.quantisers import plain
from nac.config import Model
from nac.design import Design
from nac.errors import WorkError
from nac.hardware.engines import outputs_sha256
from nac.hardware.engines.exported import QonnxEngine, run_qonnx
from nac.hardware.engines.hls import HlsEngine
from nac.hardware.engines.trained import TorchEngine
from nac.hardware.hls.hls4ml import trace_layers
from nac.hardware.hls.project import HlsProject
from nac.hardware.onnx.export import Exported, exported

logger = logging.getLogger(__name__)
TRACED_SAMPLES = 20
Values = npt.NDArray[np.float64]


class Verification(Model):
    """What was compared. `predictions_sha256` is that of all engines; `seconds` are by engine.

    `proven`: no partial sum of any layer can leave the 53 bits that float64 keeps, whatever the input, so torch and
    QONNX cannot round where the circuit does not. Older reports say so of float32.
    """

    samples: int
    qonnx_samples: int
    hls_samples: int
    equal: bool
    proven: bool = Field(validation_alias=AliasChoices("proven", "proven_in_float32"))
    predictions_sha256: str
    seconds: Mapping[str, float] = Field(default_factory=dict)


def verify(
    design: Design, x: npt.NDArray[np.float32], n_qonnx: int | None = None, *, project: HlsProject | None = None
) -> Verification:
    """Compare the engines on samples.

    Args:
        design: exported and, unless `project` is given, generated where that was not done.
        x: inputs (N, *input) for `Design.quantised_input`.
        n_qonnx: how many of them QONNX runs; all by default.
        project: the project to simulate. One whose backend g++ cannot simulate is left out.

    Raises:
        WorkError: two engines differ on any sample; the text names the first layer that does.
    """
    inputs = design.quantised_input(np.ascontiguousarray(x, dtype=np.float32))
    seconds: dict[str, float] = {}
    expected = _timed("torch", seconds, TorchEngine(design).predict, inputs)
    few = inputs[:n_qonnx]
    graph = exported(design)
    if not np.array_equal(_timed("qonnx", seconds, QonnxEngine(design).predict, few), expected[: len(few)]):
        raise WorkError(f"{design.record.name}: {_torch_against_qonnx(design, graph, few)}")
    simulated = project is None or project.backend.simulates
    if simulated:
        start = time.perf_counter()
        hls = HlsEngine(design, project)
        seconds["compile"] = round(time.perf_counter() - start, 3)
        if not np.array_equal(found := _timed("hls", seconds, hls.predict, inputs), expected):
            wrong = np.flatnonzero((found != expected).any(axis=1))
            raise WorkError(f"{design.record.name}: {_qonnx_against_hls(design, hls.project, inputs[wrong])}")
    return Verification(
        samples=len(inputs), qonnx_samples=len(few), hls_samples=len(inputs) if simulated else 0, equal=True,
        proven=not graph.circuit.inexact_in_float64(), predictions_sha256=outputs_sha256(expected),
        seconds=seconds,
    )  # fmt: skip


def _timed(name: str, seconds: dict[str, float], predict: Any, x: npt.NDArray[np.float32]) -> Values:
    start = time.perf_counter()
    result: Values = predict(x)
    seconds[name] = round(time.perf_counter() - start, 3)
    return result


def torch_layers(network: Network, x: npt.NDArray[np.float32]) -> dict[str, Values]:
    """The output of every layer of a quantised network by node name, (N, ...), in float64."""
    network = copied(network).eval().double()
    seen: dict[str, Values] = {}

    def record(name: str) -> Any:
        def hook(_: nn.Module, __: Any, output: torch.Tensor) -> None:
            seen[name] = plain(output).numpy()

        return hook

    for name, layer in network.layers.items():
        layer.register_forward_hook(record(name))
    with torch.no_grad():
        network(torch.from_numpy(x.astype(np.float64)))
    return seen


def _torch_against_qonnx(design: Design, graph: Exported, x: npt.NDArray[np.float32]) -> str:
    seen = design.network_input(x)
    tensors, layers = run_qonnx(graph.model, seen, all_tensors=True), torch_layers(design.network, seen)
    pairs = [(n.name, layers[n.name], tensors[n.tensor]) for n in graph.circuit if n.name in layers]
    return _first_difference("torch", "QONNX", pairs)


def _qonnx_against_hls(design: Design, project: HlsProject, x: npt.NDArray[np.float32]) -> str:
    few, graph = x[:TRACED_SAMPLES], exported(design)
    circuit, tensors = graph.circuit, run_qonnx(graph.model, design.network_input(few), all_tensors=True)
    with tempfile.TemporaryDirectory() as work:
        traced = trace_layers(circuit, project.record.target, Path(work) / "traced", few)
    pairs = [(n.name, tensors[n.tensor], traced[n.name]) for n in circuit if n.name in traced and n.tensor in tensors]
    return _first_difference("QONNX", "HLS", pairs)


def _first_difference(left: str, right: str, pairs: list[tuple[str, Values, Values]]) -> str:
    for name, a, b in pairs:
        differs = (a != b).reshape(len(a), -1).any(axis=1)
        if differs.any():
            gap = np.abs(a - b).max()
            share = f"{differs.sum()} of {len(a)} samples"
            return f"{left} and {right} differ first in layer {name}: {share}, by up to {gap:g}"
    return f"{left} and {right} differ in their outputs, and in no layer that both show"
