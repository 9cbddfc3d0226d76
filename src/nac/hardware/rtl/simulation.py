"""The printed Verilog in a simulator: one input per clock in, one output per clock out, compared bit by bit."""

import logging
import shutil
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nac.config import Model
from nac.errors import WorkError
from nac.hardware.rtl import tools
from nac.hardware.rtl.ports import unpack, width
from nac.hardware.rtl.record import RtlProject, RtlRecord
from nac.hardware.rtl.templates import template
from nac.hardware.rtl.tools import Tool
from nac.hardware.rtl.verilator import compile_bench

logger = logging.getLogger(__name__)
TIMEOUT_S = 1800.0


class Simulation(Model):
    """That the Verilog computed `samples` outputs as expected, one every `ii` clocks, after `latency_cycles`.

    Of a folded circuit both were measured where beats came without gaps; half of the beats came with gaps.
    """

    tool: str
    version: str
    samples: int
    latency_cycles: int
    ii: int = 1

    @property
    def rate(self) -> str:
        """How often a result came, in words."""
        return "one result per clock" if self.ii == 1 else f"one result in {self.ii} clocks"


class Seen(NamedTuple):
    """What a simulator saw: outputs (N, outputs), clocks from one to the next, and after how many the first came."""

    outputs: npt.NDArray[np.float64]
    ii: int
    latency_cycles: int


def simulator() -> Tool | None:
    """Verilator where it is, else Icarus Verilog (slower), else None."""
    return tools.verilator() or tools.iverilog()


def simulate(project: RtlProject, x: npt.NDArray[Any], tool: Tool | None = None) -> npt.NDArray[np.float64]:
    """Outputs (N, outputs) of the Verilog for inputs (N, *input) on the input's grid, a new beat with every clock.

    Raises WorkError when no simulator is here, or it fails.
    """
    return watch(project, x, tool).outputs


def watch(project: RtlProject, x: npt.NDArray[Any], tool: Tool | None = None) -> Seen:
    """As `simulate`, and when the outputs came."""
    tool = tool or simulator()
    if tool is None:
        raise WorkError(f"no simulator for Verilog: {tools.MISSING['verilator']}; {tools.MISSING['iverilog']}")
    words = project.words(x)
    with tempfile.TemporaryDirectory(prefix="nac-rtl-") as folder:
        work = Path(folder)
        (work / "testbench.v").write_text(_bench(project.record, len(words)), encoding="utf-8")
        (work / "stimuli.hex").write_text("\n".join(words), encoding="utf-8")
        run_verilog(tool, "testbench", ["testbench.v", *copy_sources(project, work)], work)
        responses = (work / "responses.hex").read_text(encoding="utf-8").split()
    return (_pipelined if project.record.fold is None else _streamed)(project.record, tool, responses, len(x))


def _bench(record: RtlRecord, words: int) -> str:
    ports = {"in_width": width(record.inputs), "out_width": width(record.outputs), "top": record.top}
    if record.fold is None:
        return template("testbench.v", samples=words, clocks=words + record.latency_cycles - 1, **ports)
    return template("fold/testbench.v", beats=words, gaps=words // 2, results=words // record.beats, seed=2463534242,
                    patience=100 * record.beats + record.latency_cycles + 1000, **ports)  # fmt: skip


def _pipelined(record: RtlRecord, tool: Tool, responses: list[str], samples: int) -> Seen:
    """An output with every clock."""
    clocks = samples + record.latency_cycles - 1
    if len(responses) != clocks:
        raise WorkError(f"{tool.name}: {len(responses)} outputs in {clocks} clocks, expected one per clock")
    return Seen(_values(record, tool, responses[record.latency_cycles - 1 :]), 1, record.latency_cycles)


def _streamed(record: RtlRecord, tool: Tool, responses: list[str], samples: int) -> Seen:
    """Pairs of clock and output. Raises WorkError where they came at other times than the record says."""
    if len(responses) != 2 * samples:
        raise WorkError(f"{tool.name}: {len(responses) // 2} outputs of {samples} inferences")
    outputs = _values(record, tool, responses[1::2])
    clocks = np.array(responses[::2], dtype=np.int64)
    before = max(len(clocks) // 2 - record.latency_cycles // record.beats - 1, 1)  # before the first gap
    latency, ii = int(clocks[0]), int(np.diff(clocks[:before]).max(initial=record.beats))
    if before == 1 and samples > 1:
        ii = record.initiation_interval
    if (latency, ii) != (record.latency_cycles, record.initiation_interval):
        raise WorkError(f"{tool.name}: the first output came after {latency} clocks and others every {ii}, expected "
                        f"{record.latency_cycles} and {record.initiation_interval}")  # fmt: skip
    return Seen(outputs, ii, latency)


def _values(record: RtlRecord, tool: Tool, words: list[str]) -> npt.NDArray[np.float64]:
    if any(digit in word for word in words for digit in "xXzZ"):
        raise WorkError(f"{tool.name}: undefined bits in the outputs")
    return unpack(words, record.outputs)


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
    outputs, ii, latency = watch(project, x, tool)
    assert tool is not None
    different = np.argwhere(outputs != expected)
    if len(different):
        sample, output = map(int, different[0])
        raise WorkError(
            f"{tool.name}: output {output} of sample {sample} is {outputs[sample, output]}, "
            f"expected {expected[sample, output]} ({len(np.unique(different[:, 0]))} of {len(x)} samples differ)"
        )
    return Simulation(tool=tool.name, version=tool.version, samples=len(x), latency_cycles=latency, ii=ii)
