"""The contract of operations and of quantisers: what comes with the program keeps it, and what is wrong is found."""

from typing import Any

import pytest
import torch
from torch import nn

from nac.arch import OPERATIONS, Node, Operation
from nac.arch.operation import Shape
from nac.arch.quantisers import QUANTISERS, Quantiser
from nac.arch.quantisers.fixed_point import FixedPoint
from nac.arch.quantisers.learned import Learned
from nac.testing import check_operation, check_quantiser

SET, IMAGE = (3, 8), (2, 6, 6)
EXAMPLES: dict[str, list[tuple[dict[str, Any], tuple[Shape, ...]]]] = {
    "input": [({"size": SET}, ())],
    "dense": [({"width": 5}, (SET,)), ({"width": 5, "bias": False}, ((4,),))],
    "conv1d": [({"channels": 4, "kernel": 3, "stride": 2, "padding": "same"}, (SET,))],
    "conv2d": [({"channels": 4, "kernel": 3}, (IMAGE,))],
    "activation": [({"kind": kind}, (SET,)) for kind in ("none", "relu", "leaky_relu_1_8", "gelu")],
    "add": [({}, (SET, SET))],
    "aggregate": [({"kind": kind}, (SET,)) for kind in ("mean", "max")],
    "batch_norm": [({}, (IMAGE,)), ({}, (SET,))],
    "flatten": [({}, (IMAGE,))],
    "layer_norm": [({}, (SET,)), ({}, (IMAGE,))],
    "matmul": [({}, ((3, 4), (4, 2))), ({"transpose_a": True}, ((4, 3), (4, 2)))],
    "max_pool": [({"size": 2}, (IMAGE,)), ({"size": 2}, (SET,))],
    "reshape": [({"to": (2, 36)}, (IMAGE,)), ({"to": (1, 6)}, ((6,),))],
    "softmax": [({}, (SET,))],
}


def test_every_operation_has_an_example() -> None:
    assert set(EXAMPLES) == set(OPERATIONS)


@pytest.mark.parametrize("name", EXAMPLES)
def test_operations(name: str) -> None:
    for values, shapes in EXAMPLES[name]:
        check_operation(OPERATIONS[name](**values), *shapes)


@pytest.mark.parametrize(
    ("name", "method", "instead", "said"),
    [
        ("dense", "shape", lambda self, name, sources: (self.width + 1, 8), r"says \(6, 8\), has \(5, 8\)"),
        ("dense", "product", lambda self, node, sources, density: None, "is weighted, expected weights and a product"),
        ("dense", "flow", lambda self, node, axes, channels: axes[0], "3 channels along an axis of 5"),
        ("max_pool", "flow", lambda self, node, axes, channels: axes[0][:1], "1 axes, expected one for each"),
        ("add", "extent", lambda self, node, sources, before, own: before[0], "not in the range that it says"),
        ("softmax", "scales", lambda self: True, "says that factors come out"),
        ("layer_norm", "problems", lambda self, node, sources: [], "names no problem"),
        ("add", "exported", frozenset(), "expected the names of the ONNX operations"),
    ],
)
def test_what_is_wrong_with_an_operation_is_found(
    monkeypatch: pytest.MonkeyPatch, name: str, method: str, instead: Any, said: str
) -> None:
    kind = OPERATIONS[name]
    values, shapes = EXAMPLES[name][0]
    monkeypatch.setattr(kind, method, instead)
    with pytest.raises(AssertionError, match=said):
        check_operation(kind(**values), *shapes)


def test_an_operation_that_looks_at_the_batch_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def compute(self: Operation, node: Node, *values: torch.Tensor) -> torch.Tensor:
        return values[0] + values[1] - values[0].mean(0)

    monkeypatch.setattr(OPERATIONS["add"], "compute", compute)
    with pytest.raises(AssertionError, match="depends on the others in its batch"):
        check_operation(OPERATIONS["add"](), SET, SET)


@pytest.mark.parametrize("name", ["fixed_point", "learned", "given"])
def test_quantisers(name: str) -> None:
    assert name in QUANTISERS
    check_quantiser(name)


class Unpinned(FixedPoint):
    """Whose grids depend on the largest weight."""

    def pin(self, layer: nn.Module, bias: torch.Tensor | None) -> None:
        pass


class Coarse(FixedPoint):
    """Which says that its steps are larger than they are."""

    def step(self, layer: nn.Module) -> torch.Tensor:
        return 2 * super().step(layer)


class Floating(Learned):
    """Which leaves values as they are."""

    def values(self, node: Node, function: Any) -> nn.Module:
        return nn.ReLU() if function == "relu" else super().values(node, function)

    def step(self, layer: nn.Module) -> torch.Tensor:
        return torch.tensor(0.25) if isinstance(layer, nn.ReLU) else super().step(layer)


@pytest.mark.parametrize(
    ("quantiser", "said"),
    [
        (Unpinned(), "other weights changed with those that went"),
        (Coarse(), "input: values are not multiples"),
        (Floating(), "dense0_act: values are not multiples"),
    ],
)
def test_what_is_wrong_with_a_quantiser_is_found(
    monkeypatch: pytest.MonkeyPatch, quantiser: Quantiser, said: str
) -> None:
    monkeypatch.setattr(QUANTISERS, "_objects", dict(QUANTISERS._objects))
    QUANTISERS.register("wrong", quantiser)
    with pytest.raises(AssertionError, match=said):
        check_quantiser("wrong")
