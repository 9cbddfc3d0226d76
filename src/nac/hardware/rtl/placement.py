"""Place and route on a Lattice ECP5 by nextpnr: a clock frequency that was routed, without a vendor tool.

The part is a small and old one, and not the target's: the figure says that the circuit routes and how designs
compare, nothing about an UltraScale+.
"""

import json
import logging
import tempfile
from pathlib import Path

from nac.config import Model
from nac.errors import WorkError
from nac.hardware.rtl import tools
from nac.hardware.rtl.record import RtlProject
from nac.hardware.rtl.simulation import copy_sources
from nac.hardware.rtl.templates import template
from nac.hardware.rtl.tools import Tool

logger = logging.getLogger(__name__)
TIMEOUT_S = 3600.0
DEVICE = ("--85k", "--package", "CABGA756", "--speed", "6")
PART = "ECP5 LFE5U-85F-6"
LUTS = 83_640


class Placement(Model):
    """What nextpnr reached: the fastest clock, and the cells used, on `part`."""

    tool: str
    version: str
    part: str
    fmax_mhz: float
    lut: int
    ff: int


def fits(project: RtlProject) -> bool:
    """Whether the circuit can be expected to fit: it takes about two LUTs of an ECP5 (four inputs) for one of six."""
    return 2 * project.record.cost_lut < LUTS


def place(project: RtlProject, synthesiser: Tool | None = None, router: Tool | None = None) -> Placement:
    """Map a project to ECP5 cells, place and route it without pins (out of context).

    Raises WorkError when a tool is missing or fails, or its report cannot be read.
    """
    synthesiser, router = synthesiser or tools.yosys(), router or tools.nextpnr()
    if synthesiser is None or router is None:
        raise WorkError(f"no placement: {tools.MISSING['yosys' if synthesiser is None else 'nextpnr']}")
    with tempfile.TemporaryDirectory(prefix="nac-nextpnr-") as folder:
        work = Path(folder)
        script = template("ecp5.ys", sources=" ".join(copy_sources(project, work)), top=project.record.top)
        (work / "ecp5.ys").write_text(script, encoding="utf-8")
        synthesiser.run(["-q", "ecp5.ys"], work, TIMEOUT_S)
        router.run(
            [*DEVICE, "--out-of-context", "--timing-allow-fail", "--seed", "1", "--freq",
             f"{1000 / project.record.clock_period_ns:g}", "--json", "mapped.json", "--report", "report.json", "-q"],
            work, TIMEOUT_S,
        )  # fmt: skip
        return read_report((work / "report.json").read_text(encoding="utf-8"), router)


def read_report(text: str, router: Tool) -> Placement:
    """nextpnr's JSON report. Raises WorkError when it does not say what it should."""
    try:
        report = json.loads(text)
        clocks = {name: float(clock["achieved"]) for name, clock in report["fmax"].items()}
        used = {name: int(cell["used"]) for name, cell in report["utilization"].items()}
        return Placement(
            tool=router.name, version=router.version, part=PART, fmax_mhz=min(clocks.values()),
            lut=used["TRELLIS_COMB"], ff=used["TRELLIS_FF"],
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WorkError(f"{router.name}: its report cannot be read ({error!r})") from error
