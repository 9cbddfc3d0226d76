"""Brevitas layers: power-of-two scales, one quantiser for every tensor, inputs and biases included.

Weights have a scale for every output channel, a shift in hardware: folded batch norms leave channels of very different
size, of which four bits of a common scale keep little. They stay within `SPREAD` bits of each other, so that one type
of few more bits holds a layer's weights. A bias is kept as it was trained, whatever the scale of its channel. Scales of
activations are learned as the logarithm of the largest value (trained thresholds, arXiv 1903.08066) and rounded to the
nearest power of two: to let a few values saturate costs less than the bit that the next larger power would waste.
"""

from functools import cache
from typing import Any, cast

import numpy as np
import torch
from brevitas import nn as qnn
from brevitas.core.function_wrapper.ops_ste import RoundSte
from brevitas.proxy import BiasQuantProxyFromInjector
from brevitas.quant import (
    Int8ActPerTensorFixedPoint,
    Int32Bias,
    Uint8ActPerTensorFixedPoint,
)
from brevitas.quant.fixed_point import Int8WeightPerChannelFixedPoint
from torch import Tensor, nn

from nac.arch.operation import Node
from nac.arch.quantisers import FIXED_POINT, QUANTISERS, Function
from nac.arch.quantisers.values import plain

CALIBRATION_STEPS = 30
SMALLEST_SCALE = 2.0**-16
"""What zeros are quantised with. Brevitas' own bound, 1e-10, is no power of two."""
SPREAD = 4
"""Bits between the finest and the coarsest scale of a layer's channels: HLS types of weights are wider by so many."""
BIAS_BITS = 24
"""Bits of a bias without its sign. float32, in which it is trained, has no more: none is lost, none saturates."""


@cache
def _activation_quantiser(base: type) -> type:
    """The quantiser with a short calibration: its scale is learned from then on."""
    settings = {
        "collect_stats_steps": CALIBRATION_STEPS,
        "scaling_min_val": SMALLEST_SCALE,
        "restrict_value_float_to_int_impl": RoundSte,
    }
    return type(f"Nac{base.__name__}", (base,), settings)


class ChannelScale(nn.Module):
    """The scale of every output channel: the smallest power of two that takes its largest weight.

    No scale is below `smallest` (one for each channel), nor more than `spread` bits below the largest of its layer:
    a channel that pruning emptied would be given the finest of all. Gradients pass to the largest weight as if the
    scale were not rounded. Networks that were saved without these bounds keep scales without them.
    """

    smallest: Tensor
    spread: Tensor

    def __init__(self, out_channels: int, weight_ndims: int) -> None:
        super().__init__()
        self.register_buffer("smallest", torch.zeros(out_channels, *[1] * (weight_ndims - 1)))
        self.register_buffer("spread", torch.tensor(float(SPREAD)))

    def forward(self, weight: Tensor, steps: Tensor) -> Tensor:
        """Scales (outputs, 1, ...) of weights (outputs, inputs, ...) that are kept in -steps ... steps."""
        largest = weight.abs().flatten(1).amax(1).clamp_min(SMALLEST_SCALE).reshape(self.smallest.shape) / steps
        mantissa, exponent = torch.frexp(largest.detach())  # in whole numbers: no logarithm rounds here or there
        scale = torch.ldexp(torch.ones_like(largest), exponent - (mantissa == 0.5).to(exponent.dtype))
        lowest = self.lowest(scale)
        return torch.where(scale < lowest, lowest, scale * (largest / largest.detach()))

    def lowest(self, scale: Tensor) -> Tensor:
        """The least that these scales (outputs, 1, ...) of a layer may be."""
        return torch.maximum(self.smallest, scale.detach().amax() * torch.exp2(-self.spread))

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        state_dict.setdefault(f"{prefix}smallest", torch.zeros_like(self.smallest))
        state_dict.setdefault(f"{prefix}spread", torch.full_like(self.spread, torch.inf))
        super()._load_from_state_dict(state_dict, prefix, *args)


def channel_scale(layer: nn.Module) -> ChannelScale:
    """What gives the weights of a quantised layer their scales."""
    return cast(ChannelScale, cast(Any, layer).weight_quant.tensor_quant.scaling_impl)


