"""Yosys: its reports are read, its numbers make sense, and estimates agree with it."""

from pathlib import Path

import numpy as np
import pytest
from designs import DesignMaker

from nac.config import TargetConfig
from nac.config.parts import PARTS
from nac.errors import WorkError
from nac.hardware.onnx.export import circuit_of
from nac.hardware.rtl import tools
from nac.hardware.rtl.build import build_rtl
from nac.hardware.rtl.engine import rtl_project
from nac.hardware.rtl.estimation import estimate, estimate_graph, estimate_network
from nac.hardware.rtl.netlist import LutCount
from nac.hardware.rtl.simulation import simulator
from nac.hardware.rtl.synthesis import family, read_longest_path, read_stat, summarise, synthesise_rtl
from nac.hardware.rtl.tools import Tool

REPORTS = Path(__file__).parent / "reports"
needs_yosys = pytest.mark.skipif(tools.yosys() is None, reason=tools.MISSING["yosys"])


@pytest.mark.parametrize(("file", "lut2"), [("yosys_0.23.json", 40), ("yosys_0.70.json", 46)])
def test_reports_of_both_builds_are_read(file: str, lut2: int) -> None:
    cells = read_stat((REPORTS / file).read_text(), "nac_tiny")
    assert cells["LUT2"] == lut2
    assert cells["CARRY4"] == 25


@pytest.mark.parametrize("text", ["", "{}", "not json", '{"modules": {}}', '{"modules": {"\\\\nac_tiny": []}}'])
def test_unreadable_reports_are_said_to_be(text: str) -> None:
    with pytest.raises(WorkError, match="cannot be read"):
        read_stat(text, "nac_tiny")
    with pytest.raises(WorkError, match="cannot be read"):
        read_longest_path(text)


def test_sums_and_remarks(design_of: DesignMaker) -> None:
    project = rtl_project(design_of("mlp", 2))
    cells = {"LUT2": 5, "LUT6": 7, "SRL16E": 2, "FDRE": 3, "DSP48E2": 1, "RAMB18E2": 4, "CARRY4": 6, "$lut": 1}
    summary = summarise(cells, LutCount(14, 3, 2), 12, Tool("yosys", "0.23", ("yosys",)), "xcup", project)
    assert (summary.lut, summary.ff, summary.dsp, summary.bram, summary.carry) == (19, 3, 1, 4, 6)
    assert (summary.lut_passed, summary.lut_inverters) == (3, 2)
    assert summary.remarks == ("not mapped to the family: $lut",)
    tool = Tool("yosys", "0.23", ("yosys",))
    trimmed = summarise({"LUT2": 5, "FDRE": 3}, LutCount(5, 0, 0), 12, tool, "xcup", project)
    assert "register bits were trimmed" in trimmed.remarks[0]


@pytest.mark.parametrize(("part", "expected"), [
    ("xc7z020clg400-1", "xc7"), ("xa7a100t-csg324-1Q", "xc7"), ("xcku040-ffva1156-2-e", "xcu"),
    ("xcku5p-ffva676-1-e", "xcup"), ("xcvu440-flga2892-1-c", "xcu"), ("xcvu7p-flvb2104-2-e", "xcup"),
    ("xczu48dr-ffvg1517-2-e", "xcup"), ("xck26-sfvc784-2LV-c", "xcup"), ("xcu55c-fsvh2892-2L-e", "xcup"),
    ("XCAU15P-FFVB676-2-E", "xcup"), ("xcvc1902-vsva2197-2MP-e-S", None), ("ep4ce6", None),
])  # fmt: skip
def test_the_family_is_told_from_the_name(part: str, expected: str | None) -> None:
    assert family(part) == expected


def test_every_known_part_but_a_versal_has_a_family() -> None:
    assert [part for part in PARTS if family(part) is None] == ["xcvc1902"]


def test_a_part_without_a_family_is_mapped_to_another_and_this_is_said(design_of: DesignMaker) -> None:
    project = rtl_project(design_of("mlp", 2), TargetConfig(part="xcvc1902-vsva2197-2MP-e-S"))
    summary = summarise({"SRL16E": 2}, LutCount(2, 0, 0), 12, Tool("yosys", "0.23", ("yosys",)), "xcup", project)
    assert len(summary.remarks) == 1
    assert "no family for the part xcvc1902-vsva2197-2MP-e-S" in summary.remarks[0]


@pytest.mark.parametrize("kind", ["mlp", "mean", "max", "set", pytest.param("cnn", marks=pytest.mark.slow)])
def test_estimates_agree_with_the_project(design_of: DesignMaker, kind: str) -> None:
    design = design_of(kind, 4)
    record = rtl_project(design).record
    circuit, target = circuit_of(design), TargetConfig()
    exact = estimate_graph(rtl_project(design).graph, target)
    assert exact.lut == pytest.approx(record.cost_lut, abs=0.01)
    assert exact.ff == record.register_bits
    assert exact.latency_cycles == record.latency_cycles
    quick = estimate(circuit, target)
    assert estimate_network(design.network, target) == quick
    assert quick.lut == pytest.approx(record.cost_lut, rel=0.05)
    assert quick.ff == pytest.approx(record.register_bits, rel=0.05)
    assert quick.latency_cycles == record.latency_cycles
    assert quick.latency_ns == quick.latency_cycles * 5
    assert set(quick.costs()) == {"lut", "ff", "dsp", "latency_cycles", "latency_ns", "ii", "rate_mhz"}


@needs_yosys
def test_synthesis_agrees_with_the_estimate(design_of: DesignMaker) -> None:
    design = design_of("mlp", 2)
    project = rtl_project(design)
    found = synthesise_rtl(project)
    assert found.lut == pytest.approx(project.record.cost_lut, rel=0.35)
    assert found.ff <= project.record.register_bits
    assert found.dsp == found.bram == 0
    assert found.path_cells > 1
    cells = sum(count for kind, count in found.cells.items() if kind.startswith("LUT"))
    assert found.lut == cells + found.lut_passed + found.lut_inverters > cells
    assert found.lut_packed is not None
    assert found.lut_packed < cells
    assert not found.remarks


@needs_yosys
@pytest.mark.slow
@pytest.mark.skipif(simulator() is None, reason="no simulator for Verilog")
@pytest.mark.parametrize(("kind", "bits"), [("mean", 2), ("trace", 2)])
def test_the_whole_step(design_of: DesignMaker, kind: str, bits: int) -> None:
    design = design_of(kind, bits)
    circuit_of(design)
    report = build_rtl(design, TargetConfig(), np.zeros((5, *design.record.architecture.input)), random_samples=200)
    assert report.simulation is not None
    assert report.simulation.samples == report.samples == 205
    assert not report.skipped
    by_kind = {(n.name, n.kind): n.value for n in report.numbers}
    assert by_kind["lut", "synthesis"] == pytest.approx(by_kind["lut", "estimate"], rel=0.35)
