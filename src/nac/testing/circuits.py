"""The contract of an operation of circuits."""

import json
import runpy
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from nac.config import TargetConfig
from nac.hardware.circuit import CIRCUIT_OPERATIONS, Circuit, CircuitOperation, Integers, Node
from nac.hardware.circuit.evaluate import corner_input, evaluate_all, numbers, random_input, to_integers, to_values
from nac.hardware.circuit.operation import read_as
from nac.hardware.circuit.output import OutputSheet
from nac.hardware.hls.hls4ml import trace_layers
from nac.hardware.hls.layers import to_hls_layers
from nac.hardware.interface import Feature, InputSheet, Sheet, own_types
from nac.hardware.kit.header import checker, header
from nac.hardware.kit.network import network_json
from nac.hardware.kit.script import script
from nac.hardware.kit.vectors import write_vectors
from nac.hardware.rtl.lowering import lower
from nac.hardware.rtl.running import run_graph

SAMPLES = 100
SPACE = "nac_checked"


def check_circuit_operation(operation: CircuitOperation, circuit: Circuit, *, compiles: bool = True) -> None:
    """All its readings give the same integers, within the range that it says; and what else it says of itself is so.

    Args:
        operation: registered.
        circuit: a small one with it, such as `read_circuit(export_network(network))` of a quantised network.
        compiles: whether g++, where it is installed, compiles its C++ and hls4ml's C simulation, which takes some ten
            seconds; without, the header is only printed, and hls4ml's layers are only made.
    """
    name = operation.name
    assert CIRCUIT_OPERATIONS[name] is operation, f"{name}: another operation has this name"
    for kind in sorted(operation.read_from):
        assert read_as(kind) is operation, f"{name}: ONNX's {kind} is read as another operation"
    nodes = [node for node in circuit if node.op == name]
    assert nodes, f"expected a circuit with the operation {name}"
    x = np.concatenate([random_input(circuit, SAMPLES), corner_input(circuit, SAMPLES)])
    values = evaluate_all(circuit, to_integers(x, circuit.input.type))
    for node in nodes:
        _check_node(circuit, node, values)
    outputs = to_values(values[circuit.output.name], circuit.output.span.fraction)
    found = run_graph(lower(circuit), x)
    assert np.array_equal(found, outputs.reshape(found.shape)), f"{name}: its adder graph computes something else"
    gpp = compiles and shutil.which("g++") is not None
    with TemporaryDirectory() as folder:
        _check_python(circuit, x, Path(folder) / "reference.py", values)
        _check_cpp(circuit, x, Path(folder) / "cpp", gpp=gpp)
        _check_hls(circuit, nodes, x[::10], Path(folder) / "hls", values, gpp=gpp)


def _check_node(circuit: Circuit, node: Node, values: dict[str, Integers]) -> None:
    operation, found, name = node.operation, values[node.name], node.name
    assert found.dtype == np.int64, f"{name}: expected integers of 64 bits, found {found.dtype}"
    assert found.shape[1:] == node.shape, f"{name}: says shape {node.shape}, has {found.shape[1:]}"
    low, high = int(found.min()), int(found.max())
    assert node.span.low <= low <= high <= node.span.high, f"{name}: {low} ... {high} is beyond {node.span}"
    ends = node.type.low, node.type.high
    assert ends[0] <= node.span.low <= node.span.high <= ends[1], f"{name}: {node.span} does not fit {node.type}"
    assert node.type.fraction == node.span.fraction, f"{name}: its type and its span have other steps"
    assert operation.title(node), f"{name}: an operation has a title that tables show"
    assert operation.products(node, circuit.sources(node)) >= 0, f"{name}: a number of products below zero"
    known, operands = numbers(circuit, node), [values[source] for source in node.inputs]
    json.dumps(network_json(circuit))
    own = any(isinstance(value, np.ndarray) for value in known.values())
    order = np.random.default_rng(0)
    if operation.elementwise and not own:
        places = order.permutation(found[0].size)
        mixed = [value.reshape(len(value), -1)[:, places].reshape(value.shape) for value in operands]
        expected = found.reshape(len(found), -1)[:, places].reshape(found.shape)
        assert np.array_equal(operation.compute(known, *mixed), expected), f"{name}: is not elementwise"
    if operation.aggregates:
        mixed = [value[..., order.permutation(value.shape[-1])] for value in operands]
        assert np.array_equal(operation.compute(known, *mixed), found), f"{name}: does not read all positions alike"
    if len(node.shape) == 2 and operation.pointwise(node) and not own:
        mixed = [np.roll(value, 1, axis=-1) for value in operands]
        assert np.array_equal(operation.compute(known, *mixed), np.roll(found, 1, axis=-1)), f"{name}: is not pointwise"


