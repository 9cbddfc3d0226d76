"""LUTs of single operations, as counted from the adder graph and as yosys maps them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alkaid.codegen.rtl import RTLModel
from alkaid.trace import FVariable, trace
from alkaid.trace.passes import optimize
from alkaid.types import CombLogic

from nac.config import TargetConfig
from nac.hardware.circuit.fixed import Fixed
from nac.hardware.rtl import tools
from nac.hardware.rtl.arithmetic import HARDWARE, largest, quantise
from nac.hardware.rtl.luts import PASSED, alone, luts
from nac.hardware.rtl.netlist import count_luts
from nac.hardware.rtl.printed import OURS
from nac.hardware.rtl.sound import alkaid
from nac.hardware.rtl.tools import Tool

COPIES = 8
Operation = Callable[[list[FVariable]], FVariable]


@pytest.fixture(autouse=True, scope="module")
def _sound() -> Iterator[None]:
    """alkaid as our own graphs are traced with."""
    with alkaid():
        yield


def inputs(count: int, bits: int, *, signed: bool) -> list[FVariable]:
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return [FVariable(float(low), float(high), 1.0, hwconf=HARDWARE, latency=0.0) for _ in range(count)]


def graph(operation: Operation, count: int, bits: int, *, signed: bool) -> CombLogic:
    every = [inputs(count, bits, signed=signed) for _ in range(COPIES)]
    flat = [value for group in every for value in group]
    return optimize(trace(flat, [operation(group) for group in every], optimize=False), keep_dead_inputs=True)


def mapped(circuit: CombLogic, folder: Path, tool: Tool) -> int:
    """LUTs that a graph needs as yosys maps it."""
    model = RTLModel(circuit, folder / "rtl", "top", "verilog", latency_cutoff=1000, print_latency=False,
                     part_name=TargetConfig().part, clock_period=5.0, ternary_fuse=False)  # fmt: skip
    model.write()
    for name in OURS:
        text = (Path(tools.__file__).with_name("templates") / name).read_text()
        (folder / "rtl" / "src" / "static" / name).write_text(text)
    sources = [f for f in (folder / "rtl" / "src").rglob("*.v") if f.name != "lookup_table.v"]
    read = " ".join(str(file.relative_to(folder)) for file in sources)
    commands = f"read_verilog {read}\nsynth_xilinx -family xcup -flatten -noiopad -nodsp -top top\n"
    (folder / "synth.ys").write_text(commands + "opt_clean -purge\nwrite_json netlist.json\n")
    tool.run(["-q", "synth.ys"], folder, 300)
    return count_luts((folder / "netlist.json").read_text(), "top").total


def clip(bits: int, low: int) -> Operation:
    return lambda x: quantise(x[0], Fixed(low < 0, bits, -3), low=low)


OPERATIONS: dict[str, tuple[Operation, int, int, bool]] = {
    "maximum of four": (largest, 4, 5, False),
    "rounded ReLU to 3 bits": (clip(3, 0), 1, 11, True),
    "rounded ReLU to 6 bits": (clip(6, 0), 1, 14, True),
    "rounded and clipped to 4 bits": (clip(4, -8), 1, 12, True),
    "sum": (lambda x: x[0] + x[1], 2, 8, False),
    "difference": (lambda x: x[0] - x[1], 2, 8, False),
    "difference with a subtrahend below": (lambda x: x[0] * 4.0 - x[1], 2, 8, True),
    "product": (lambda x: x[0] * x[1], 2, 6, True),
}


@pytest.mark.slow
@pytest.mark.skipif(tools.yosys() is None, reason=tools.MISSING["yosys"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_cost_what_yosys_makes_of_them(name: str, tmp_path: Path) -> None:
    tool = tools.yosys()
    assert tool is not None
    operation, count, bits, signed = OPERATIONS[name]
    circuit = graph(operation, count, bits, signed=signed)
    # Where inputs come from ports, every bit beside a constant is passed on: twice as many as in a network.
    passed = sum(alone(op, circuit.ops) for op in circuit.ops)
    found = mapped(circuit, tmp_path, tool)
    lowest, highest = luts(circuit), luts(circuit) + PASSED * passed
    assert 0.85 * lowest < found < 1.15 * highest


@pytest.mark.parametrize(("operation", "signed", "expected"), [
    (lambda x: x[0] + x[1], False, 0),  # all bits are of both, and the carry is of none
    (lambda x: x[0] + x[1] * 8.0, False, 3),  # three above the first
    (lambda x: x[0] + x[1] * 8.0, True, 0),  # a sign goes on
    (lambda x: x[0] * 4.0 - x[1], True, 2),  # two of the subtrahend below
    (lambda x: x[0] * 4.0 + x[1], True, 0),  # copied
    (lambda x: x[0] + 3.0, False, 8),
])  # fmt: skip
def test_bits_of_one_summand(operation: Operation, signed: bool, expected: int) -> None:
    x = inputs(2, 8, signed=signed)
    circuit = trace(x, [operation(x)], optimize=False)
    assert sum(alone(op, circuit.ops) for op in circuit.ops) == expected
