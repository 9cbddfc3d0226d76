"""The circuit in VHDL, beside the Verilog: printed by alkaid from the same adder graph, in the same wrappers."""

import shutil
import tempfile
from importlib import metadata
from pathlib import Path

from alkaid.codegen.rtl import RTLModel
from alkaid.types import CombLogic

from nac.errors import WorkError
from nac.hardware.rtl import tools
from nac.hardware.rtl.bench import Passed, passed
from nac.hardware.rtl.names import prefix_modules
from nac.hardware.rtl.printed import LEVELS_PER_NS
from nac.hardware.rtl.record import RtlProject, RtlRecord
from nac.hardware.rtl.sound import alkaid
from nac.hardware.rtl.templates import template
from nac.hardware.rtl.wrappers import BENCH, WRAPPERS, settings
from nac.rundir import write_atomic

FOLDER = "vhdl"
TIMEOUT_S = 1800.0


def write_vhdl(project: RtlProject, samples: int) -> Path:
    """Write the sources into `vhdl` of a project and their test bench beside its vectors, of so many samples.

    Raises WorkError where the alkaid that is installed is not the one that made the project.
    """
    record, folder = project.record, project.path / FOLDER
    if metadata.version("alkaid") != record.version:
        raise WorkError(f"{project.path}: was made by alkaid {record.version}; make it again with `nac synth`")
    shutil.rmtree(folder, ignore_errors=True)
    for known, results in record.modules:
        _print(known, project.graph if known is record else project.answer_graph, folder)
        for wrapper in WRAPPERS:
            write_atomic(folder / f"{known.top}_{wrapper}.vhd", template(f"{wrapper}.vhd", **settings(known)))
        bench = template("axis_tb.vhd", samples=samples, results=results, **settings(known))
        write_atomic(project.path / BENCH / f"{known.top}_axis_tb.vhd", bench)
    return folder


def _print(record: RtlRecord, graph: CombLogic, folder: Path) -> None:
    """The entities of a graph."""
    with tempfile.TemporaryDirectory(prefix="nac-vhdl-") as work:
        with alkaid():
            RTLModel(
                graph, work, record.top, "vhdl", latency_cutoff=record.clock_period_ns * LEVELS_PER_NS,
                print_latency=False, part_name=record.part, clock_period=record.clock_period_ns, ternary_fuse=False,
            ).write()  # fmt: skip
        sources = Path(work) / "src"
        prefix_modules(sources, record.top, "vhd")
        for source in sorted(sources.rglob("*.vhd")):
            write_atomic(folder / source.name, source.read_text(encoding="utf-8"))


def run_vhdl_bench(project: RtlProject, wrapper: str = "axis") -> Passed:
    """Run the test bench of a wrapper ("axis" or "answer_axis") in GHDL.

    Raises WorkError where there is no GHDL, or the bench does not pass.
    """
    tool = tools.ghdl()
    if tool is None:
        raise WorkError(tools.MISSING["ghdl"])
    top = f"{project.record.top}_{wrapper}_tb"
    with tempfile.TemporaryDirectory(prefix="nac-ghdl-") as folder:
        work = Path(folder)
        bench = project.path / BENCH
        for file in (*(project.path / FOLDER).glob("*.vhd"), bench / f"{top}.vhd", *bench.glob("*.hex")):
            shutil.copyfile(file, work / file.name)
        tool.run(["-i", "--std=08", *sorted(file.name for file in work.glob("*.vhd"))], work, TIMEOUT_S)
        tool.run(["-m", "--std=08", "-Wno-hide", top], work, TIMEOUT_S)
        said = tool.run(["-r", "--std=08", top, "--ieee-asserts=disable-at-0"], work, TIMEOUT_S)
    return passed(top, tool, said)
