"""A design's network as QONNX, through named passes whose results are kept."""

import hashlib
import io
import logging
import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import onnx
import torch
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from qonnx.core.modelwrapper import ModelWrapper

from nac.arch import Network
from nac.arch.brevitas import exporter
from nac.design import Design
from nac.errors import InputError, WorkError, third_party
from nac.hardware.circuit import Circuit
from nac.hardware.circuit.front import with_stage
from nac.hardware.onnx.passes import passes
from nac.hardware.onnx.read import read_circuit
from nac.hardware.onnx.untrusted import BROKEN_MODEL, as_input_error, check_model
from nac.rundir import write_atomic
from nac.tasks import Preprocessing

logger = logging.getLogger(__name__)
RAW = "export"
SOURCE_KEY = "nac"


@dataclass(frozen=True, eq=False)
class Exported:
    """A network's QONNX graph, and what is read from it, each found once and only when it is asked for.

    `stage` is the preprocessing whose input stage the firmware begins with, which QONNX does not hold.
    """

    model: onnx.ModelProto
    stage: Preprocessing | None = None

    @cached_property
    def circuit(self) -> Circuit:
        """The fixed-point circuit, with the input stage. Raises InputError where the graph has none."""
        circuit = read_circuit(self.model)
        return circuit if self.stage is None else with_stage(circuit, self.stage)

    @cached_property
    def source(self) -> str:
        """What identifies the circuit: 12 hex digits of the hash of the graph's nodes and constants, and the stage."""
        content = self.model.graph.SerializeToString(deterministic=True)
        if self.stage is not None:
            content += self.stage.model_dump_json(include={"raw_types", "stages", "limit"}).encode()
        return hashlib.sha256(content).hexdigest()[:12]


_Stamp = tuple[int, int, int]
_known: "WeakKeyDictionary[Design, tuple[_Stamp, Exported]]" = WeakKeyDictionary()


def exported(design: Design) -> Exported:
    """What a design's `model.onnx` holds, exported first where there is none; read again only where the file changed.

    Raises InputError when the file cannot be read or trusted.
    """
    file = design.path / "model.onnx"
    if not file.is_file():
        export(design)
    stamp, known = _stamp(file), _known.get(design)
    if known is None or known[0] != stamp:
        known = _known[design] = (stamp, Exported(load_model(file), _stage(design)))
    return known[1]


def circuit_of(design: Design) -> Circuit:
    """The fixed-point circuit of a design. Raises InputError where it has none."""
    return exported(design).circuit


def _stage(design: Design) -> Preprocessing | None:
    return design.record.preprocessing if design.record.staged else None


def _stamp(file: Path) -> _Stamp:
    found = file.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


def export(design: Design, *, keep_intermediates: bool = True) -> Path:
    """Write `model.onnx` into a design's folder, and the graph after every pass into `qonnx/NN_PASS.onnx`.

    Returns the path of `model.onnx`. Raises WorkError when the exporter's graph is not the architecture's.
    """
    folder = design.path / "qonnx" if keep_intermediates else None
    model = export_network(design.network, folder)
    target = design.path / "model.onnx"
    write_atomic(target, model.SerializeToString())
    _known[design] = (_stamp(target), Exported(model, _stage(design)))
    return target


def export_network(network: Network, intermediates: Path | None = None) -> onnx.ModelProto:
    """The QONNX graph of a quantised network, or the ONNX graph of a float one (for its costs only).

    Args:
        network: in evaluation mode; shapes are those of one sample.
        intermediates: folder for the graph after every pass, or None to keep none.
    """
    if network.training:
        raise WorkError("export: the network is in training mode")
    with third_party("export to ONNX"):
        model = ModelWrapper(_raw(network))
    _keep(model, intermediates, 0, RAW)
    for number, step in enumerate(passes(network.graph), start=1):
        with third_party(f"pass {step.name} on the exported graph"):
            model = step.apply(model)
        _keep(model, intermediates, number, step.name)
    onnx.helper.set_model_props(model.model, {SOURCE_KEY: network.architecture.hash})
    exported: onnx.ModelProto = model.model
    return exported


def _raw(network: Network) -> onnx.ModelProto:
    x = torch.zeros(1, *network.architecture.input)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the traced export is deprecated, ten times faster and the same graph
        if network.quantised:
            raw: onnx.ModelProto = exporter().export(network, args=x, dynamo=False)
            return raw
        written: Any = io.BytesIO()  # which it takes, whatever its annotation says
        torch.onnx.export(network, (x,), written, dynamo=False, opset_version=18)
        return onnx.load_model_from_string(written.getvalue())


def _keep(model: ModelWrapper, folder: Path | None, number: int, name: str) -> None:
    if folder is not None:
        write_atomic(folder / f"{number:02d}_{name}.onnx", model.model.SerializeToString())


def load_model(path: Path) -> onnx.ModelProto:
    """A QONNX or ONNX file with one output. Raises InputError when it cannot be read or trusted (`untrusted`)."""
    try:
        model = onnx.load_model_from_string(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except DecodeError as error:
        raise InputError(f"{path}: is no ONNX model ({error})") from error
    try:
        check_model(model)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except BROKEN_MODEL as error:
        raise InputError(f"{path}: {as_input_error(error)}") from error
    return model
