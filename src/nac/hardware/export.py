"""A design's network as QONNX, through named passes whose results are kept."""

import hashlib
import logging
import tempfile
import warnings
from pathlib import Path
from typing import Any

import onnx
import torch
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from qonnx.core.modelwrapper import ModelWrapper

from nac.arch import Network
from nac.arch.quantisers.fixed_point import BiasProxy
from nac.design import Design
from nac.errors import InputError, WorkError, third_party
from nac.hardware.passes import passes
from nac.hardware.untrusted import BROKEN_MODEL, as_input_error, check_model
from nac.rundir import write_atomic

logger = logging.getLogger(__name__)
RAW = "export"
SOURCE_KEY = "nac"


def export(design: Design, *, keep_intermediates: bool = True) -> Path:
    """Write `model.onnx` into a design's folder, and the graph after every pass into `qonnx/NN_PASS.onnx`.

    Returns the path of `model.onnx`. Raises WorkError when the exporter's graph is not the architecture's.
    """
    folder = design.path / "qonnx" if keep_intermediates else None
    model = export_network(design.network, folder)
    target = design.path / "model.onnx"
    write_atomic(target, model.SerializeToString())
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
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the traced export is deprecated, ten times faster and the same graph
        file = f"{folder}/raw.onnx"
        if network.quantised:
            exporter().export(network, args=x, export_path=file, dynamo=False)
        else:
            torch.onnx.export(network, (x,), file, dynamo=False, opset_version=18)
        return onnx.load(file)


def exporter() -> Any:
    """Brevitas' own, which asks for the exact class of what it exports. Imported late: it warns of itself."""
    from brevitas.export.onnx.qonnx.handler import BrevitasBiasQuantProxyHandler
    from brevitas.export.onnx.qonnx.manager import QONNXManager

    class BiasHandler(BrevitasBiasQuantProxyHandler):  # type: ignore[misc]
        handled_layer = BiasProxy

    class Exporter(QONNXManager):  # type: ignore[misc]
        handlers = (*QONNXManager.handlers, BiasHandler)

    return Exporter


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


def source_of(model: onnx.ModelProto) -> str:
    """What identifies a graph: 12 hex digits of the hash of its nodes and constants."""
    return hashlib.sha256(model.graph.SerializeToString(deterministic=True)).hexdigest()[:12]
