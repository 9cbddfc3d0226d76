"""Symmetries of the physics, drawn anew for every sample and epoch, on whole tensors.

Each function takes raw inputs (N, *raw), physical targets and a generator, and returns both, transformed together.
"""

import math
from collections.abc import Callable, Sequence

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


def dihedral(x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Every patch (N, 1, S, S) is mirrored and turned by one of the eight symmetries of the square.

    Targets are (col, row) (N, 2) in pixels of the patch and move along.
    """
    last = x.shape[-1] - 1
    left_right, up_down, transposed = (torch.rand(3, len(x), generator=generator) < 0.5).unbind()
    image = (-1, 1, 1, 1)
    x = torch.where(left_right.view(image), x.flip(-1), x)
    x = torch.where(up_down.view(image), x.flip(-2), x)
    x = torch.where(transposed.view(image), x.transpose(-1, -2), x)
    col = torch.where(left_right, last - y[:, 0], y[:, 0])
    row = torch.where(up_down, last - y[:, 1], y[:, 1])
    return x, torch.stack([torch.where(transposed, row, col), torch.where(transposed, col, row)], dim=1)


AUGMENT: dict[str, Augmentation] = {
    "flip_eta": flip_eta, "flip_phi": flip_phi, "swap": swap, "rotate": rotate, "dihedral": dihedral,
}


def crop(raw: Tensor, y: Tensor, size: int, shift: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Patches (N, 1, size, size) out of raw ones (N, S, S), with positions (N, 2) moved along.

    Positions count from the central patch. `shift` (N, 2) integers (col, row) moves each window off the centre, by
    at most the margin (S - size) / 2; without it the central patch is cut.
    """
    margin = (raw.shape[-1] - size) // 2
    if shift is None:
        return raw[:, None, margin : margin + size, margin : margin + size].contiguous(), y
    windows = raw.unfold(1, size, 1).unfold(2, size, 1)  # (N, 2 margin + 1, 2 margin + 1, size, size), a view
    cut = windows[torch.arange(len(raw)), shift[:, 1] + margin, shift[:, 0] + margin]
    return cut[:, None], y - shift


def random_shift(raw: Tensor, y: Tensor, size: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """Patches cut at random places that still contain their peak."""
    margin = (raw.shape[-1] - size) // 2
    shift = torch.randint(-margin, margin + 1, (len(raw), 2), generator=generator)
    moved = y - shift
    inside = (moved > -0.5) & (moved < size - 0.5)
    return crop(raw, y, size, torch.where(inside, shift, torch.zeros_like(shift)))


def augment(names: Sequence[str], x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """`x` and `y` after the named augmentations, one after the other."""
    for name in names:
        x, y = AUGMENT[name](x, y, generator)
    return x, y
