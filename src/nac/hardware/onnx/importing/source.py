"""What somebody has, a module or a file, as a graph."""

import tempfile
import warnings
from pathlib import Path

import onnx
import torch
from torch import nn

from nac.arch.brevitas import exporter, holds_brevitas
from nac.errors import third_party
from nac.hardware.onnx.export import load_model

OPSET = 18


def graph_of(source: nn.Module | Path, shape: tuple[int, ...]) -> onnx.ModelProto:
    """The ONNX graph of a file, or of a torch or Brevitas module on an input of a shape (without the batch).

    Raises:
        InputError: the file cannot be read.
        WorkError: the module cannot be exported.
    """
    if isinstance(source, Path):
        return load_model(source)
    quantised = holds_brevitas(source)
    x = torch.zeros(1, *shape)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), third_party("export to ONNX"):
        warnings.simplefilter("ignore")
        file = f"{folder}/module.onnx"
        if quantised:
            exporter().export(source.eval(), args=x, export_path=file, dynamo=False)
        else:
            torch.onnx.export(source.eval(), (x,), file, dynamo=False, opset_version=OPSET)
        return onnx.load(file)
