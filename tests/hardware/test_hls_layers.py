"""What hls4ml is told to build where ap_fixed itself would fail."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from nac.config import TargetConfig
from nac.hardware.circuit import Circuit, Node, Weights
from nac.hardware.circuit.evaluate import evaluate, random_input
from nac.hardware.circuit.fixed import Fixed, Span
from nac.hardware.hls.hls4ml import trace_layers
from nac.hardware.hls.layers import to_hls_layers


class Chain:
    """Nodes of three channels, each of which reads the one before."""

    def __init__(self, input_: Fixed) -> None:
        span = Span(input_.low, input_.high, input_.fraction)
        self.nodes = [Node("input", "input", (), (3,), span, input_, "input")]

    def rounded(self, name: str, op: str, type_: Fixed) -> "Chain":
        """An activation function (none where `op` is empty) and the quantiser that alone reads it."""
        source = self.nodes[-1]
        low, high, fraction = source.span
        if op == "relu":
            self._add(f"{name}_{op}", op, Span(max(low, 0), max(high, 0), fraction))
        elif op == "leaky_relu":
            self._add(f"{name}_{op}", op, Span(low, high << 3, fraction + 3), attributes={"shift": 3})
        self._add(name, "quantise", self.nodes[-1].span.quantised(type_), type=type_, attributes={"narrow": False})
        return self

    def dense(self, name: str, bias: list[int], fraction: int) -> "Chain":
        """Weights of one and a bias in steps of 2**-fraction; its source must be zero."""
        assert self.nodes[-1].span.magnitude == 0
        span = Span(min(bias), max(bias), fraction)
        weights = Weights(np.ones((3, 3), np.int64), Fixed(True, 2, 0), np.array(bias), span.fixed)
        self._add(name, "dense", span, weights=weights, partial=span.magnitude)
        return self

    def _add(self, name: str, op: str, span: Span, **more: object) -> None:
        values = {"type": span.fixed, **more}
        self.nodes.append(Node(name, op, (self.nodes[-1].name,), (3,), span, tensor=name, **values))  # type: ignore[arg-type]

    @property
    def circuit(self) -> Circuit:
        return Circuit(tuple(self.nodes))


def far_rounded() -> Circuit:
    """Each quantiser's step is more than twice whatever comes in, with and without a sign."""
    chain = Chain(Fixed(True, 6, 8)).rounded("leaky", "leaky_relu", Fixed(True, 4, -2)).dense("up", [-3, 2, 1], 5)
    chain.rounded("rect", "relu", Fixed(False, 4, -6)).dense("down", [-1, 3, 0], 4)
    chain.rounded("near", "", Fixed(True, 4, -8)).dense("over", [1, 5, 2], -3)
    return chain.rounded("again", "", Fixed(False, 4, -40)).rounded("last", "relu", Fixed(False, 4, -50)).dense(
        "output", [-1, 0, 6], 0
    ).circuit


def test_what_lies_wholly_below_a_step_is_widened_to_it() -> None:
    config = to_hls_layers(far_rounded()).config
    wide = {name: settings["Precision"]["result"] for name, settings in config.items() if name.endswith("_wide")}
    assert wide == {
        "leaky_leaky_relu_wide": "fixed<13,5>", "rect_relu_wide": "fixed<11,6>", "near_wide": "fixed<12,8>",
        "again_wide": "ufixed<37,40>", "last_wide": "ufixed<10,50>",
    }  # fmt: skip


def test_what_reaches_half_a_step_is_left_as_it_is() -> None:
    circuit = Chain(Fixed(True, 6, 8)).rounded("output", "relu", Fixed(False, 4, 2)).circuit
    assert not any(name.endswith("_wide") for name in to_hls_layers(circuit).config)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")
@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_the_c_simulation_rounds_it_to_zero(io_type: str, tmp_path: Path) -> None:
    circuit = far_rounded()
    x = random_input(circuit, 50)
    seen = trace_layers(circuit, TargetConfig.model_validate({"io_type": io_type}), tmp_path / "made", x)
    for name in ("leaky", "rect", "near", "again", "last"):
        assert not seen[name].any()
    assert np.array_equal(seen["output"], evaluate(circuit, x))
    assert np.array_equal(seen["output"][0], [-1, 0, 6])
