"""Reports of Vitis HLS, Vivado HLS and Vivado as numbers, and what is suspicious about them.

A report that cannot be what it claims (no logic left, an unknown unit, no clock) is a WorkError; one that is true but
bad news (timing not met, more than the part holds) is a remark beside its numbers.
"""

import math
import re
from collections.abc import Iterator
from typing import Literal
from xml.etree import ElementTree

from nac.config import Model
from nac.errors import WorkError
from nac.hardware.number import HardwareNumber

Kind = Literal["c-synthesis", "synthesis", "place-and-route"]
RESOURCES = {"LUT": "lut", "FF": "ff", "DSP": "dsp", "DSP48E": "dsp", "BRAM_18K": "bram_18k", "URAM": "uram"}
"""csynth.xml's names of resources (DSP48E is Vivado HLS, DSP Vitis HLS) and ours."""
SITES = {
    "lut": r"(CLB|Slice) LUTs\*?",
    "ff": r"(CLB|Slice) Registers\*?",
    "dsp": r"DSPs",
    "bram_36k": r"Block RAM Tile",
    "uram": r"URAM",
    "carry": r"CARRY\d",
}
"""Rows of Vivado's utilisation report, of the older (Slice) and the newer (CLB) families."""
REQUIRED = ("lut", "ff")
SUMMARY = ("wns_ns", "tns_ns", "failing", "endpoints", "whs_ns", "ths_ns")
TRIMMED = 0.3
"""A circuit with less than this share of the LUTs estimated from its adder graph has lost constants or outputs."""


class VendorReport(Model):
    """Numbers of one report, of which part and top module they are, and what is suspicious about them."""

    top: str
    part: str
    numbers: tuple[HardwareNumber, ...]
    remarks: tuple[str, ...] = ()

    def value(self, name: str) -> float:
        """The number of this name. Raises KeyError."""
        return {number.name: number.value for number in self.numbers}[name]


