"""Widths that a training learns: of every weight, and of every channel of values (HGQ, arXiv 2405.00645).

A weight is rounded to steps of 2**-f, a value to steps of 2**-f below 2**i, where f and i are parameters; they act as
whole numbers and are trained as real ones. Who has no bit left is zero: widths prune. The gradient passes through
rounding as if it were not there, and to f as if what rounding takes away, proportional to the step, were noise:
d q / d f = ln 2 (x - q). Where a value saturates, its limits pass the gradient on.

Values are rounded down, which costs no logic (the half step that it takes away is learned by biases), those of the
input to the nearest step: that is not in the circuit. All of this is QONNX as it is: `Quant` with a scale and width for
every channel, weights on one grid for each layer.
"""

import math
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from nac.arch.operation import Node
from nac.arch.quantisers import LEARNED, QUANTISERS, Function
from nac.arch.quantisers.rounding import PACE, RoundValues, RoundWeights, ValueBits, WeightBits, limits

START_BITS = 7.0
"""Of weights and values before they learn: too many rather than too few."""
WIDEST = 16
"""Of a value, and of a layer's weights on their common grid."""


class OnGrid(NamedTuple):
    """Values on a grid, and the steps of the grid."""

    value: Tensor
    scale: Tensor


class Values(nn.Module):
    """The input's quantiser, or an activation function with that of its results.

    `fraction` and `whole` have the shape of what they are of: (channels, 1, ...), or every element of an input.
    """

    fraction: Tensor
    whole: Tensor

    def __init__(self, kind: Function, shape: tuple[int, ...], *, down: bool = True) -> None:
        super().__init__()
        self.kind, self.signed, self.down = kind, kind != "relu", down
        self.fraction = nn.Parameter(torch.full(shape, START_BITS / PACE))
        self.whole = nn.Parameter(torch.zeros(shape))

    def activated(self, x: Tensor) -> Tensor:
        """What is quantised: (N, *shape) to the same."""
        if self.kind == "relu":
            return functional.relu(x)
        return functional.leaky_relu(x, 0.125) if self.kind == "leaky_relu_1_8" else x

    def forward(self, x: Tensor) -> Tensor:
        """(N, *shape) to the same."""
        if torch.onnx.is_in_onnx_export():
            x = self.activated(x)
            step, _, _ = limits(self.fraction, self.whole, signed=self.signed)
            bits = torch.round(PACE * self.fraction) + torch.round(PACE * self.whole) + float(self.signed)
            mode = "FLOOR" if self.down else "ROUND"
            return _quant(x, step[None], bits[None], signed=self.signed, mode=mode)
        x = x if self.kind == "relu" else self.activated(x)  # the lower end of unsigned values is that of ReLU
        arguments = (x, self.fraction, self.whole, self.signed, self.down)
        return cast(Tensor, RoundValues.apply(*arguments))  # type: ignore[no-untyped-call]

    def bits(self) -> Tensor:
        """Widths, signs included, in the shape of the parameters; whole numbers whose gradient is the parameters'."""
        arguments = (self.fraction, self.whole, self.signed)
        return cast(Tensor, ValueBits.apply(*arguments))  # type: ignore[no-untyped-call]

    @torch.no_grad()
    def calibrate(self, x: Tensor) -> None:
        """Begin with `START_BITS` for the largest of values (N, *shape)."""
        largest = self.activated(x).abs().amax(0)
        if self.whole.shape != largest.shape:
            largest = largest.flatten(1).amax(1)
        whole = torch.ceil(torch.log2(largest.clamp_min(2.0**-WIDEST))).reshape(self.whole.shape)
        self.whole.copy_(whole / PACE)
        self.fraction.copy_((START_BITS - whole) / PACE)

    @torch.no_grad()
    def settle(self) -> Tensor:
        """Make widths whole numbers, at least one bit and at most `WIDEST`; which of them had none, in their shape."""
        fraction, whole = torch.round(PACE * self.fraction), torch.round(PACE * self.whole)
        dead = fraction + whole <= 0
        fraction = torch.minimum(torch.where(dead, 1 - whole, fraction), WIDEST - 1 - whole)
        self.whole.copy_(whole / PACE)
        self.fraction.copy_(fraction / PACE)
        return dead

    def step(self) -> Tensor:
        """What the values are multiples of, in the shape of the parameters."""
        return torch.exp2(-torch.round(PACE * self.fraction.detach()))

    @property
    def width(self) -> int:
        """Bits of one type that holds the values of all channels."""
        fraction, whole = (torch.round(PACE * part.detach()).amax() for part in (self.fraction, self.whole))
        return int(fraction + whole) + self.signed


