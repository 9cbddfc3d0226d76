"""Quantised networks with random weights, calibrated on noise, and designs made of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nac.arch import Architecture, Network, measured_workload
from nac.arch.quantisers import FIXED_POINT
from nac.config import TaskConfig
from nac.cost import costs
from nac.design import Design, DesignRecord
from nac.tasks import Preprocessing


def dense(width: int, activation: str) -> dict[str, Any]:
    return {"block": "dense", "width": width, "activation": activation}


def conv(channels: int, activation: str, kernel: int = 3) -> dict[str, Any]:
    return {"block": "conv2d", "channels": channels, "kernel": kernel, "activation": activation}


def conv1d(channels: int, activation: str, kernel: int = 3, **more: Any) -> dict[str, Any]:
    return {"block": "conv1d", "channels": channels, "kernel": kernel, "activation": activation, **more}


def residual(activation: str, *blocks: dict[str, Any], projection: bool = False) -> dict[str, Any]:
    return {"block": "residual", "blocks": list(blocks), "activation": activation, "projection": projection}


SAME: dict[str, Any] = {"padding": "same"}
POOL, FLATTEN = {"block": "pool"}, {"block": "flatten"}


def architecture(kind: str, bits: int, activation: str = "relu") -> Architecture:
    """One small network for each way through the hardware route."""
    blocks: dict[str, tuple[tuple[int, ...], list[dict[str, Any]], int]] = {
        "mlp": ((16,), [dense(12, activation), dense(8, activation)], 5),
        "mean": ((3, 8), [dense(8, activation), {"block": "aggregate", "kind": "mean"}, dense(8, activation)], 5),
        "max": ((3, 8), [dense(8, activation), {"block": "aggregate", "kind": "max"}, dense(8, activation)], 5),
        "set": ((3, 4), [dense(4, activation), FLATTEN, dense(6, activation)], 3),
        "cnn": ((1, 11, 11), [conv(3, activation), conv(4, activation), POOL, FLATTEN, dense(6, activation)], 2),
        "attention": (
            (1, 9, 9),
            [conv(4, activation), {"block": "attention", "width": 2, "activation": activation}, conv(2, activation),
             POOL, FLATTEN],
            2,
        ),
        "trace": (
            (16,),
            [conv1d(3, activation, 5, stride=2, **SAME), conv1d(3, activation), POOL, FLATTEN, dense(4, activation)],
            2,
        ),
        "residual": (
            (6,),
            [dense(6, activation), residual(activation, dense(4, activation), dense(6, "none")),
             residual(activation, dense(5, activation), projection=True)],
            3,
        ),
        "residual_trace": (
            (2, 12),
            [residual(activation, conv1d(3, activation, **SAME), conv1d(4, "none", **SAME), projection=True),
             residual(activation, conv1d(4, activation, **SAME)), POOL, FLATTEN],
            2,
        ),
        "residual_image": (
            (1, 6, 6),
            [conv(3, activation), residual(activation, conv(3, activation) | SAME), FLATTEN],
            2,
        ),
    }  # fmt: skip
    shape, layers, outputs = blocks[kind]
    values = {"input": shape, "blocks": layers, "outputs": outputs,
              "bits": {"input": max(bits, 3), "weights": bits, "activations": bits}}  # fmt: skip
    return Architecture.model_validate(values)


def random_network(arch: Architecture, seed: int = 0) -> Network:
    """A quantised network with random weights and biases whose scales have seen some noise."""
    torch.manual_seed(seed)
    network = Network(arch, quantiser=FIXED_POINT).train()
    with torch.no_grad():
        for name in network.weighted:
            bias = network.layers[name].bias
            assert isinstance(bias, torch.Tensor)
            bias.normal_(0, 0.1)
        for _ in range(35):
            network(torch.randn(64, *arch.input))
    return network.eval()


def make_design(folder: Path, arch: Architecture, network: Network) -> Design:
    task = TaskConfig.model_validate({
        "name": "small", "space": "any", "search": {"objectives": [{"name": "bops"}]},
        "data": {"layout": "arrays", "kind": "regression", "shape": arch.input, "outputs": arch.outputs},
    })  # fmt: skip
    ops = measured_workload(network)
    record = DesignRecord(
        name=folder.name, task=task, architecture=arch, quantiser=network.quantiser or FIXED_POINT, sparsity=0.0,
        density={}, metrics={}, origin={}, preprocessing=Preprocessing(scaling="none"), costs=costs(ops),
    )  # fmt: skip
    return Design.create(folder, record, network)


DesignMaker = Callable[..., Design]


def samples(arch: Architecture, n: int = 200, seed: int = 1) -> NDArray[np.float32]:
    """Noise of several sizes, the ends of every range among it."""
    generator = np.random.default_rng(seed)
    size = generator.choice([0.3, 1.0, 4.0, 1000.0], size=(n, *[1] * len(arch.input)))
    x: NDArray[np.float32] = (generator.normal(size=(n, *arch.input)) * size).astype(np.float32)
    x[0], x[1], x[2] = 0, 1e6, -1e6
    return x