class _WeightQuantiser(Int8WeightPerChannelFixedPoint):  # type: ignore[misc]
    scaling_impl = ChannelScale


class BiasProxy(BiasQuantProxyFromInjector):  # type: ignore[misc]
    """Steps of the products', or, for a bias of more than `BIAS_BITS` of these, larger by a power of two."""

    def compute_bias_scale(self, input: Any, weight: Any) -> Tensor | None:
        """Steps (outputs,) of the bias."""
        scale: Tensor | None = super().compute_bias_scale(input, weight)
        if scale is None:
            return None
        bias = self.tracked_parameter_list[0].detach()
        needed = torch.frexp(bias)[1] - torch.frexp(scale.detach().reshape(bias.shape))[1] + 1
        # To the exporter, which traces what is done with tensors, this is a constant.
        larger = torch.from_numpy(np.exp2(np.maximum(needed.cpu().numpy() - BIAS_BITS, 0)))
        return scale * larger.type_as(scale).reshape(scale.shape)


class _BiasQuantiser(Int32Bias):  # type: ignore[misc]
    proxy_class = BiasProxy


class LeakyThenQuant(nn.Module):
    """LeakyReLU with slope 1/8 (a shift in hardware), then the quantiser."""

    def __init__(self, quantiser: nn.Module) -> None:
        super().__init__()
        self.leaky = nn.LeakyReLU(0.125)
        self.quant = quantiser

    def forward(self, x: Tensor) -> Tensor:
        """Elementwise."""
        out: Tensor = self.quant(self.leaky(plain(x)))
        return out


def _identity(bits: int) -> nn.Module:
    quant: nn.Module = qnn.QuantIdentity(
        act_quant=_activation_quantiser(Int8ActPerTensorFixedPoint), bit_width=bits, return_quant_tensor=True
    )
    return quant


class FixedPoint:
    """Widths of tensors, as the architecture has them; scales per channel for weights, per tensor for values."""

    def values(self, node: Node, function: Function) -> nn.Module:
        """See `Quantiser`."""
        if function == "none":
            return _identity(node.bits)
        if function == "leaky_relu_1_8":
            return LeakyThenQuant(_identity(node.bits))
        relu: nn.Module = qnn.QuantReLU(
            act_quant=_activation_quantiser(Uint8ActPerTensorFixedPoint), bit_width=node.bits, return_quant_tensor=True
        )
        return relu

    def linear(self, node: Node, features: int, *, bias: bool) -> nn.Module:
        """See `Quantiser`."""
        module: nn.Module = qnn.QuantLinear(features, node.shape[0], **_options(node, bias))
        return module

    def convolution(
        self, node: Node, channels: int, *, rank: int, kernel: int, stride: int = 1, padding: int = 0, bias: bool = True
    ) -> nn.Module:
        """See `Quantiser`."""
        module: nn.Module = {1: qnn.QuantConv1d, 2: qnn.QuantConv2d}[rank](
            channels, node.shape[0], kernel, stride=stride, padding=padding, **_options(node, bias)
        )
        return module

    def bias(self, layer: nn.Module, x: Tensor) -> Tensor:
        """In steps of the products', which depend on the scale of `x`."""
        known: Any = layer
        quantised: Tensor = known.bias_quant(known.bias, x, known.quant_weight()).value
        return quantised

    def step(self, layer: nn.Module) -> Tensor:
        """That of the whole tensor."""
        training, here = layer.training, next(layer.parameters()).device
        with torch.no_grad():  # and without what a quantiser learns from what it sees
            quantised: Any = layer.eval()(torch.zeros(1, device=here))
        layer.train(training)
        return cast(Tensor, quantised.scale.max())

    def pin(self, layer: nn.Module) -> None:
        """Without it, the grid depends on the largest weight of a channel."""
        known: Any = layer
        quantised = known.quant_weight()
        known.weight.copy_(quantised.value)
        channel_scale(layer).smallest.copy_(quantised.scale)


def _options(node: Node, bias: bool) -> dict[str, Any]:
    return {
        "weight_quant": _WeightQuantiser,
        "weight_bit_width": node.weight_bits,
        "bias_quant": _BiasQuantiser if bias else None,
        "bias": bias,
        "return_quant_tensor": False,
    }


QUANTISERS.register(FIXED_POINT, FixedPoint())
