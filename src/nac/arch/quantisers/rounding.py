"""Rounding to steps that are learned (HGQ, arXiv 2405.00645): values forward, gradients of values and steps back.

Fractions and whole bits are parameters, in units of `PACE` bits.
"""

import math
from typing import Any

import torch
from torch import Tensor

PACE = 4.0
"""Bits for a unit of the parameters: widths have further to go than weights, at the same learning rate."""
PER_UNIT = PACE * math.log(2)
"""How a power of two of the bits changes with the parameter, over itself."""


class RoundWeights(torch.autograd.Function):
    """Weights to steps of 2**-fraction, elementwise."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, fraction: Tensor) -> Tensor:
        """The rounded weights."""
        scale = torch.exp2(torch.round(PACE * fraction))
        value = torch.round(weight * scale) / scale
        ctx.save_for_backward(weight - value)
        return value

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        """To weights and fractions."""
        (lost,) = ctx.saved_tensors
        return gradients[0], gradients[0] * lost * PER_UNIT


class RoundValues(torch.autograd.Function):
    """Values (N, ...) to steps of 2**-fraction below 2**whole, which are of every sample alike."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, fraction: Tensor, whole: Tensor, signed: bool, down: bool) -> Tensor:
        """The rounded values, those beyond the ends at the ends."""
        step, low, high = limits(fraction, whole, signed=signed)
        steps = x * torch.reciprocal(step)  # powers of two: exact
        value = (steps.floor_() if down else steps.round_()).mul_(step).clamp_(low, high)
        ctx.save_for_backward(x - value, step, low, high)
        ctx.signed, ctx.down = signed, down
        return value

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor, Tensor, None, None]:
        """To values, fractions and whole bits."""
        lost, step, low, high = ctx.saved_tensors
        gradient, shape = gradients[0], step.shape
        least = torch.zeros_like(step) if ctx.down else -step / 2
        held = lost.clamp(least, step)  # what rounding takes; beyond the upper end, by how much that moves
        beyond = (lost - held).sign_()  # 1 above, -1 below: numbers, since products with masks take five times as long
        signs = gradient * beyond
        outside = signs * beyond
        difference, both = signs.sum(0), outside.sum(0)
        over, under = (both + difference) / 2, (both - difference) / 2
        of_x = gradient - outside if ctx.needs_input_grad[0] else None
        of_fraction, ends = held.mul_(gradient).sum(0), over * (high + step)
        if ctx.signed:
            of_fraction -= under * least  # the lower end does not move
            ends = ends + under * low
        of_whole = (ends * (high > low)).sum_to_size(shape) * PER_UNIT
        return of_x, of_fraction.sum_to_size(shape) * PER_UNIT, of_whole, None, None


class WeightBits(torch.autograd.Function):
    """Bits of weights from their first to their step, elementwise; the gradient is that of the fraction."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, fraction: Tensor) -> Tensor:
        """Whole numbers: 0 for what is rounded to zero."""
        steps = torch.round(weight * torch.exp2(torch.round(PACE * fraction)))
        bits = torch.frexp(steps)[1].to(weight.dtype)
        ctx.save_for_backward(bits.sign())
        return bits

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, Tensor]:
        """To fractions."""
        (live,) = ctx.saved_tensors
        return None, gradients[0] * live * PACE


class ValueBits(torch.autograd.Function):
    """Bits of values with so many in the fraction and above the point; the gradient is that of both."""

    @staticmethod
    def forward(ctx: Any, fraction: Tensor, whole: Tensor, signed: bool) -> Tensor:
        """Whole numbers, signs included: 0 where no bit is left."""
        bits = (torch.round(PACE * fraction) + torch.round(PACE * whole)).clamp_min_(0)
        live = bits.sign()
        ctx.save_for_backward(live)
        return bits + live if signed else bits

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        """To fractions and whole bits."""
        (live,) = ctx.saved_tensors
        gradient = gradients[0] * live * PACE
        return gradient, gradient, None


def limits(fraction: Tensor, whole: Tensor, *, signed: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Step, smallest and largest value of fixed-point types; both are 0 where no bit is left."""
    fraction, whole = torch.round(PACE * fraction), torch.round(PACE * whole)
    step, top = torch.exp2(-fraction), torch.exp2(whole)
    live = (fraction + whole > 0).to(step.dtype)
    return step, -top * live if signed else torch.zeros_like(step), (top - step) * live
