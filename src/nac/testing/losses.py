"""The contract of a loss."""

import math
from typing import Any

import torch
from torch import Tensor

from nac.tasks.losses import Kind, Loss

SAMPLES, OUTPUTS = 12, 3


def check_loss(loss: Loss, **params: Any) -> None:
    """Of every kind of task it is for: one finite loss a sample, its own, with a slope, and lower where it is right.

    Args:
        loss: as registered.
        params: of it, where it needs some.
    """
    assert loss.kinds, "a loss is for some kind of task"
    for kind in loss.kinds:
        outputs, targets = batch(kind)
        found = loss(outputs, targets, **params)
        assert found.shape == (SAMPLES,), f"{kind}: expected a loss for each of {SAMPLES} samples, found {found.shape}"
        assert found.dtype == outputs.dtype, f"{kind}: expected {outputs.dtype}, found {found.dtype}"
        assert bool(found.isfinite().all()), f"{kind}: expected finite losses"
        assert torch.allclose(loss(outputs[:5], targets[:5], **params), found[:5]), (
            f"{kind}: a sample's loss depends on the others in its batch"
        )
        (slope,) = torch.autograd.grad(found.mean(), outputs)
        assert bool(slope.isfinite().all()), f"{kind}: expected finite gradients"
        assert bool(slope.any()), f"{kind}: expected a gradient to learn by"
        with torch.no_grad():
            better = loss(right(outputs, targets, kind), targets, **params).mean()
        assert bool(better < found.mean()), f"{kind}: right answers do not have a smaller loss than random ones"
        far = loss(100 * outputs.detach(), targets, **params)
        assert math.isfinite(float(far.sum())), f"{kind}: expected finite losses of large outputs"


def batch(kind: Kind) -> tuple[Tensor, Tensor]:
    """Random outputs (N, O) to learn, and targets: labels (N,) or values (N, O)."""
    generator = torch.Generator().manual_seed(0)
    outputs = torch.randn(SAMPLES, OUTPUTS, generator=generator).requires_grad_()
    values = torch.randn(SAMPLES, OUTPUTS, generator=generator)
    return outputs, torch.arange(SAMPLES) % OUTPUTS if kind == "classification" else values


def right(outputs: Tensor, targets: Tensor, kind: Kind) -> Tensor:
    """Outputs that say what the targets are."""
    return targets if kind == "regression" else 4.0 * torch.nn.functional.one_hot(targets, outputs.shape[1])
