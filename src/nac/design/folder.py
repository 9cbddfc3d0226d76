"""Designs and float networks on disk: JSON for what is said about them, safetensors for their weights."""

import logging
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import nn

from nac.arch import Architecture, Network
from nac.arch.quantisers import FIXED_POINT, plain
from nac.config import Model, TaskConfig
from nac.config.base import explained
from nac.design.data import Input, TrainingData
from nac.design.origin import Origin
from nac.errors import InputError
from nac.rundir import write_atomic
from nac.tasks import Interval, Preprocessing, Split

logger = logging.getLogger(__name__)

# Preprocessed values end not far beyond what a network's input holds.
FAR, MUCH = 4, 0.05


class DesignRecord(Model):
    """What `design.json` holds. `origin` says how the design was made.

    `sparsity` is the share of weights that training left zero, over all layers. `metrics` and their `intervals` are by
    split, then by name; designs of before have no intervals. `removed` says how many channels of which layers were
    constant or unread and went: the function is the same, and `architecture`, `density` and `costs` are without them.
    `quantiser` is the name of what quantises the network. `data` says what it was trained on.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")
    task: TaskConfig
    architecture: Architecture
    quantiser: str = FIXED_POINT
    sparsity: float = Field(ge=0, le=1)
    density: Mapping[str, float]
    removed: Mapping[str, int] = Field(default_factory=dict)
    preprocessing: Preprocessing
    metrics: Mapping[str, Mapping[str, float]]
    intervals: Mapping[str, Mapping[str, Interval]] = Field(default_factory=dict)
    costs: Mapping[str, float]
    origin: Origin
    data: TrainingData = TrainingData()

    @property
    def bits(self) -> int:
        """The width of the weights."""
        return self.architecture.bits.weights

    @property
    def staged(self) -> bool:
        """Whether its firmware begins with an input stage, at raw integers."""
        return bool(self.preprocessing.stages) and self.task.target.stages == "all"

    @property
    def removal(self) -> str:
        """What was removed as one sentence; empty where nothing was."""
        if not self.removed:
            return ""
        listed = ", ".join(f"{count} of {name}" for name, count in self.removed.items())
        return f"Channels that are constant or that nothing reads were taken out; the function is the same: {listed}."


class Design:
    """The folder of one design; `record` is its JSON, `network` its quantised network in evaluation mode."""

    def __init__(self, path: Path, record: DesignRecord) -> None:
        self.path = path
        self.record = record

    @classmethod
    def create(cls, path: Path, record: DesignRecord, network: Network) -> "Design":
        """Write the folder. `design.json` comes last: a folder that has it is complete."""
        _save(path / "weights.safetensors", network)
        write_atomic(path / "design.json", record.model_dump_json(indent=1))
        return cls(path, record)

    @classmethod
    def load(cls, path: Path) -> "Design":
        """Read a design's folder. Raises InputError when a file is missing, wrong or does not fit the others."""
        file = path / "design.json"
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: is no design: {file.name} cannot be read ({error})") from error
        try:
            record = DesignRecord.model_validate_json(text)
        except ValidationError as error:
            raise InputError(explained(error, file)) from error
        return cls(path, record)

    @cached_property
    def network(self) -> Network:
        """The quantised network with its weights, in evaluation mode. Raises InputError."""
        network = Network(self.record.architecture, quantiser=self.record.quantiser)
        _load(self.path / "weights.safetensors", network)
        return network

    def quantised_input(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Preprocessed inputs (N, *input) on the grid of the network's input; what every engine is fed.

        A warning says when many of them are far outside what that holds: raw values go through
        `record.preprocessing.apply` first. A staged design's engines are fed raw integers as they are (`inputs_of`);
        raises InputError for others.
        """
        if self.record.staged:
            integers = x.astype(np.int64)
            ends = [np.array([getattr(known, end) for known in self.record.preprocessing.raw_types]).reshape(
                    -1, *[1] * (x.ndim - 2)) for end in ("low", "high")]  # fmt: skip
            if not (integers == x).all() or (integers < ends[0]).any() or (integers > ends[1]).any():
                raise InputError(f"{self.path}: begins with an input stage, expected the raw integers of its types")
            return x
        grid = Input.of(self.network)
        if (far := float((np.abs(x) > FAR * -grid.low.min()).mean())) > MUCH:
            logger.warning("%s: %.0f %% of the inputs are more than %d times as large as the network's input holds (%g "
                           "to %g): expected preprocessed values, not raw ones", self.path, 100 * far, FAR,
                           grid.low.min(), grid.high.max())
        return self._quantised(x)

    def _quantised(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.no_grad():
            values: NDArray[np.float32] = plain(self.network.layers["input"](torch.from_numpy(x))).numpy()
        return values

    def network_input(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the network sees (N, *input) of what engines are fed."""
        if not self.record.staged:
            return x
        return self._quantised(self.record.preprocessing.staged(x.astype(np.int64)))

    def inputs_of(self, split: Split, count: int | None = None) -> NDArray[np.float32]:
        """The first samples for `quantised_input`: raw integers where the firmware begins with an input stage."""
        found: NDArray[np.float32] = (split.ports(count) if self.record.staged else split.x[:count]).numpy()
        return found

    def inputs(self, physical: NDArray[np.float32]) -> NDArray[np.float32]:
        """The same for samples (N, *input) in physical units."""
        prep = self.record.preprocessing
        return prep.integers(physical).astype(np.float32) if self.record.staged else prep.apply(physical)


def save_float(folder: Path, network: Network) -> None:
    """Write `architecture.json` and `weights.safetensors` of a float network, the architecture last."""
    _save(folder / "weights.safetensors", network)
    write_atomic(folder / "architecture.json", network.architecture.to_json())


def save_quantised(folder: Path, network: Network) -> None:
    """Write `quantised.safetensors`, the weights of a quantised network whose architecture `save_float` writes."""
    _save(folder / "quantised.safetensors", network)


def load_quantised(folder: Path) -> Network:
    """The quantised network written by `save_quantised`, in evaluation mode. Raises InputError."""
    network = Network(_read_architecture(folder), quantiser=FIXED_POINT)
    _load(folder / "quantised.safetensors", network)
    return network


def load_float(folder: Path) -> Network:
    """The float network written by `save_float`, in evaluation mode. Raises InputError."""
    network = Network(_read_architecture(folder))
    _load(folder / "weights.safetensors", network)
    return network


def _read_architecture(folder: Path) -> Architecture:
    file = folder / "architecture.json"
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read ({error})") from error
    return Architecture.from_json(text, file)


def _save(file: Path, network: nn.Module) -> None:
    state = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in network.state_dict().items()}
    write_atomic(file, save_tensors(state))


def _load(file: Path, network: nn.Module) -> None:
    try:
        network.load_state_dict(load_tensors(file.read_bytes()))
    except (OSError, SafetensorError, RuntimeError, KeyError) as error:
        detail = " ".join(str(error).split())[:200]
        raise InputError(f"{file}: does not hold this network's weights ({detail})") from error
    network.eval()
