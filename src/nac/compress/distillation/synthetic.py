"""Samples while they are learned: on the network's input scale, and never anything but images of physical ones."""

import torch
from torch import Tensor

from nac.compress.distillation.contract import Distilled
from nac.config import DataConfig
from nac.tasks import Preprocessing
from nac.tasks.dataset import prepare


class Synthetic:
    """`x` (N, *input) and, for a regression, `y` (N, T) in output units are leaves that an optimiser may move.

    `project` follows every step: it takes them to physical values and back. A jet keeps as many particles as the real
    one that it started from (unless one loses all of its pT), a patch its darkest and its brightest count.
    """

    def __init__(self, start: Distilled, config: DataConfig, preprocessing: Preprocessing) -> None:
        self.config = config
        self.preprocessing = preprocessing
        self.physical = start.physical
        self.x, self.y = (t.clone() for t in prepare(start.raw, start.physical, config, preprocessing))
        self.leaves = [self.x.requires_grad_()]
        if config.kind == "regression":
            self.leaves.append(self.y.requires_grad_())
        if config.layout == "constituents":
            self.real = start.raw[:, :1] > 0
        if config.layout == "patches":
            self.dark = start.raw.amin(dim=(1, 2), keepdim=True)
            self.bright = start.raw.amax(dim=(1, 2), keepdim=True)

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
        if self.config.layout == "constituents":
            raw = self._jets()
        elif self.config.layout == "patches":
            raw = (self.dark + (self.bright - self.dark) * self.x[:, 0]).clamp_min(0)
        else:
            raw = self.preprocessing.raw(self.x)
        if not self.y.requires_grad:
            return Distilled(raw, self.physical)
        scale, offset = (torch.tensor(values, dtype=torch.float64)
                         for values in (self.preprocessing.output_scale, self.preprocessing.output_offset))
        y = self.y * scale + offset
        return Distilled(raw, y.clamp(0, self.config.patch_size - 1) if self.config.layout == "patches" else y.clone())

    def _jets(self) -> Tensor:
        """Particles sorted by pT that is not negative, and zero where there is none."""
        raw = self.preprocessing.raw(self.x)
        raw = torch.where(self.real & (raw[:, :1] > 0), raw, 0)
        order = raw[:, 0].argsort(dim=1, descending=True, stable=True)[:, None]
        self.real = self.real.gather(2, order)
        return raw.gather(2, order.expand_as(raw))


