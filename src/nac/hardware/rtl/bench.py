"""Runs the self-checking test benches that lie in a project."""

import re
import shutil
import tempfile
from pathlib import Path

from nac.config import Model
from nac.errors import InputError, WorkError
from nac.hardware.rtl import tools
from nac.hardware.rtl.record import RtlProject
from nac.hardware.rtl.simulation import copy_sources, run_verilog, simulator
from nac.hardware.rtl.tools import Tool
from nac.hardware.rtl.wrappers import BENCH


class Passed(Model):
    """That a test bench passed, and what it said."""

    bench: str
    tool: str
    version: str
    said: str


def run_bench(project: RtlProject, wrapper: str = "axis", tool: Tool | None = None) -> Passed:
    """Run the test bench of a wrapper ("axis" or "valid") with the vectors beside it.

    Raises:
        InputError: the project has no vectors.
        WorkError: no simulator is here, or the bench did not pass.
    """
    tool = tool or simulator()
    if tool is None:
        raise WorkError(f"no simulator for Verilog: {tools.MISSING['verilator']}; {tools.MISSING['iverilog']}")
    bench, name = project.path / BENCH, f"{project.record.top}_{wrapper}_tb"
    if not (bench / f"{name}.v").is_file():
        raise InputError(f"{bench}: has no {name}.v; `nac synth` writes it with the vectors")
    with tempfile.TemporaryDirectory(prefix="nac-bench-") as folder:
        work = Path(folder)
        for file in (bench / f"{name}.v", *bench.glob("*.hex")):
            shutil.copyfile(file, work / file.name)
        said = run_verilog(tool, name, [f"{name}.v", *copy_sources(project, work)], work)
    return passed(name, tool, said)


def passed(bench: str, tool: Tool, said: str) -> Passed:
    """What a bench that passed said. Raises WorkError where it did not."""
    found = re.search(r"PASS: (.*)", said)
    if found is None:
        raise WorkError(f"{bench} in {tool.name}: did not pass: {' / '.join(said.strip().splitlines()[-3:])}")
    return Passed(bench=bench, tool=tool.name, version=tool.version, said=found[1].strip())
