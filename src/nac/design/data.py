"""What a design was trained on, and what is to be said of other samples that it is given."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field

from nac.arch import Network
from nac.arch.quantisers import QUANTISERS, plain
from nac.tasks import Dataset, Preprocessing
from nac.tasks.layouts import layout_of
from nac.tasks.ranges import ENOUGH, Ranges

# Saturated values of a feature that are worth a word, and how many more than in training.
MANY, MORE = 0.2, 3.0
# Saturates every input.
BEYOND = 1e30
# Of a feature of which fewer values can be told from the usual one nothing is left.
KEPT = 0.1


class TrainingData(Ranges):
    """What `design.json` says of the training samples; empty in designs of before.

    `saturated` is the share of the values of each feature at the ends of what the network's input holds, `files` are
    the names of the files by their sha256.
    """

    saturated: Mapping[str, float] = Field(default_factory=dict)
    files: Mapping[str, str] = Field(default_factory=dict)


class Input(NamedTuple):
    """The quantiser of a network's input: values (*input) from `low` to `high` in whole steps."""

    step: NDArray[np.float32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]

    @classmethod
    def of(cls, network: Network) -> "Input":
        """That of a quantised network."""
        assert network.quantiser is not None
        layer, shape = network.layers["input"], network.architecture.input
        step = QUANTISERS[network.quantiser].step(layer).expand(shape)
        training = layer.training
        with torch.no_grad():  # and without what a quantiser learns from what it sees
            ends = torch.tensor([-BEYOND, BEYOND], device=step.device).reshape(2, *[1] * len(shape)).expand(2, *shape)
            low, high = plain(layer.eval()(ends)).cpu().numpy()
        layer.train(training)
        return cls(step.cpu().numpy(), low, high)

    def rounded(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """The values as the network sees them."""
        return np.clip(np.round(x / self.step) * self.step, self.low, self.high)

    def saturated(self, x: NDArray[np.float32], limit: float | None) -> NDArray[np.float64]:
        """The share of the values (N, features, ...) at the ends, for each feature."""
        most = limit or np.inf
        ends = (x <= np.maximum(self.low, -most)) | (x >= np.minimum(self.high, most))
        return np.asarray(ends.mean(axis=(0, *range(2, x.ndim))))

    def of_feature(self, index: int) -> tuple[float, float, float]:
        """The finest step, and the lowest and highest value of a feature, over all positions."""
        return float(self.step[index].min()), float(self.low[index].min()), float(self.high[index].max())


def training_data(dataset: Dataset, network: Network) -> TrainingData:
    """What a quantised network was trained on."""
    x = _some(dataset.train.x)
    shares = Input.of(network).saturated(x, dataset.preprocessing.limit)
    known = dataset.ranges
    return TrainingData(
        inputs=known.inputs, targets=known.targets,
        saturated=dict(zip(_names(known, len(shares)), map(float, shares), strict=True)),
        files={file["sha256"]: Path(file["path"]).name for file in dataset.provenance.get("files", [])},
    )  # fmt: skip


def lost_features(dataset: Dataset, network: Network) -> list[str]:
    """One sentence for each feature of the training samples that the network's input does not hold.

    That is one whose values that differ from the usual one are, most of them, rounded to it, or that saturates.
    """
    x = _some(dataset.train.x)
    grid, preprocessing = Input.of(network), dataset.preprocessing
    q = grid.rounded(x)
    shares = grid.saturated(x, preprocessing.limit)
    said = []
    for index, name in enumerate(_names(dataset.ranges, x.shape[1])):
        other = x[:, index] != np.percentile(x[:, index], 50, method="lower")
        if not other.any():
            said.append(f"input {name} is the same in all training samples")
        elif (kept := float((q[:, index][other] != q[:, index][~other][0]).mean())) < KEPT:
            step, _, _ = grid.of_feature(index)
            said.append(f"input {name} is lost: {1 - kept:.0%} of its values that differ from the usual one are "
                        f"rounded to it in steps of {step:g} (data.scaling is {preprocessing.scaling!r})")
        elif shares[index] > MANY and not layout_of(dataset.train.config).padded:  # padding may saturate
            _, low, high = grid.of_feature(index)
            said.append(f"{shares[index]:.0%} of the values of input {name} saturate: the network's input holds "
                        f"{low:g} to {high:g}")
    return said


def more_saturated(known: TrainingData, network: Network, x: NDArray[np.float32],
                   preprocessing: Preprocessing) -> list[str]:
    """One sentence for each feature of other samples that saturates more often than it did in training."""
    shares = Input.of(network).saturated(x, preprocessing.limit)
    return [
        f"{share:.1%} of the values of input {name} saturate, {known.saturated[name]:.1%} in training"
        for name, share in zip(_names(known, len(shares)), shares, strict=True)
        if name in known.saturated and share > MORE * known.saturated[name] + 0.01
    ]


def _names(known: Ranges, count: int) -> Sequence[str]:
    """Of the features; those of patches are one, whatever the channels."""
    return tuple(known.inputs) if len(known.inputs) == count else tuple(map(str, range(count)))


def _some(x: torch.Tensor) -> NDArray[np.float32]:
    values: NDArray[np.float32] = x[:: max(1, len(x) // ENOUGH)].numpy()
    return values
