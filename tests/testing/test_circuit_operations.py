"""The contract of circuit operations holds for every one that comes with the program, and finds what is wrong."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from datafiles import data_of, task_config
from designs import FLATTEN, architecture, random_network
from learned import learned
from sheets import answer_sheet, output_node

import nac.hardware
from nac.arch import Architecture
from nac.hardware import export_network, read_circuit
from nac.hardware.circuit import CIRCUIT_OPERATIONS, Circuit, CircuitOperation, Integers, Node
from nac.hardware.circuit.answer import answer_circuit
from nac.hardware.circuit.front import with_stage
from nac.hardware.hls.layers import HlsWriter
from nac.hardware.rtl.arithmetic import Variables
from nac.hardware.rtl.lowering import AdderWriter
from nac.tasks.scaling import fit_preprocessing
from nac.testing import check_circuit_operation

CIRCUITS = {
    "input": "mlp", "dense": "mlp", "relu": "mlp", "quantise": "residual", "leaky_relu": "leaky",
    "add": "residual_trace", "mean": "mean", "maximum": "max", "conv": "trace", "max_pool": "trace",
    "reshape": "set", "matmul": "attention", "stage": "staged",
    "argmax": "argmax", "choose": "threshold", "exceeds": "threshold", "units": "values",
}  # fmt: skip
"""By operation, the kind of a network that has it."""


@cache
def circuit(kind: str) -> Circuit:
    if kind == "learned":
        return read_circuit(export_network(learned("set", 1)))
    if kind == "staged":
        data = data_of(task_config(layout="arrays", kind="regression", shape=[16], outputs=5, raw="fixed<12,6>",
                                   scaling="shift"))  # fmt: skip
        samples = np.random.default_rng(3).normal(5, 8, (500, 16)).astype(np.float32)
        return with_stage(circuit("mlp"), fit_preprocessing(samples, np.zeros((500, 5)), data))
    if kind in {"argmax", "threshold", "values"}:
        return answer_circuit(answer_sheet(kind, 5), output_node(5))
    if kind == "attention":
        attention = {"block": "attention", "width": 2}
        network = Architecture.model_validate({"input": (2, 3, 3), "blocks": [attention, FLATTEN], "outputs": 2})
    else:
        network = architecture("mlp", 3, "leaky_relu_1_8") if kind == "leaky" else architecture(kind, 3)
    return read_circuit(export_network(random_network(network.with_bits(weights=3, activations=3))))


def test_every_operation_has_an_example() -> None:
    assert set(CIRCUITS) == set(CIRCUIT_OPERATIONS)
    assert all(operation.name == name for name, operation in CIRCUIT_OPERATIONS.items())


@pytest.mark.parametrize("name", CIRCUITS)
def test_readings_agree(name: str) -> None:
    check_circuit_operation(CIRCUIT_OPERATIONS[name], circuit(CIRCUITS[name]), compiles=False)


def test_readings_agree_where_channels_have_types_of_their_own() -> None:
    check_circuit_operation(CIRCUIT_OPERATIONS["quantise"], circuit("learned"), compiles=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["add", "leaky_relu", "matmul", "mean", "maximum", "max_pool", "argmax", "exceeds", "units"]
)
def test_compiled_readings_agree(name: str) -> None:
    check_circuit_operation(CIRCUIT_OPERATIONS[name], circuit(CIRCUITS[name]))


Break = Callable[[pytest.MonkeyPatch, CircuitOperation], None]


def spoilt_adders(patch: pytest.MonkeyPatch, relu: CircuitOperation) -> None:
    def rtl(node: Node, adders: AdderWriter) -> Variables:
        return adders.operands(node)[0]

    patch.setattr(relu, "rtl", rtl)
    patch.setattr(CIRCUIT_OPERATIONS["quantise"], "rtl", lambda node, adders: adders.operands(node)[0])


def spoilt_numbers(patch: pytest.MonkeyPatch, relu: CircuitOperation) -> None:
    def relu_(known: dict[str, object], x: Integers) -> Integers:
        return x

    patch.setattr(relu, "compute", relu_)


def order_of_elements(patch: pytest.MonkeyPatch, relu: CircuitOperation) -> None:
    def relu_(known: dict[str, object], x: Integers) -> Integers:
        return np.maximum(x, 0)[:, ::-1]

    patch.setattr(relu, "compute", relu_)


def no_layer(patch: pytest.MonkeyPatch, relu: CircuitOperation) -> None:
    def hls(node: Node, layers: HlsWriter) -> None:
        return

    patch.setattr(relu, "hls", hls)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (spoilt_adders, "adder graph computes something else"),
        (spoilt_numbers, "is beyond Span"),
        (order_of_elements, "is not elementwise"),
        (no_layer, "reads dense0_act_relu, which is no layer of hls4ml"),
    ],
)
def test_what_is_wrong_is_found(monkeypatch: pytest.MonkeyPatch, spoil: Break, said: str) -> None:
    relu = CIRCUIT_OPERATIONS["relu"]
    spoil(monkeypatch, relu)
    with pytest.raises(AssertionError, match=said):
        check_circuit_operation(relu, circuit("mlp"), compiles=False)


def test_an_operation_under_a_name_of_another_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    relu = CIRCUIT_OPERATIONS["relu"]
    with pytest.raises(AssertionError, match="another operation has this name"):
        check_circuit_operation(type(relu)(), circuit("mlp"), compiles=False)
    monkeypatch.setattr(relu, "read_from", frozenset({"Gemm"}))
    with pytest.raises(AssertionError, match="Gemm is read as another operation"):
        check_circuit_operation(relu, circuit("mlp"), compiles=False)


def test_nobody_else_asks_which_operation_a_node_is() -> None:
    asks = re.compile(r"\bnode\.op\b *(==|!=|in\b|not in\b)|\[node\.op\]|match node\.op\b|_\{node\.op\}")
    for path in (Path(nac.hardware.__file__).parent).rglob("*.py"):
        assert not asks.search(path.read_text(encoding="utf-8")), f"{path}: ask the node's operation instead"
