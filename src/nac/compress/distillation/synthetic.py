"""Samples while they are learned: on the network's input scale, and never anything but images of physical ones."""

import torch

from nac.compress.distillation.contract import Distilled
from nac.config import DataConfig
from nac.tasks import Preprocessing
from nac.tasks.dataset import prepare
from nac.tasks.layouts import layout_of


class Synthetic:
    """`x` (N, *input) and, for a regression, `y` (N, T) in output units are leaves that an optimiser may move.

    `project` follows every step: it takes them to physical values and back, as the layout of the data says.
    """

    def __init__(self, start: Distilled, config: DataConfig, preprocessing: Preprocessing) -> None:
        self.config = config
        self.preprocessing = preprocessing
        self.physical = start.physical
        self.x, self.y = (t.clone() for t in prepare(start.raw, start.physical, config, preprocessing))
        self.leaves = [self.x.requires_grad_()]
        if config.kind != "classification":
            self.leaves.append(self.y.requires_grad_())
        self._layout = layout_of(config)
        self._physical = self._layout.projection(start.raw, preprocessing)

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
            return Distilled(raw, self.physical)
        scale, offset = (torch.tensor(values, dtype=torch.float64)
                         for values in (self.preprocessing.output_scale, self.preprocessing.output_offset))
        return Distilled(raw, self._layout.possible(self.y * scale + offset))