def _check_python(circuit: Circuit, x: npt.NDArray[np.float32], file: Path, values: dict[str, Integers]) -> None:
    """The reference of the kit, from its text and its JSON alone."""
    file.write_text(script(circuit), encoding="utf-8")
    reference = runpy.run_path(str(file))["Reference"]({}, json.loads(json.dumps(network_json(circuit))))
    found = reference.outputs(to_integers(x, circuit.input.type))
    assert np.array_equal(found, values[circuit.output.name]), "the reference in Python computes something else"


def _check_cpp(circuit: Circuit, x: npt.NDArray[np.float32], folder: Path, *, gpp: bool) -> None:
    folder.mkdir()
    (folder / "reference.hpp").write_text(header(_sheet(circuit), circuit, SPACE), encoding="utf-8")
    (folder / "check.cpp").write_text(checker(SPACE), encoding="utf-8")
    write_vectors(folder, circuit, _sheet(circuit).output, x)
    if gpp:
        command = ["g++", "-std=c++17", "-O1", "-Wall", "-Werror", "check.cpp", "-o", "check"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"the reference in C++ does not compile: {done.stderr}"
        done = subprocess.run(["./check"], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"the reference in C++ computes something else: {done.stdout.strip()}"


def _check_hls(
    circuit: Circuit, nodes: list[Node], x: npt.NDArray[np.float32], folder: Path, values: dict[str, Integers],
    *, gpp: bool,
) -> None:  # fmt: skip
    for streams in (False, True):
        made = to_hls_layers(circuit, streams=streams)
        names = [layer["name"] for layer in made.layers]
        assert len(set(names)) == len(names), f"layers of hls4ml have the same names: {', '.join(names)}"
        assert set(names) == set(made.config), "expected the types of every layer"
        for layer in made.layers:
            unknown = set(layer.get("inputs", ())) - set(names)
            assert not unknown, f"{layer['name']}: reads {', '.join(sorted(unknown))}, which is no layer of hls4ml"
        shown = set(made.shows.values())
        for node in nodes:
            fused = node.operation.fuses and any(reader.name in shown for reader in circuit.consumers(node.name))
            assert node.name in shown or fused, f"{node.name}: has no layer of hls4ml"
    if gpp:
        rows = to_integers(x, circuit.input.type)
        expected = evaluate_all(circuit, rows)
        seen = trace_layers(circuit, TargetConfig(), folder, x)
        for name, found in seen.items():
            wanted = to_values(expected[name], circuit[name].span.fraction)
            assert np.array_equal(found.reshape(wanted.shape), wanted), f"{name}: hls4ml computes something else"


def _sheet(circuit: Circuit) -> Sheet:
    """The interface of a circuit whose samples are what its input holds."""
    first, last = circuit.input, circuit.output
    features = [Feature(name=str(index), scale=2.0**first.span.fraction) for index in range(first.shape[0])]
    return Sheet(
        design="checked", task="checked",
        input=InputSheet(
            layout="arrays", shape=first.shape, type=str(first.type), fraction=first.type.fraction,
            low=first.span.low, high=first.span.high, features=tuple(features),
            own=own_types(first.types, first.shape) if first.types is not None else None,
        ),
        output=OutputSheet(names=(), type=str(last.type), fraction=last.span.fraction, answer="logits"),
    )  # fmt: skip