class _Constant(nn.Module):
    """A parameter on its grid as a quantised one of the exported graph, by which name passes find it."""

    def forward(self, value: Tensor, rank: int) -> Tensor:
        """Shaped as given; steps of the tensor, or (rank 1) of every element."""
        return _quant(_constant(value), *_grid(value, rank), signed=True, mode="ROUND")


class Layer(nn.Module):
    """A dense layer or convolution whose every weight, and every bias, has a step of its own.

    `weight` and `fraction` (outputs, inputs, *kernel), `bias` and `bias_fraction` (outputs,) or None. With `groups` the
    outputs are so many groups, each of which reads inputs of its own.
    """

    fraction: Tensor

    def __init__(
        self, shape: tuple[int, ...], *, bias: bool, stride: int = 1, padding: int = 0, groups: int = 1
    ) -> None:
        super().__init__()
        self.stride, self.padding, self.groups = stride, padding, groups
        self.weight = nn.Parameter(torch.empty(shape))
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        self.bias = nn.Parameter(torch.zeros(shape[0])) if bias else None
        self.fraction = nn.Parameter(torch.full(shape, START_BITS / PACE))
        self.bias_fraction = nn.Parameter(torch.full(shape[:1], START_BITS / PACE)) if bias else None
        self.weight_quant, self.bias_quant = _Constant(), _Constant()

    def quantised(self) -> Tensor:
        """The weights as the network has them."""
        return cast(Tensor, RoundWeights.apply(self.weight, self.fraction))  # type: ignore[no-untyped-call]

    def quantised_bias(self) -> Tensor | None:
        """The bias as the network has it."""
        if self.bias is None or self.bias_fraction is None:
            return None
        return cast(Tensor, RoundWeights.apply(self.bias, self.bias_fraction))  # type: ignore[no-untyped-call]

    def quant_weight(self) -> OnGrid:
        """The weights, and the step that all of them are multiples of."""
        value = self.quantised().detach()
        return OnGrid(value, _grid(value, 0)[0])

    def bits(self) -> Tensor:
        """Bits of the weights, shaped as these."""
        return cast(Tensor, WeightBits.apply(self.weight, self.fraction))  # type: ignore[no-untyped-call]

    def bias_bits(self) -> Tensor | None:
        """Bits of the biases (outputs,)."""
        if self.bias is None or self.bias_fraction is None:
            return None
        return cast(Tensor, WeightBits.apply(self.bias, self.bias_fraction))  # type: ignore[no-untyped-call]

    @property
    def width(self) -> int:
        """Bits of the grid that all weights are on."""
        return int(_grid(self.quantised().detach(), 0)[1])

    def forward(self, x: Tensor) -> Tensor:
        """(N, groups * inputs, ...) to (N, outputs, ...)."""
        weight, bias = self.quantised(), self.quantised_bias()
        if torch.onnx.is_in_onnx_export():
            weight = self.weight_quant(weight, 0)
            bias = None if bias is None else self.bias_quant(bias, 1)
        if weight.dim() == 4:
            return functional.conv2d(x, weight, bias, self.stride, self.padding, groups=self.groups)
        if weight.dim() == 3:
            return functional.conv1d(x, weight, bias, self.stride, self.padding, groups=self.groups)
        if self.groups > 1:
            parts = x.reshape(len(x), self.groups, -1).transpose(0, 1)
            weights = weight.reshape(self.groups, -1, weight.shape[1]).transpose(1, 2)
            products = torch.bmm(parts, weights).transpose(0, 1).reshape(len(x), -1)
            return products if bias is None else products + bias
        return functional.linear(x, weight, bias)

    @torch.no_grad()
    def calibrate(self) -> None:
        """Begin with `START_BITS` for the largest weight of every output."""
        largest = self.weight.flatten(1).abs().amax(1).clamp_min(2.0**-WIDEST)
        fraction = START_BITS - torch.ceil(torch.log2(largest))
        self.fraction.copy_(fraction.reshape(-1, *[1] * (self.weight.dim() - 1)).expand_as(self.weight) / PACE)

    @torch.no_grad()
    def settle(self) -> None:
        """Put the weights on their grid for good, all of a layer within `WIDEST` bits."""
        coarsest = WIDEST - 1 - int(torch.frexp(self.weight.abs().amax())[1])
        fraction = torch.round(PACE * self.fraction).clamp(max=coarsest)
        self.fraction.copy_(fraction / PACE)
        self.weight.copy_(self.quantised())
        if self.bias is not None and self.bias_fraction is not None:
            self.bias_fraction.copy_(torch.round(PACE * self.bias_fraction) / PACE)
            self.bias.copy_(cast(Tensor, self.quantised_bias()))


