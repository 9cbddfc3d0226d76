"""Windows of detector patches: how they are cut around a peak, moved, turned and mirrored, on whole tensors.

Raw inputs and physical targets go in and come out, transformed together.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from nac.config import DataConfig, Window

JITTER_PX = 0.1
"""How far the positions that windows are cut by, known before a peak is fitted, may be off the fitted ones."""
WINDOWS: dict[Window, Callable[[Tensor], Tensor]] = {"round": torch.round, "floor": torch.floor}


def crop(raw: Tensor, size: int) -> Tensor:
    """The central patches (N, 1, size, size) of raw ones (N, S, S)."""
    margin = (raw.shape[-1] - size) // 2
    return raw[:, None, margin : margin + size, margin : margin + size].contiguous()


def augment_patches(config: DataConfig, raw: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Patches (N, 1, size, size) cut out of raw ones (N, S, S), with their (col, row) targets (N, 2) moved along.

    Targets count in pixels of the central patch. `dihedral` mirrors and turns every patch by one of the square's eight
    symmetries; its window is then cut by one of `windows`, of a position that is known to `JITTER_PX`, and `shift`
    moves it by up to so many pixels, unless it would lose its peak. All is one look-up per patch in a table of pixel
    numbers.
    """
    n, size, margin = len(raw), config.patch_size, (raw.shape[-1] - config.patch_size) // 2
    symmetry = torch.zeros(n, dtype=torch.int64)
    if "dihedral" in config.augment:
        symmetry = torch.randint(0, 8, (n,), generator=generator)
    y = move(y, symmetry, size)
    shift = torch.zeros((n, 2), dtype=torch.int64)
    if config.windows:
        jitter = JITTER_PX * (2 * torch.rand(n, 2, generator=generator) - 1)
        which = torch.randint(0, len(config.windows), (n,), generator=generator)
        shift = window_shift(y + jitter, which, config, margin)
    if "shift" in config.augment:
        drawn = torch.randint(-config.shift, config.shift + 1, (n, 2), generator=generator)
        moved = (shift + drawn).clamp(-margin, margin)
        kept = ((y - moved > -0.5) & (y - moved < size - 0.5)).all(dim=1, keepdim=True)
        shift = torch.where(kept, moved, shift)
    return view(raw, shift, symmetry, size), y - shift


def cut_windows(config: DataConfig, raw: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Patches (N, 1, size, size) and targets (N, 2) as a network meets them: cut by each of `windows` in turn.

    Without `windows` they are the central ones of the file's patches (N, S, S).
    """
    size = config.patch_size
    if not config.windows:
        return crop(raw, size), y
    which = torch.arange(len(raw)) % len(config.windows)
    shift = window_shift(y, which, config, (raw.shape[-1] - size) // 2)
    return view(raw, shift, torch.zeros_like(which), size), y - shift


def window_shift(y: Tensor, which: Tensor, config: DataConfig, margin: int) -> Tensor:
    """Whole pixels (N, 2), at most `margin`, from the central patch to the window of a peak at (col, row) `y` (N, 2).

    `which` (N,) are places in `config.windows`: the window's central pixel is the position's nearest, or the one that
    holds it after the fraction is cut off.
    """
    pixels = torch.stack([WINDOWS[name](y) for name in config.windows])
    shift = pixels[which, torch.arange(len(y))].long() - config.patch_size // 2
    return shift.clamp(-margin, margin)


def window_of(offsets: NDArray[Any]) -> Window | None:
    """The way in which windows were cut whose peaks lie at `offsets` (N, 2) pixels from their middles.

    That by which the most peaks, and nine in ten at least, lie where it puts them.
    """
    lowest: dict[Window, float] = {"round": -0.5, "floor": 0.0}
    shares = {window: float(((offsets >= low - JITTER_PX) & (offsets <= low + 1 + JITTER_PX)).all(axis=1).mean())
              for window, low in lowest.items()}
    best = max(shares, key=shares.__getitem__)
    return best if shares[best] >= 0.9 else None


def view(raw: Tensor, shift: Tensor, symmetry: Tensor, size: int) -> Tensor:
    """Windows (N, 1, size, size), moved by (col, row) (N, 2), of raw patches (N, S, S) turned by symmetries (N,)."""
    margin = (raw.shape[-1] - size) // 2
    window = (shift[:, 1] + margin) * (2 * margin + 1) + shift[:, 0] + margin
    pixels = view_table(size, margin)[window * 8 + symmetry]
    return raw.flatten(1).gather(1, pixels).view(len(raw), 1, size, size)


@cache
def view_table(size: int, margin: int) -> Tensor:
    """Pixel numbers ((2 margin + 1)² · 8, size²) in the raw patch for every window and symmetry."""
    side = size + 2 * margin
    pixels = torch.arange(side * side).view(side, side)
    views = []
    for symmetry in range(8):
        turned = pixels.flip(1) if symmetry & 1 else pixels
        turned = turned.flip(0) if symmetry & 2 else turned
        views.append(turned.T if symmetry & 4 else turned)
    starts = range(2 * margin + 1)
    return torch.stack([turned[row : row + size, col : col + size].reshape(-1)
                        for row in starts for col in starts for turned in views])


def move(y: Tensor, symmetry: Tensor, size: int) -> Tensor:
    """(col, row) positions (N, 2) after the symmetries (N,): bit 1 mirrors columns, 2 rows, 4 exchanges them."""
    col = torch.where((symmetry & 1) > 0, size - 1 - y[:, 0], y[:, 0])
    row = torch.where((symmetry & 2) > 0, size - 1 - y[:, 1], y[:, 1])
    transposed = (symmetry & 4) > 0
    return torch.stack([torch.where(transposed, row, col), torch.where(transposed, col, row)], dim=1)
