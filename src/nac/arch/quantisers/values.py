"""Tensors that may carry their scale along."""

from typing import Any

from brevitas.quant_tensor import QuantTensor
from torch import Tensor


def plain(x: Tensor) -> Tensor:
    """The values of a tensor without the scale that Brevitas carries along."""
    return x.value if isinstance(x, QuantTensor) else x


def on_grid(x: Tensor, value: Tensor) -> Tensor:
    """`value`, known to lie on the grid of `x`, with the scale of `x` (if it has one)."""
    quantised: Any = x
    return quantised.set(value=value) if isinstance(x, QuantTensor) else value