def finest(value: Tensor) -> Tensor:
    """The largest power of two that divides each value (infinity for 0): values are floats of 24 bits or fewer."""
    mantissa, exponent = torch.frexp(value)
    whole = (mantissa.abs() * 2.0**24).to(torch.int64)
    power = torch.ldexp(((whole & -whole).to(value.dtype)), exponent - 24)
    return torch.where(value == 0, torch.inf, power)


def _grid(value: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """Steps, of the tensor or (rank 1) of every element, and bits that hold the values of a parameter."""
    step = finest(value)
    step = step.amin() if rank == 0 else step
    step = torch.where(torch.isinf(step), 1.0, step)
    steps = (value.abs() / step).amax()
    return step, torch.frexp(steps)[1].to(value.dtype).clamp_min(1) + 1


class _Quant(torch.autograd.Function):
    """QONNX's Quant in an exported graph; Brevitas' own warns when it is imported."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor, bits: Tensor, signed: bool, mode: str) -> Tensor:
        return x.clone()

    @staticmethod
    def symbolic(g: Any, x: Any, scale: Any, bits: Any, signed: bool, mode: str) -> Any:
        zero = g.op("Constant", value_t=torch.tensor(0.0))
        quantised = g.op("qonnx.custom_op.general::Quant", x, scale, zero, bits, signed_i=int(signed), narrow_i=0,
                         rounding_mode_s=mode)  # fmt: skip
        quantised.setType(x.type())
        return quantised


def _quant(x: Tensor, scale: Tensor, bits: Tensor, *, signed: bool, mode: str) -> Tensor:
    arguments = (x, _constant(scale), _constant(bits), signed, mode)
    return cast(Tensor, _Quant.apply(*arguments))  # type: ignore[no-untyped-call]


def _constant(value: Tensor) -> Tensor:
    """The same for the exporter, which traces what is done with tensors and need not know how this was made."""
    return torch.from_numpy(value.detach().cpu().numpy())


class Learned:
    """Widths of weights and channels, in the network's state; what the architecture says of them is an upper bound."""

    def values(self, node: Node, function: Function) -> nn.Module:
        """See `Quantiser`. The input is not rounded in the circuit; of vectors and sets, every element has a width."""
        channels = (node.shape[0], *[1] * (len(node.shape) - 1))
        if node.operation.name == "input":
            return Values(function, node.shape if len(node.shape) < 3 else channels, down=False)
        return Values(function, channels)

    def linear(self, node: Node, features: int, *, bias: bool) -> nn.Module:
        """See `Quantiser`."""
        return Layer((node.shape[0], features), bias=bias)

    def convolution(
        self, node: Node, channels: int, *, rank: int, kernel: int, stride: int = 1, padding: int = 0, bias: bool = True
    ) -> nn.Module:
        """See `Quantiser`."""
        return Layer((node.shape[0], channels, *[kernel] * rank), bias=bias, stride=stride, padding=padding)

    def bias(self, layer: nn.Module, x: Tensor) -> Tensor:
        """See `Quantiser`."""
        return cast(Tensor, cast(Layer, layer).quantised_bias())

    def step(self, layer: nn.Module) -> Tensor:
        """See `Quantiser`."""
        return cast(Values, layer).step()

    def width(self, layer: nn.Module) -> int | None:
        """See `Quantiser`."""
        return cast(Layer | Values, layer).width

    def pin(self, layer: nn.Module, bias: Tensor | None) -> None:
        """What a weight is does not depend on the others; a bias gets the digits that it needs."""
        known = cast(Layer, layer)
        if bias is not None and known.bias is not None and known.bias_fraction is not None:
            known.bias.copy_(bias)
            step = finest(bias.float()).to(bias.dtype)
            needed = torch.where(torch.isinf(step), known.bias_fraction, -torch.log2(step) / PACE)
            known.bias_fraction.copy_(torch.maximum(known.bias_fraction, needed))


QUANTISERS.register(LEARNED, Learned())
