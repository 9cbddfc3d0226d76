"""Yosys on an RTL project: LUTs, flip-flops, DSPs, carry cells and the longest path after technology mapping."""

import json
import logging
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nac.config import Model
from nac.errors import WorkError
from nac.hardware.rtl import tools
from nac.hardware.rtl.netlist import LutCount, count_luts
from nac.hardware.rtl.record import RtlProject
from nac.hardware.rtl.simulation import copy_sources
from nac.hardware.rtl.templates import template
from nac.hardware.rtl.tools import Tool

logger = logging.getLogger(__name__)
TIMEOUT_S = 3600.0
FAMILIES = {r"x[acq]7": "xc7", r"x[acq](ku|vu)\d+p": "xcup", r"x[acq](ku|vu)\d": "xcu", r"x[acq](u|zu|au|k)\d": "xcup"}
"""Yosys' families by the start of a part's name."""
OTHER_FAMILY = "xcup"
"""What all others are mapped to: the newest one with LUTs of six inputs that yosys knows."""
FLIP_FLOPS = re.compile(r"FD[RSCP]E(_1)?|LD[CP]E")
MEMORIES = re.compile(r"RAMB.*|URAM.*")


class Synthesis(Model):
    """What a synthesiser mapped a circuit to: `cells` by type, and the sums that reports show.

    `lut` counts the LUTs that a device needs: cells as logic, shift register and memory, and those that yosys leaves to
    the placement (nac.hardware.rtl.netlist), `lut_passed` before carry chains and wide multiplexers and
    `lut_inverters`. `lut_packed` is yosys' own estimate, `stat -tech xilinx`: it packs small cells in pairs wherever
    their sizes allow it and knows no carry chain. Reports of before count the cells alone. `path_cells` are cells
    (LUTs, carry and wide multiplexers) on the longest path between registers. `remarks` are sentences about what looks
    wrong.
    """

    tool: str
    version: str
    family: str
    lut: int
    lut_passed: int = 0
    lut_inverters: int = 0
    lut_packed: int | None = None
    ff: int
    dsp: int
    bram: int
    carry: int
    path_cells: int
    cells: Mapping[str, int]
    remarks: tuple[str, ...] = ()


def family(part: str) -> str | None:
    """Yosys' family of a part; None for one that it does not know, such as a Versal."""
    return next((name for start, name in FAMILIES.items() if re.match(start, part.lower())), None)


def synthesise_rtl(project: RtlProject, tool: Tool | None = None) -> Synthesis:
    """Map a project to the cells of its part's family.

    Args:
        project: written by `write_rtl`.
        tool: yosys, found when None.

    Raises:
        WorkError: no yosys, or it failed, or the result cannot be read.
    """
    tool = tool or tools.yosys()
    if tool is None:
        raise WorkError(f"no synthesis: {tools.MISSING['yosys']}")
    mapped = family(project.record.part) or OTHER_FAMILY
    with tempfile.TemporaryDirectory(prefix="nac-yosys-") as folder:
        work = Path(folder)
        script = template(
            "synth.ys", sources=" ".join(copy_sources(project, work)), family=mapped, top=project.record.top,
        )  # fmt: skip
        (work / "synth.ys").write_text(script, encoding="utf-8")
        tool.run(["-q", "synth.ys"], work, TIMEOUT_S)
        cells = read_stat((work / "stat.json").read_text(encoding="utf-8"), project.record.top)
        path = read_longest_path((work / "path.txt").read_text(encoding="utf-8"))
        luts = count_luts((work / "netlist.json").read_text(encoding="utf-8"), project.record.top)
        packed = read_packed((work / "packed.txt").read_text(encoding="utf-8"))
    return summarise(cells, luts, path, tool, mapped, project).model_copy(update={"lut_packed": packed})


def read_stat(text: str, top: str) -> dict[str, int]:
    """The cells by type of the top module in yosys' `stat -json`. Raises WorkError when they are not there."""
    start = text.find("{")
    try:
        stat: dict[str, Any] = json.loads(text[start:]) if start >= 0 else {}
        modules = stat["modules"]
        module = modules.get("\\" + top) or modules[top]
        return {str(kind): int(count) for kind, count in module["num_cells_by_type"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WorkError(f"yosys: its statistics of {top} cannot be read ({error!r})") from error


def read_longest_path(text: str) -> int:
    """Cells on the longest path in yosys' `ltp`. Raises WorkError when the text does not say."""
    found = re.search(r"\(length=(\d+)\)", text)
    if found is None:
        raise WorkError("yosys: its longest path cannot be read")
    return int(found[1])


def read_packed(text: str) -> int | None:
    """Logic cells by yosys' `stat -tech xilinx`; None where it does not say them."""
    found = re.search(r"Estimated number of LCs:\s+(\d+)", text)
    return int(found[1]) if found else None


def summarise(
    cells: Mapping[str, int], luts: LutCount, path_cells: int, tool: Tool, mapped: str, project: RtlProject
) -> Synthesis:
    """The sums of a synthesis and what looks wrong about it."""

    def count(pattern: re.Pattern[str]) -> int:
        return sum(number for kind, number in cells.items() if pattern.fullmatch(kind))

    ff, remarks = count(FLIP_FLOPS), []
    if family(project.record.part) is None:
        remarks.append(f"yosys has no family for the part {project.record.part}: it was mapped to UltraScale+ "
                       f"({mapped}), whose LUTs have six inputs")
    unknown = [kind for kind in cells if kind.startswith("$") and kind != "$scopeinfo"]
    if unknown:
        remarks.append(f"not mapped to the family: {', '.join(unknown)}")
    expected = project.record.register_bits
    shift_registers = sum(number for kind, number in cells.items() if kind.startswith("SRL"))
    if not shift_registers and ff < 0.7 * expected:
        remarks.append(f"{expected - ff} of {expected} register bits were trimmed: much is constant or unused")
    return Synthesis(
        tool=tool.name, version=tool.version, family=mapped, lut=luts.total, lut_passed=luts.passed,
        lut_inverters=luts.inverters, ff=ff, dsp=count(re.compile(r"DSP.*")), bram=count(MEMORIES),
        carry=count(re.compile(r"CARRY\d")), path_cells=path_cells, cells=dict(sorted(cells.items())),
        remarks=tuple(remarks),
    )  # fmt: skip
