"""Networks of others, taken in: costed, compressed, verified and built without a search."""

from dataclasses import replace
from os import PathLike
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from nac.api.console import console
from nac.api.design import Design
from nac.api.run import Run
from nac.api.task import Task
from nac.arch import Architecture, Network, copied, measured_workload, workload
from nac.config import TaskConfig
from nac.cost import costs
from nac.design import Design as Folder
from nac.design import DesignRecord
from nac.errors import InputError
from nac.hardware.onnx.importing import import_graph
from nac.hardware.onnx.importing.source import graph_of
from nac.pipeline.adopt import adopt, space_of
from nac.pipeline.costs import CostTable
from nac.pipeline.request import Request
from nac.tasks import Preprocessing

AS_GIVEN = ("data.scaling=none", "search.trials=1", "search.baselines=false", "search.sampler=random")


class Model:
    """An imported network, float or quantised, in evaluation mode."""

    def __init__(self, network: Network, name: str) -> None:
        self.network, self.name = network, name

    def __repr__(self) -> str:
        return f"<nac model {self.name}: {'quantised' if self.quantised else 'float'} {self.architecture.summary()}>"

    @property
    def architecture(self) -> Architecture:
        """What was read."""
        return self.network.architecture

    @property
    def quantised(self) -> bool:
        """Whether its weights and values are, so that it can be built as it is."""
        return self.network.quantised

    @property
    def costs(self) -> CostTable:
        """Costs, layer by layer; of a float network at 32 bits."""
        wide = self.architecture.with_bits(weights=32, activations=32, input=32)
        return CostTable(self.name, tuple(measured_workload(self.network) if self.quantised else workload(wide)))

    def predict(self, x: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Outputs (N, O) for network inputs (N, ...), in float64."""
        inputs = torch.from_numpy(np.asarray(x, dtype=np.float64).reshape(-1, *self.architecture.input))
        with torch.no_grad():
            found: npt.NDArray[np.float64] = copied(self.network).eval().double()(inputs).numpy()
        return found

    def design(self, path: str | PathLike[str], *, settings: dict[str, object] | None = None) -> Design:
        """Write a quantised model as a design, which predicts, is verified and built as any other.

        Args:
            path: a new folder.
            settings: those of a task file that building needs, such as `{"target": {"part": ...}}`.

        Raises:
            InputError: the model is not quantised, or the folder is there.
        """
        if not self.quantised:
            raise InputError(f"{self.name}: is not quantised; `start` a run with it, whose `compress` does that")
        folder = Path(path)
        if folder.exists():
            raise InputError(f"{folder}: exists, expected a new folder")
        shape, outputs = list(self.architecture.input), self.architecture.outputs
        task = TaskConfig.model_validate({
            "name": "imported", "space": "imported", "search": {"objectives": [{"name": "bops"}]},
            "data": {"layout": "arrays", "kind": "regression", "shape": shape, "outputs": outputs, "scaling": "none",
                     "target_offset": [0.0] * outputs, "target_scale": [1.0] * outputs},
            **(settings or {}),
        })  # fmt: skip
        ops = measured_workload(self.network)
        density = {op.name: op.density for op in ops}
        kept = sum(op.density * op.outputs * op.fan_in for op in ops) / sum(op.outputs * op.fan_in for op in ops)
        record = DesignRecord(
            name=folder.name, task=task, architecture=self.architecture, quantiser=str(self.network.quantiser),
            sparsity=1 - kept, density=density, preprocessing=Preprocessing(scaling="none"), metrics={},
            costs=costs(ops), origin={"imported": self.name},
        )  # fmt: skip
        Folder.create(folder, record, self.network)
        return Design(folder)

    def start(self, task: Task, out: str | PathLike[str] | None = None) -> Run:
        """Start a run with a float model as its only trial, so that `compress` makes designs of it.

        Its inputs are the task's samples as they are, its outputs the targets in their units, or scores of classes.

        Raises:
            InputError: the model is quantised already, or takes other inputs or gives other outputs than the task's.
        """
        if self.quantised:
            raise InputError(f"{self.name}: is quantised already, expected a float model; `design` builds it")
        problem = task.problem()
        shape = tuple(self.architecture.input)
        if int(np.prod(task.data.sample_shape)) != int(np.prod(shape)) or task.outputs != self.architecture.outputs:
            raise InputError(f"{self.name}: takes {shape} to {self.architecture.outputs} values, expected the task's "
                             f"{task.data.sample_shape} to {task.outputs}")
        arrays = {**problem.arrays, "x": task.data.x.reshape(len(task.data), *shape)}
        given = [*AS_GIVEN, f"data.shape={list(shape)}"]
        if task.config().data.kind == "regression":
            given += [f"data.target_offset={[0.0] * task.outputs}", f"data.target_scale={[1.0] * task.outputs}"]
        stated = replace(problem, space=space_of(self.architecture), arrays=arrays)
        request = Request(stated, overrides=tuple(given))
        return Run(adopt(request, None if out is None else Path(out), self.network, console()).run.path)


def import_model(
    source: nn.Module | str | PathLike[str], input_shape: tuple[int, ...] | None = None, *, name: str = "imported"
) -> Model:
    """Take in somebody's network: a torch or Brevitas module, or an ONNX, QONNX or QCDQ file.

    A chain of dense layers and convolutions, batch norm, ReLU, residual connections past such, pooling, flattening and
    an aggregation of sets is covered. It was compared with its source on random inputs, to the last bit where it is
    quantised.

    Args:
        source: a module, or the path of a file.
        input_shape: of one sample, channels first; of a module.
        name: for messages and records.

    Raises:
        InputError: an operation or a way to quantise that is not covered; the text names it.
        WorkError: the module cannot be exported.
    """
    if isinstance(source, nn.Module):
        if input_shape is None:
            raise InputError("input_shape: is needed of a module, expected the shape of one sample, channels first")
        return Model(import_graph(graph_of(source, tuple(input_shape))), name)
    return Model(import_graph(graph_of(Path(source), ())), name if name != "imported" else Path(source).stem)
