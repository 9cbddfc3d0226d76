"""The printed Verilog in a simulator: one input per clock in, one output per clock out, compared bit by bit."""

import logging
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nac.config import Model
from nac.errors import WorkError
from nac.hardware.rtl import tools
from nac.hardware.rtl.ports import pack, unpack, width
from nac.hardware.rtl.record import RtlProject
from nac.hardware.rtl.templates import template
from nac.hardware.rtl.tools import Tool
from nac.hardware.rtl.verilator import compile_bench

logger = logging.getLogger(__name__)
TIMEOUT_S = 1800.0


class Simulation(Model):
    """That the Verilog computed `samples` outputs as expected, one per clock, after `latency_cycles`."""

    tool: str
    version: str
    samples: int
    latency_cycles: int


def simulator() -> Tool | None:
    """Verilator where it is, else Icarus Verilog (slower), else None."""
    return tools.verilator() or tools.iverilog()


def simulate(project: RtlProject, x: npt.NDArray[Any], tool: Tool | None = None) -> npt.NDArray[np.float64]:
    """Outputs (N, outputs) of the Verilog for inputs (N, *input) on the input's grid, a new input with every clock.

    Raises WorkError when no simulator is here, or it fails.
    """
    tool = tool or simulator()
    if tool is None:
        raise WorkError(f"no simulator for Verilog: {tools.MISSING['verilator']}; {tools.MISSING['iverilog']}")
    record = project.record
    words = pack(np.asarray(x, dtype=np.float64).reshape(len(x), -1), record.inputs)
    clocks = len(words) + record.latency_cycles - 1
    with tempfile.TemporaryDirectory(prefix="nac-rtl-") as folder:
        work = Path(folder)
        bench = template(
            "testbench.v", samples=len(words), clocks=clocks, in_width=width(record.inputs),
            out_width=width(record.outputs), top=record.top,
        )  # fmt: skip
        (work / "testbench.v").write_text(bench, encoding="utf-8")
        (work / "stimuli.hex").write_text("\n".join(words), encoding="utf-8")
        sources = copy_sources(project, work)
        run_verilog(tool, "testbench", ["testbench.v", *sources], work)
        responses = (work / "responses.hex").read_text(encoding="utf-8").split()
    if len(responses) != clocks:
        raise WorkError(f"{tool.name}: {len(responses)} outputs in {clocks} clocks, expected one per clock")
    responses = responses[record.latency_cycles - 1 :]
    if any(digit in word for word in responses for digit in "xXzZ"):
        raise WorkError(f"{tool.name}: undefined bits in the outputs")
    return unpack(responses, record.outputs)


def copy_sources(project: RtlProject, work: Path) -> list[str]:
    """The Verilog beside the test bench, where no path has characters that make or yosys take apart; the names."""
    for source in project.sources:
        shutil.copyfile(source, work / source.name)
    return [source.name for source in project.sources]


def run_verilog(tool: Tool, top: str, sources: list[str], work: Path) -> str:
    """Compile files of a folder and run them there, from the module `top`; returns what it printed.

    Raises WorkError when it does not compile or ends with a status other than 0.
    """
    return _RUNNERS[tool.name](tool, top, sources, work)


def _verilator(tool: Tool, top: str, sources: list[str], work: Path) -> str:
    program = compile_bench(tool, top, sources, work, TIMEOUT_S)
    return Tool("the Verilated circuit", tool.version, (str(program),)).run([], work, TIMEOUT_S)


def _iverilog(tool: Tool, top: str, sources: list[str], work: Path) -> str:
    tool.run(["-g2012", "-s", top, "-o", "testbench.vvp", *sources], work, TIMEOUT_S)
    return Tool("vvp", tool.version, ("vvp", "-n")).run(["testbench.vvp"], work, TIMEOUT_S)


_RUNNERS = {"verilator": _verilator, "iverilog": _iverilog}


def prove(
    project: RtlProject, x: npt.NDArray[Any], expected: npt.NDArray[np.float64], tool: Tool | None = None
) -> Simulation:
    """Simulate and compare every output. Raises WorkError naming the first sample and output that differ."""
    tool = tool or simulator()
    outputs = simulate(project, x, tool)
    assert tool is not None
    different = np.argwhere(outputs != expected)
    if len(different):
        sample, output = map(int, different[0])
        raise WorkError(
            f"{tool.name}: output {output} of sample {sample} is {outputs[sample, output]}, "
            f"expected {expected[sample, output]} ({len(np.unique(different[:, 0]))} of {len(x)} samples differ)"
        )
    record = project.record
    return Simulation(tool=tool.name, version=tool.version, samples=len(x), latency_cycles=record.latency_cycles)