def read_csynth(text: str) -> VendorReport:
    """C synthesis (`*_csynth.xml`): resources, latency, interval and clock, all estimates of the HLS tool.

    Raises WorkError when something is missing, in an unknown unit, or when no logic is left.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise WorkError("csynth.xml: has a document type, which no HLS tool writes")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - no entities, see above
    except ElementTree.ParseError as error:
        raise WorkError(f"csynth.xml: is no XML ({error})") from error
    resources = {RESOURCES[item.tag]: _number(item.text, item.tag) for item in _all(root, "AreaEstimates/Resources")
                 if item.tag in RESOURCES}  # fmt: skip
    available = {RESOURCES[item.tag]: _number(item.text, item.tag)
                 for item in _all(root, "AreaEstimates/AvailableResources") if item.tag in RESOURCES}  # fmt: skip
    _require_logic(resources, "csynth.xml")
    timing, latency = "PerformanceEstimates/SummaryOfTimingAnalysis", "PerformanceEstimates/SummaryOfOverallLatency"
    for place, unit in (("UserAssignments", "ns"), (timing, "ns"), (latency, "clock cycles")):
        if (found := _text(root, f"{place}/unit")) != unit:
            raise WorkError(f"csynth.xml: {place} is in {found!r}, expected {unit!r}")
    target = _number(_text(root, "UserAssignments/TargetClockPeriod"), "TargetClockPeriod")
    estimated = _number(_text(root, f"{timing}/EstimatedClockPeriod"), "EstimatedClockPeriod")
    cycles, interval = _text(root, f"{latency}/Worst-caseLatency"), _text(root, f"{latency}/Interval-max")
    remarks = list(_overfull(resources, available))
    if estimated > target:
        remarks.append(f"timing not met: the estimated clock period is {estimated:g} ns, asked were {target:g} ns")
    values = [(name, value, "") for name, value in resources.items()] + [("clock_period_ns", estimated, "ns")]
    if cycles.isdecimal() and interval.isdecimal():
        values += [("latency_cycles", int(cycles), "clocks"), ("latency_ns", int(cycles) * target, "ns"),
                   ("ii", int(interval), "clocks")]  # fmt: skip
    else:
        remarks.append(f"the latency is not known: {cycles} cycles, interval {interval}")
    tool = "Vivado HLS" if root.find("AreaEstimates/Resources/DSP48E") is not None else "Vitis HLS"
    numbers = _numbers(values, tool, _text(root, "ReportVersion/Version"), "c-synthesis")
    return VendorReport(top=_text(root, "UserAssignments/TopModelName"), part=_text(root, "UserAssignments/Part"),
                        numbers=numbers, remarks=tuple(remarks))  # fmt: skip


def read_utilisation(text: str, estimated_lut: float | None = None) -> VendorReport:
    """Vivado's `report_utilization`, after synthesis or after placement and routing.

    Args:
        text: of the report.
        estimated_lut: what the circuit was expected to need; far fewer are suspicious.

    Raises WorkError when a table is missing or unreadable, or when no logic is left.
    """
    header = _header(text)
    used, available = {}, {}
    for row in _rows(text):
        name = next((name for name, site in SITES.items() if re.fullmatch(site, row["Site Type"])), None)
        if name is not None and name not in used:
            used[name] = _number(row["Used"], row["Site Type"])
            if row.get("Available"):
                available[name] = _number(row["Available"], row["Site Type"])
    _require_logic(used, "utilisation report")
    remarks = list(_overfull(used, available))
    if estimated_lut is not None and used["lut"] < TRIMMED * estimated_lut:
        remarks.append(f"{used['lut']:g} LUTs where {estimated_lut:g} were expected: constants or outputs were trimmed")
    state = header.get("Design State", "")
    kind: Kind = "place-and-route" if "Routed" in state or "Placed" in state else "synthesis"
    numbers = _numbers([(name, value, "") for name, value in used.items()], "Vivado", _version(header), kind)
    return VendorReport(top=header.get("Design", ""), part=header.get("Device", ""), numbers=numbers,
                        remarks=tuple(remarks))  # fmt: skip


def read_timing(text: str, kind: Kind = "place-and-route") -> VendorReport:
    """Vivado's `report_timing_summary`: worst slacks (setup, hold) and the fastest clock that setup allows.

    Args:
        text: of the report, of a design with one clock.
        kind: after which step it was written.

    Raises WorkError when it cannot be read or no clock is constrained.
    """
    header = _header(text)
    summary = re.search(r"WNS\(ns\)[^\n]*\n[\s-]*\n((?:\s*[-\w.]+){6})", text)
    clock = re.search(r"\| Clock Summary.*?\n(\S+)\s+\{[\d. ]+\}\s+([\d.]+)\s+[\d.]+", text, re.DOTALL)
    if summary is None:
        raise WorkError("timing report: has no Design Timing Summary")
    values = dict(zip(SUMMARY, summary[1].split(), strict=True))
    if clock is None or values["wns_ns"].upper() in {"NA", "INF"}:
        raise WorkError("timing report: no clock is constrained, so it says nothing about timing")
    slack = {name: _number(values[name], name) for name in ("wns_ns", "whs_ns")}
    period = _number(clock[2], "Period(ns)")
    remarks = [f"timing not met: {what} is missed by {-slack[name]:g} ns at a clock of {period:g} ns"
               for name, what in (("wns_ns", "setup"), ("whs_ns", "hold")) if slack[name] < 0]  # fmt: skip
    if "Timing constraints are not met" in text and not remarks:
        remarks.append("timing not met, says the report")
    loose = re.search(r"checking unconstrained_internal_endpoints \((\d+)\)", text)
    if loose and int(loose[1]):
        remarks.append(f"{loose[1]} paths inside the circuit are not constrained")
    fastest = 1000 / (period - slack["wns_ns"])
    numbers = _numbers([*((name, value, "ns") for name, value in slack.items()), ("fmax_mhz", fastest, "MHz")],
                       "Vivado", _version(header), kind)  # fmt: skip
    return VendorReport(top=header.get("Design", ""), part=header.get("Device", ""), numbers=numbers,
                        remarks=tuple(remarks))  # fmt: skip


def _numbers(values: list[tuple[str, float, str]], tool: str, version: str, kind: Kind) -> tuple[HardwareNumber, ...]:
    return tuple(HardwareNumber(name=name, value=value, unit=unit, tool=tool, version=version, kind=kind)
                 for name, value, unit in values)  # fmt: skip


def _require_logic(used: dict[str, float], source: str) -> None:
    if missing := [name for name in REQUIRED if name not in used]:
        raise WorkError(f"{source}: says nothing about {' and '.join(missing)}")
    if not used["lut"] and not used.get("dsp"):
        raise WorkError(f"{source}: no logic is left (0 LUTs, 0 DSPs): everything was trimmed, or its tables are empty")


def _overfull(used: dict[str, float], available: dict[str, float]) -> Iterator[str]:
    for name, value in used.items():
        if name in available and value > available[name]:
            yield f"does not fit the part: {value:g} {name}, it has {available[name]:g}"


def _all(root: ElementTree.Element, place: str) -> ElementTree.Element:
    found = root.find(place)
    if found is None:
        raise WorkError(f"csynth.xml: has no {place}")
    return found


def _text(root: ElementTree.Element, place: str) -> str:
    text = (root.findtext(place) or "").strip()
    if not text:
        raise WorkError(f"csynth.xml: says nothing about {place}")
    return text


def _number(text: str | None, what: str) -> float:
    try:
        value = float((text or "").replace(",", ""))
    except ValueError as error:
        raise WorkError(f"{what}: {text!r} is no number") from error
    if not math.isfinite(value):
        raise WorkError(f"{what}: {text!r} is no finite number")
    return value


def _header(text: str) -> dict[str, str]:
    """The box at the top of every report of Vivado. Raises WorkError."""
    found = {key.strip(): value.strip() for key, value in re.findall(r"^\| ([\w ]+?)\s*: (.*)$", text, re.MULTILINE)}
    if "Vivado" not in found.get("Tool Version", ""):
        raise WorkError("the report does not say that Vivado wrote it")
    return found


def _version(header: dict[str, str]) -> str:
    found = re.search(r"\d{4}\.\d+(\.\d+)?", header["Tool Version"])
    return found[0] if found else header["Tool Version"]


def _rows(text: str) -> Iterator[dict[str, str]]:
    """Rows of all tables that begin with the column Site Type, by column."""
    columns: list[str] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if cells and cells[0] == "Site Type":
            columns = cells
        elif len(cells) == len(columns) > 1:
            yield dict(zip(columns, cells, strict=True))
