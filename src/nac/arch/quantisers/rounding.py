"""Rounding to steps that are learned (HGQ, arXiv 2405.00645): values forward, gradients of values and steps back."""

import math
from typing import Any

import torch
from torch import Tensor

LN2 = math.log(2)


class RoundWeights(torch.autograd.Function):
    """Weights to steps of 2**-fraction, elementwise."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, fraction: Tensor) -> Tensor:
        """The rounded weights."""
        scale = torch.exp2(torch.round(fraction))
        value = torch.round(weight * scale) / scale
        ctx.save_for_backward(weight - value)
        return value

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        """To weights and fractions."""
        (lost,) = ctx.saved_tensors
        return gradients[0], gradients[0] * lost * LN2


class RoundValues(torch.autograd.Function):
    """Values (N, ...) to steps of 2**-fraction below 2**whole, which are of every sample alike."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, fraction: Tensor, whole: Tensor, signed: bool, down: bool) -> Tensor:
        """The rounded values, those beyond the ends at the ends."""
        step, low, high = limits(fraction, whole, signed=signed)
        steps = x / step
        rounded = (torch.floor(steps) if down else torch.round(steps)) * step
        value = torch.minimum(torch.maximum(rounded, low), high)
        ctx.save_for_backward(x, value, step, low, high)
        return value

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        """To values, fractions and whole bits."""
        x, value, step, low, high = ctx.saved_tensors
        gradient = gradients[0]
        above, below = x > high + step, x < low
        inside = ~(above | below)
        live = high > low
        shape = step.shape
        of_x = gradient * inside
        lost = torch.where(inside | ~live, x - value, torch.where(above, step, torch.zeros_like(step)))
        of_fraction = (gradient * lost).sum(0).sum_to_size(shape) * LN2
        saturated = gradient * (above * (high + step) + below * low)
        of_whole = torch.where(live, saturated.sum(0).sum_to_size(shape), 0.0) * LN2
        return of_x, of_fraction, of_whole, None, None


def limits(fraction: Tensor, whole: Tensor, *, signed: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Step, smallest and largest value of fixed-point types; both are 0 where no bit is left."""
    fraction, whole = torch.round(fraction), torch.round(whole)
    step, top = torch.exp2(-fraction), torch.exp2(whole)
    live = (fraction + whole > 0).to(step.dtype)
    return step, -top * live if signed else torch.zeros_like(step), (top - step) * live
