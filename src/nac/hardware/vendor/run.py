"""Vitis HLS, Vivado HLS and Vivado on a project: run where they are on the PATH, their reports read."""

import shutil
from pathlib import Path

from nac.errors import WorkError
from nac.hardware.hls.project import HlsProject
from nac.hardware.rtl.build import Say, silent
from nac.hardware.rtl.record import RtlProject
from nac.hardware.rtl.tools import Tool
from nac.hardware.vendor.reports import VendorReport, read_csynth, read_timing, read_utilisation
from nac.rundir import write_atomic

C_SYNTHESIS = {"vitis_hls", "vivado_hls"}
TIMEOUT_S = 6 * 3600.0
STEPS = {"reset": 1, "csim": 0, "synth": 1, "cosim": 0, "validation": 0, "export": 0, "vsynth": 0, "fifo_opt": 0}
"""What hls4ml's build script does: the C simulation was run, and compared, already."""


def c_synthesis(project: HlsProject, say: Say = silent) -> VendorReport | None:
    """C synthesis of an HLS project by its backend's tool; None where that is not on the PATH or of another vendor.

    Its numbers begin with `hls_`: the project is another circuit than the RTL, whose numbers have the plain names.

    Raises WorkError when the tool fails, or its report cannot be true.
    """
    tool = project.backend.tool
    if tool not in C_SYNTHESIS or shutil.which(tool) is None:
        return None
    options = "".join(f"    {name} {value}\n" for name, value in STEPS.items())
    write_atomic(project.path / "build_opt.tcl", f"array set opt {{\n{options}}}\n")
    say(f"C synthesis with {tool}")
    Tool(tool, "", (tool,)).run(["-f", "build_prj.tcl"], project.path, TIMEOUT_S)
    report = read_csynth(_read(project.path, f"*_prj/solution1/syn/report/{project.record.top}_csynth.xml"))
    report = _of(report, project.record.top, project.record.part)
    numbers = tuple(n.model_copy(update={"name": f"hls_{n.name}"}) for n in report.numbers)
    return report.model_copy(update={"numbers": numbers})


def implement(project: RtlProject, say: Say = silent) -> tuple[VendorReport, ...]:
    """Vivado's out-of-context synthesis, placement and routing of an RTL project; empty without Vivado.

    Raises WorkError when Vivado fails, or its reports cannot be true.
    """
    if shutil.which("vivado") is None:
        return ()
    say("implementation with vivado")
    arguments = ["-mode", "batch", "-nojournal", "-nolog", "-source", "build_vivado_prj.tcl"]
    Tool("vivado", "", ("vivado",)).run(arguments, project.path, TIMEOUT_S)
    record = project.record
    name = f"output_{record.top}/reports/{record.top}_post_route"
    utilisation = read_utilisation(_read(project.path, f"{name}_util.rpt"), record.cost_lut)
    timing = read_timing(_read(project.path, f"{name}_timing.rpt"))
    return tuple(_of(report, record.top, record.part) for report in (utilisation, timing))


def _read(folder: Path, pattern: str) -> str:
    found = sorted(folder.glob(pattern))
    if not found:
        raise WorkError(f"{folder}: the tool ended without writing {pattern}")
    return found[0].read_text(encoding="utf-8", errors="replace")


def _of(report: VendorReport, top: str, part: str) -> VendorReport:
    """The report itself. Raises WorkError when it is about something else."""
    if report.top != top:
        raise WorkError(f"the report is about {report.top!r}, expected {top!r}")
    if _device(report.part) not in _device(part):
        raise WorkError(f"the report is for the part {report.part}, expected {part}")
    return report


def _device(part: str) -> str:
    """A part as all reports write it: Vivado leaves out the family's prefix, dashes or the speed grade."""
    return part.lower().removeprefix("xc").replace("-", "")
