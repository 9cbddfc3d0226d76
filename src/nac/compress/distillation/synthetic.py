"""Samples while they are learned: on the network's input scale, and never anything but images of physical ones."""

import torch
from torch import Generator, Tensor
from torch.nn import functional

from nac.compress.distillation.contract import Distilled
from nac.config import DataConfig
from nac.tasks import Preprocessing
from nac.tasks.dataset import output_units, prepare
from nac.tasks.layouts import layout_of

SMOOTHING = 0.1


class Synthetic:
    """`x` (N, *input) and, for a regression, `y` (N, T) in output units are leaves that an optimiser may move.

    With `soft` labels their logarithmic probabilities (N, classes) are as well; they begin as those of the labels,
    smoothed by SMOOTHING. `project` follows every step: it takes inputs and values to physical ones and back, as the
    layout of the data says.
    """

    def __init__(
        self, start: Distilled, config: DataConfig, preprocessing: Preprocessing, *, soft: bool = False
    ) -> None:
        self.config = config
        self.preprocessing = preprocessing
        self.physical = start.physical
        self.x, self.y = (t.clone() for t in prepare(start.raw, start.physical, config, preprocessing))
        self.leaves = [self.x.requires_grad_()]
        if config.kind != "classification":
            self.leaves.append(self.y.requires_grad_())
        self.logits: Tensor | None = None
        if soft:
            classes = layout_of(config).outputs
            certain = functional.one_hot(self.y, classes).float()
            self.logits = ((1 - SMOOTHING) * certain + SMOOTHING / classes).log().requires_grad_()
        self._shape = start.raw.shape
        self._scale, self._offset = (
            torch.tensor(values, dtype=torch.float64)
            for values in (preprocessing.output_scale, preprocessing.output_offset)
        )
        self._layout = layout_of(config)
        self._physical = self._layout.projection(start.raw, preprocessing)

    @property
    def targets(self) -> Tensor:
        """What a loss compares outputs with: labels or their probabilities, or values."""
        return self.y if self.logits is None else self.logits.softmax(1)

    def augmented(self, generator: Generator) -> tuple[Tensor, Tensor]:
        """Inputs and targets after the symmetries of the task, differentiable.

        They are applied to network inputs as if those were raw: a scaling keeps symmetries.
        """
        if not self._layout.augments:
            return self.x, self.targets
        learned = self.config.kind != "classification"
        y = self.y * self._scale + self._offset if learned else self.y
        x, y = self._layout.augmented(self.x.reshape(self._shape), y, generator)
        return x, output_units(y, self.preprocessing) if learned else self.targets

    @torch.no_grad()
    def project(self) -> None:
        """Move the leaves to the nearest images of physical samples."""
        now = self.distilled()
        x, y = prepare(now.raw, now.physical, self.config, self.preprocessing)
        self.x.copy_(x)
        if self.y.requires_grad:
            self.y.copy_(y)

    @torch.no_grad()
    def distilled(self) -> Distilled:
        """The samples as they are now, physical."""
        raw = self._physical(self.x)
        if not self.y.requires_grad:
            return Distilled(raw, self.physical, probabilities=None if self.logits is None else self.targets)
        return Distilled(raw, self._layout.possible(self.y * self._scale + self._offset))
