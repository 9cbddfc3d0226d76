"""What hls4ml has otherwise: the order of values, channels last where all else here has them first, and names."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt


def channels_last(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape in hls4ml: channels first becomes channels last."""
    return (*shape[1:], shape[0])


def to_channels_last(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """(N, C, ...) to (N, ..., C), contiguous."""
    return np.ascontiguousarray(np.moveaxis(x, 1, -1))


def flatten_order(shape: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """For every element of a channels-last flattened tensor, its index in the channels-first one."""
    return np.moveaxis(np.arange(math.prod(shape)).reshape(shape), 0, -1).ravel()


def hls_name(name: str) -> str:
    """A node's name in C++. `input` is reserved by hls4ml."""
    return {"input": "x", "output": "y"}.get(name, name)
