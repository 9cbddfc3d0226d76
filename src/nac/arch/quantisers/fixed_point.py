"""Brevitas layers: power-of-two scales, one quantiser for every tensor, inputs and biases included.

Weights have a scale for every output channel, a shift in hardware: folded batch norms leave channels of very different
size, of which four bits of a common scale keep little. They stay within `SPREAD` bits of each other, so that one type
of few more bits holds a layer's weights. A bias is kept as it was trained, whatever the scale of its channel. Scales of
activations are learned as the logarithm of the largest value (trained thresholds, arXiv 1903.08066) and rounded to the
nearest power of two: to let a few values saturate costs less than the bit that the next larger power would waste.
"""

from typing import Any, cast

import torch
from brevitas import nn as qnn
from brevitas.quant import Int8ActPerTensorFixedPoint, Uint8ActPerTensorFixedPoint
from torch import Tensor, nn

from nac.arch.brevitas import BiasQuantiser, WeightQuantiser, activation_quantiser, channel_scale, quantised_bias
from nac.arch.operation import Node
from nac.arch.quantisers import FIXED_POINT, QUANTISERS, Function
from nac.arch.quantisers.values import plain


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
        act_quant=activation_quantiser(Int8ActPerTensorFixedPoint), bit_width=bits, return_quant_tensor=True
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
            act_quant=activation_quantiser(Uint8ActPerTensorFixedPoint), bit_width=node.bits, return_quant_tensor=True
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
        return quantised_bias(layer, x)

    def step(self, layer: nn.Module) -> Tensor:
        """That of the whole tensor."""
        training, here = layer.training, next(layer.parameters()).device
        with torch.no_grad():  # and without what a quantiser learns from what it sees
            quantised: Any = layer.eval()(torch.zeros(1, device=here))
        layer.train(training)
        return cast(Tensor, quantised.scale.max())

    def width(self, layer: nn.Module) -> int | None:
        """See `Quantiser`."""
        return None

    def pin(self, layer: nn.Module, bias: Tensor | None) -> None:
        """Without it, the grid depends on the largest weight of a channel; that of the bias is fine enough for any."""
        known: Any = layer
        quantised = known.quant_weight()
        known.weight.copy_(quantised.value)
        channel_scale(layer).smallest.copy_(quantised.scale)
        if bias is not None:
            known.bias.copy_(bias)


def _options(node: Node, bias: bool) -> dict[str, Any]:
    return {
        "weight_quant": WeightQuantiser,
        "weight_bit_width": node.weight_bits,
        "bias_quant": BiasQuantiser if bias else None,
        "bias": bias,
        "return_quant_tensor": False,
    }


QUANTISERS.register(FIXED_POINT, FixedPoint())
