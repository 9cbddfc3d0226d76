"""Quantisers by name: what a network is made with, and what it says of one that is not known."""

import pytest
import torch
from networks import MLP
from torch import nn

from nac.arch import Network, Node, copied
from nac.arch.quantisers import FIXED_POINT, QUANTISERS, Function
from nac.errors import InputError


class Halves:
    """Everything in steps of a half; weights as they are."""

    def values(self, node: Node, function: Function) -> nn.Module:
        return _Halves()

    def linear(self, node: Node, features: int, *, bias: bool) -> nn.Module:
        return nn.Linear(features, node.shape[0], bias=bias)

    def convolution(
        self, node: Node, channels: int, *, rank: int, kernel: int, stride: int = 1, padding: int = 0, bias: bool = True
    ) -> nn.Module:
        raise NotImplementedError

    def bias(self, layer: nn.Module, x: torch.Tensor) -> torch.Tensor:
        assert isinstance(layer.bias, torch.Tensor)
        return layer.bias

    def step(self, layer: nn.Module) -> torch.Tensor:
        return torch.tensor(0.5)

    def width(self, layer: nn.Module) -> int | None:
        return None

    def pin(self, layer: nn.Module, bias: torch.Tensor | None) -> None:
        pass


class _Halves(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.round(2 * x) / 2


def test_a_network_is_made_with_any_quantiser_that_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    assert FIXED_POINT in QUANTISERS
    monkeypatch.setattr(QUANTISERS, "_objects", dict(QUANTISERS._objects))
    QUANTISERS.register("halves", Halves())
    network = Network(MLP, quantiser="halves")
    assert network.quantised
    assert isinstance(network.layers["input"], _Halves)
    assert copied(network).quantiser == "halves"


def test_a_quantiser_that_is_not_known_is_named() -> None:
    with pytest.raises(InputError, match=r"unknown quantiser 'ternary', known: .*fixed_point"):
        Network(MLP, quantiser="ternary")
