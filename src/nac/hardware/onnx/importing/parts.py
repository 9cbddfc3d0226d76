"""What is read of a graph of others: blocks with their parameters, one behind another."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from nac.hardware.onnx.graph import GraphView, Quantiser


@dataclass
class Parameters:
    """Weights (outputs, inputs, *kernel) of a layer, with their fractional bits where quantised, its bias and norm."""

    weight: npt.NDArray[np.float64]
    weight_fraction: npt.NDArray[np.int64] | None
    bias: npt.NDArray[np.float64] | None = None
    norm: tuple[npt.NDArray[Any], ...] = ()
    epsilon: float = 0.0


@dataclass
class BlockRead:
    """A block being read: its fields, its parameters, and what quantises the values behind it.

    A residual connection has no parameters of its own, but the layers `inside`, that of its projection last.
    """

    block: dict[str, Any]
    parameters: Parameters | None = None
    values: Quantiser | None = None
    name: str = ""
    inside: list["BlockRead"] = field(default_factory=list)

    @property
    def quantises(self) -> bool:
        """Whether the values behind it have a type of their own."""
        summed = self.block["block"] == "residual" or self.block == {"block": "aggregate", "kind": "mean"}
        return self.parameters is not None or summed

    @property
    def parts(self) -> Iterator["BlockRead"]:
        """What it consists of, in the order of a network's nodes; itself last."""
        for block in self.inside:
            yield from block.parts
        yield self

    @property
    def takes_activation(self) -> bool:
        """Whether an activation may stand here: directly behind a layer or a sum, before its quantiser."""
        return self.block.get("activation") == "none" and self.values is None


@dataclass
class Chain:
    """What was read so far, from the input on, or from where a branch begins."""

    view: GraphView
    tensor: str
    shape: tuple[int, ...]
    steps: list[BlockRead] = field(default_factory=list)
    entry: Quantiser | None = None

    @property
    def parts(self) -> list[BlockRead]:
        """Every block, and those inside others, in the order of a network's nodes."""
        return [part for step in self.steps for part in step.parts]

    @property
    def last(self) -> BlockRead | None:
        """The block that is being read."""
        return self.steps[-1] if self.steps else None

    @property
    def rectified(self) -> bool:
        """Whether no value here is below 0."""
        kinds = [step.block["activation"] for step in self.steps if "activation" in step.block]
        return bool(kinds) and kinds[-1] == "relu"

    @property
    def before(self) -> Quantiser | None:
        """The quantiser of the values here."""
        found = [step.values for step in self.steps if step.values is not None]
        return found[-1] if found else self.entry
