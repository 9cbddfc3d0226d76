"""Samples as tensors, ready for the fit loop: no per-sample Python, batches are slices."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Generator, Tensor

from nac.config import DataConfig
from nac.tasks.layouts import layout_of
from nac.tasks.preprocessing import Preprocessing
from nac.tasks.ranges import Ranges, ranges

CPU = torch.device("cpu")


@dataclass
class Split:
    """x (N, *input_shape) float32, preprocessed and not yet quantised; y (N,) int64 labels or (N, T) float32.

    A regression's y is in units of the network's outputs, which `preprocessing` knows. `weights` (N,) float32, with a
    mean of one over the training split, are how much a sample counts in the loss. All lie in main memory.
    `seen` (N, *input_shape) are the samples in physical units, kept where an input stage begins with them. `remarks`
    say in what the samples are unlike those that they were compared with.
    """

    x: Tensor
    y: Tensor
    preprocessing: Preprocessing
    weights: Tensor | None = field(default=None, kw_only=True)
    seen: Tensor | None = field(default=None, kw_only=True)
    remarks: tuple[str, ...] = field(default=(), init=False)
    _copies: dict[torch.device, tuple[Tensor, Tensor]] = field(default_factory=dict, init=False, repr=False)

    def __len__(self) -> int:
        return len(self.y)

    def on(self, device: torch.device) -> tuple[Tensor, Tensor]:
        """x and y on a device, moved there once."""
        if device not in self._copies:
            self._copies[device] = self.x.to(device), self.y.to(device)
        return self._copies[device]

    def ports(self, count: int | None = None) -> Tensor:
        """The raw integers (count, *input_shape), as float32, of the first samples. There has to be an input stage."""
        assert self.seen is not None
        return torch.from_numpy(self.preprocessing.integers(self.seen[:count].numpy())).float()

    def weights_on(self, device: torch.device) -> Tensor | None:
        """The weights on a device."""
        return None if self.weights is None else self.weights.to(device)


@dataclass
class TrainSplit(Split):
    """The training split, which can be augmented anew for every epoch from its raw samples.

    `raw` (N, *raw) and `physical` targets are as in the file, with a margin where augmentation needs one.
    `probabilities` (N, classes) float32 are what is learned in place of labels, where samples have them.
    """

    raw: Tensor
    physical: Tensor
    config: DataConfig
    probabilities: Tensor | None = field(default=None, kw_only=True)

    @property
    def augments(self) -> bool:
        """Whether epochs differ."""
        return layout_of(self.config).augments

    @property
    def learned(self) -> Tensor:
        """What a training compares outputs with: y, or the probabilities."""
        return self.y if self.probabilities is None else self.probabilities

    @classmethod
    def prepared(
        cls, raw: Tensor, physical: Tensor, config: DataConfig, preprocessing: Preprocessing,
        weights: Tensor | None = None,
    ) -> "TrainSplit":  # fmt: skip
        """The split of raw samples and physical targets, as they are in a file."""
        x, y = prepare(raw, physical, config, preprocessing)
        return cls(x, y, preprocessing, raw, physical, config, weights=weights)

    def cut(self) -> "TrainSplit":
        """The same samples without a margin, as distilled ones are."""
        raw, physical = layout_of(self.config).cut(self.raw, self.physical)
        return TrainSplit.prepared(raw, physical, self.config, self.preprocessing, self.weights)

    def ports(self, count: int | None = None) -> Tensor:
        """See Split."""
        seen, _ = layout_of(self.config).seen(self.raw[:count], self.physical[:count])
        return torch.from_numpy(self.preprocessing.integers(seen.numpy())).float()

    def epoch(self, generator: Generator, device: torch.device = CPU) -> tuple[Tensor, Tensor]:
        """(x, y) of all N samples in their order on a device, augmented by the symmetries of the task, preprocessed.

        y are the probabilities where there are some: a symmetry leaves them as they are.
        """
        layout = layout_of(self.config)
        if self.augments:
            raw, physical = layout.augmented(self.raw, self.physical, generator)
            x, y = self.preprocessing.tensor(raw).to(device), output_units(physical, self.preprocessing).to(device)
        else:
            x, y = self.on(device)
        return x, y if self.probabilities is None else self.probabilities.to(device)


@dataclass
class Dataset:
    """The three splits, what was fitted on the first of them, and where all of it came from.

    Every choice is made on `validation`; `judging` is the part of the validation split that no choice has seen, and
    that results are shown of (all of it where none was `kept` back).

    Networks are trained on `device`: they and the samples are copied there.
    """

    train: TrainSplit
    validation: Split
    test: Split
    preprocessing: Preprocessing
    provenance: dict[str, Any] = field(default_factory=dict)
    device: torch.device = CPU
    kept: Split | None = None

    @cached_property
    def ranges(self) -> Ranges:
        """Those of the training samples without augmentation."""
        raw, physical = layout_of(self.train.config).cut(self.train.raw, self.train.physical)
        return ranges(raw.numpy(), physical.numpy(), self.train.config, self.preprocessing.features)

    @property
    def judging(self) -> Split:
        """The samples that validation metrics are shown of."""
        return self.validation if self.kept is None else self.kept


def output_units(y: Tensor, preprocessing: Preprocessing) -> Tensor:
    """Targets in units of the network's outputs: labels unchanged, physical values without offset and scale."""
    if not preprocessing.output_scale:
        return y
    offset, scale = (torch.tensor(values, dtype=torch.float64)
                     for values in (preprocessing.output_offset, preprocessing.output_scale))
    return ((y - offset) / scale).float()


def prepare(raw: Tensor, y: Tensor, config: DataConfig, preprocessing: Preprocessing) -> tuple[Tensor, Tensor]:
    """Raw samples as network inputs and targets, without augmentation."""
    raw, y = layout_of(config).seen(raw, y)
    return preprocessing.tensor(raw), output_units(y, preprocessing)
