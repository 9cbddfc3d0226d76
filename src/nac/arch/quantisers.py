"""Brevitas layers: power-of-two scales, one quantiser for every tensor, inputs and biases included.

Weights have a scale for every output channel, a shift in hardware: folded batch norms leave channels of very different
size, of which four bits of a common scale keep little. Scales of activations are learned as the logarithm of the
largest value (trained thresholds, arXiv 1903.08066) and rounded to the nearest power of two: to let a few values
saturate costs less than the bit that the next larger power would waste.
"""

from functools import cache
from typing import Any

from brevitas import nn as qnn
from brevitas.core.function_wrapper.ops_ste import RoundSte
from brevitas.quant import (
    Int8ActPerTensorFixedPoint,
    Int32Bias,
    Uint8ActPerTensorFixedPoint,
)
from brevitas.quant.fixed_point import Int8WeightPerChannelFixedPoint
from brevitas.quant_tensor import QuantTensor
from torch import Tensor, nn

from nac.arch.graph import Graph, Node
from nac.errors import InputError

CALIBRATION_STEPS = 30
SMALLEST_SCALE = 2.0**-16
"""What zeros are quantised with. Brevitas' own bound, 1e-10, is no power of two and leaves a bias no range."""


def plain(x: Tensor) -> Tensor:
    """The values of a tensor without the scale that Brevitas carries along."""
    return x.value if isinstance(x, QuantTensor) else x


def on_grid(x: Tensor, value: Tensor) -> Tensor:
    """`value`, known to lie on the grid of `x`, with the scale of `x` (if it has one)."""
    quantised: Any = x
    return quantised.set(value=value) if isinstance(x, QuantTensor) else value


@cache
def _activation_quantiser(base: type) -> type:
    """The quantiser with a short calibration: its scale is learned from then on."""
    settings = {
        "collect_stats_steps": CALIBRATION_STEPS,
        "scaling_min_val": SMALLEST_SCALE,
        "restrict_value_float_to_int_impl": RoundSte,
    }
    return type(f"Nac{base.__name__}", (base,), settings)


class _WeightQuantiser(Int8WeightPerChannelFixedPoint):  # type: ignore[misc]
    scaling_min_val = SMALLEST_SCALE


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


def _activation(node: Node) -> nn.Module:
    kind = node.attrs["kind"]
    if kind == "relu":
        relu: nn.Module = qnn.QuantReLU(
            act_quant=_activation_quantiser(Uint8ActPerTensorFixedPoint), bit_width=node.bits, return_quant_tensor=True
        )
        return relu
    if kind == "leaky_relu_1_8":
        return LeakyThenQuant(_identity(node.bits))
    if kind == "none":
        return _identity(node.bits)
    raise InputError(f"{node.name}: activation {kind} has no exact quantised form")


def layer(node: Node, graph: Graph) -> nn.Module | None:
    """The quantised module of a node, or None where it needs none. Raises InputError when there is none."""
    if node.op == "input":
        return _identity(node.bits)
    if node.op == "activation":
        return _activation(node)
    if node.op in {"norm", "softmax"}:
        raise InputError(f"{node.name}: {node.op} has no exact quantised form")
    if node.op not in {"conv", "dense"}:
        return None
    options: dict[str, Any] = {
        "weight_quant": _WeightQuantiser,
        "weight_bit_width": node.weight_bits,
        "bias_quant": Int32Bias if node.attrs.get("bias", True) else None,
        "bias": bool(node.attrs.get("bias", True)),
        "return_quant_tensor": False,
    }
    features = graph[node.inputs[0]].shape[0]
    module: nn.Module
    if node.op == "conv":
        module = qnn.QuantConv2d(features, node.shape[0], int(node.attrs["kernel"]), **options)
    elif len(node.shape) == 2:
        module = qnn.QuantConv1d(features, node.shape[0], 1, **options)
    else:
        module = qnn.QuantLinear(features, node.shape[0], **options)
    return module


