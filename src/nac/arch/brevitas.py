"""Brevitas 0.13.4 where it has no public door: what is injected into its quantisers, and how they are exported.

Scales, biases and the short calibration of what it calls quantisers are parts that it finds by name in a class; here
are ours, and what reads its modules' insides. The tests of this module say when another version does any of this
otherwise.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, cast

import numpy as np
import torch
from brevitas.core.function_wrapper.ops_ste import RoundSte
from brevitas.proxy import BiasQuantProxyFromInjector
from brevitas.quant import Int32Bias
from brevitas.quant.fixed_point import Int8WeightPerChannelFixedPoint
from torch import Tensor, nn

VERSION = "0.13.4"
CALIBRATION_STEPS = 30
SMALLEST_SCALE = 2.0**-16
"""What zeros are quantised with. Brevitas' own bound, 1e-10, is no power of two."""
SPREAD = 4
"""Bits between the finest and the coarsest scale of a layer's channels: HLS types of weights are wider by so many."""
BIAS_BITS = 24
"""Bits of a bias without its sign. float32, in which it is trained, has no more: none is lost, none saturates."""


@cache
def activation_quantiser(base: type) -> type:
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


class WeightQuantiser(Int8WeightPerChannelFixedPoint):  # type: ignore[misc]
    """Weights with scales of their own for every output channel."""

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


class BiasQuantiser(Int32Bias):  # type: ignore[misc]
    """Biases that none of their digits is lost of."""

    proxy_class = BiasProxy


def weight_quantiser(layer: nn.Module) -> Callable[[Tensor], Any]:
    """What gives weights (outputs, inputs, ...) of a quantised layer as a quantised tensor."""
    return cast(nn.Module, layer.weight_quant).forward  # bound: a module would belong to two layers


def quantised_bias(layer: nn.Module, x: Tensor) -> Tensor:
    """The bias (outputs,) that a quantised layer adds to its products with `x`."""
    known: Any = layer
    quantised: Tensor = known.bias_quant(known.bias, x, known.quant_weight()).value
    return quantised


def holds_brevitas(module: nn.Module) -> bool:
    """Whether a module, or any within it, is Brevitas' own."""
    return any(type(part).__module__.startswith("brevitas.") for part in module.modules())


def exporter() -> Any:
    """Its exporter to QONNX, which asks for the exact class of what it exports. Imported late: it warns of itself."""
    from brevitas.export.onnx.qonnx.handler import BrevitasBiasQuantProxyHandler
    from brevitas.export.onnx.qonnx.manager import QONNXManager

    class BiasHandler(BrevitasBiasQuantProxyHandler):  # type: ignore[misc]
        handled_layer = BiasProxy

    class Exporter(QONNXManager):  # type: ignore[misc]
        handlers = (*QONNXManager.handlers, BiasHandler)

    return Exporter
