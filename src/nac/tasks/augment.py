"""Symmetries of the physics, drawn anew for every sample and epoch, on whole tensors.

Raw inputs and physical targets go in and come out, transformed together.
"""

import math
from collections.abc import Callable, Sequence
from functools import cache

import torch
from torch import Generator, Tensor

Augmentation = Callable[[Tensor, Tensor, Generator], tuple[Tensor, Tensor]]


def _signs(n: int, generator: Generator) -> Tensor:
    return torch.randint(0, 2, (n, 1), generator=generator).float() * 2 - 1


def flip_eta(x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Δη of half of the jets (N, 3, P) changes sign."""
    eta = x[:, 1] * _signs(len(x), generator)
    return torch.stack([x[:, 0], eta, x[:, 2]], dim=1), y


def flip_phi(x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Δφ of half of the jets (N, 3, P) changes sign."""
    phi = x[:, 2] * _signs(len(x), generator)
    return torch.stack([x[:, 0], x[:, 1], phi], dim=1), y


def swap(x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Δη and Δφ of half of the jets (N, 3, P) change places."""
    swapped = torch.rand(len(x), 1, 1, generator=generator) < 0.5
    return torch.where(swapped, x[:, [0, 2, 1]], x), y


def rotate(x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Every jet (N, 3, P) turns about its axis by an angle of its own."""
    angle = torch.rand(len(x), 1, generator=generator) * (2 * math.pi)
    c, s = angle.cos(), angle.sin()
    return torch.stack([x[:, 0], c * x[:, 1] - s * x[:, 2], s * x[:, 1] + c * x[:, 2]], dim=1), y


AUGMENT: dict[str, Augmentation] = {"flip_eta": flip_eta, "flip_phi": flip_phi, "swap": swap, "rotate": rotate}


def augment_jets(names: Sequence[str], x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """`x` (N, 3, P) and `y` after the named augmentations, one after the other."""
    for name in names:
        x, y = AUGMENT[name](x, y, generator)
    return x, y


def crop(raw: Tensor, size: int) -> Tensor:
    """The central patches (N, 1, size, size) of raw ones (N, S, S)."""
    margin = (raw.shape[-1] - size) // 2
    return raw[:, None, margin : margin + size, margin : margin + size].contiguous()


def augment_patches(names: Sequence[str], raw: Tensor, y: Tensor, size: int,
                    generator: Generator) -> tuple[Tensor, Tensor]:
    """Patches (N, 1, size, size) cut out of raw ones (N, S, S), with their (col, row) targets (N, 2) moved along.

    Targets count in pixels of the central patch. `shift` moves every window off the centre by up to (S - size) / 2
    pixels, unless it would lose its peak; `dihedral` then mirrors and turns it by one of the square's eight
    symmetries. Both are one look-up per patch in a table of pixel numbers.
    """
    n, margin = len(raw), (raw.shape[-1] - size) // 2
    shift = torch.zeros((n, 2), dtype=torch.int64)
    if "shift" in names:
        drawn = torch.randint(-margin, margin + 1, (n, 2), generator=generator)
        moved = y - drawn
        kept = ((moved > -0.5) & (moved < size - 0.5)).all(dim=1, keepdim=True)
        shift = torch.where(kept, drawn, shift)
    symmetry = torch.randint(0, 8, (n,), generator=generator) if "dihedral" in names else torch.zeros_like(shift[:, 0])
    window = (shift[:, 1] + margin) * (2 * margin + 1) + shift[:, 0] + margin
    pixels = view_table(size, margin)[window * 8 + symmetry]
    x = raw.reshape(n, -1).gather(1, pixels).view(n, 1, size, size)
    return x, move(y - shift, symmetry, size)


@cache
def view_table(size: int, margin: int) -> Tensor:
    """Pixel numbers ((2 margin + 1)² · 8, size²) in the raw patch for every window and symmetry."""
    side = size + 2 * margin
    pixels = torch.arange(side * side).view(side, side)
    rows = []
    for row in range(2 * margin + 1):
        for col in range(2 * margin + 1):
            window = pixels[row : row + size, col : col + size]
            for symmetry in range(8):
                view = window.flip(1) if symmetry & 1 else window
                view = view.flip(0) if symmetry & 2 else view
                rows.append((view.T if symmetry & 4 else view).reshape(-1))
    return torch.stack(rows)


def move(y: Tensor, symmetry: Tensor, size: int) -> Tensor:
    """(col, row) positions (N, 2) after the symmetries (N,): bit 1 mirrors columns, 2 rows, 4 exchanges them."""
    col = torch.where((symmetry & 1) > 0, size - 1 - y[:, 0], y[:, 0])
    row = torch.where((symmetry & 2) > 0, size - 1 - y[:, 1], y[:, 1])
    transposed = (symmetry & 4) > 0
    return torch.stack([torch.where(transposed, row, col), torch.where(transposed, col, row)], dim=1)
