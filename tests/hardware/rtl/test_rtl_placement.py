"""A circuit placed and routed on an ECP5."""

import pytest
from designs import DesignMaker

from nac.config import TargetConfig
from nac.errors import WorkError
from nac.hardware import synthesise
from nac.hardware.rtl import rtl_project, tools
from nac.hardware.rtl.placement import fits, place, read_report
from nac.hardware.rtl.tools import Tool

needs_nextpnr = pytest.mark.skipif(tools.nextpnr() is None or tools.yosys() is None, reason=tools.MISSING["nextpnr"])
ROUTER = Tool("nextpnr-ecp5", "0.7", ("nextpnr-ecp5",))


@needs_nextpnr
@pytest.mark.slow
def test_a_small_circuit_is_routed(design_of: DesignMaker) -> None:
    project = rtl_project(design_of("mlp", 2), TargetConfig())
    assert fits(project)
    placement = place(project)
    assert "ECP5" in placement.part
    assert 20 < placement.fmax_mhz < 500
    assert 0 < placement.lut < 3 * project.record.cost_lut
    assert placement.ff <= project.record.register_bits


@needs_nextpnr
def test_what_does_not_fit_is_a_sentence(design_of: DesignMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nac.hardware.rtl.placement.LUTS", 100)
    report = synthesise(design_of("mlp", 2), TargetConfig(), simulation=False, synthesis=False, placement=True)
    assert any(line.startswith("placement: an estimated") for line in report.skipped)


def test_without_a_router_there_is_a_sentence(design_of: DesignMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "PROBES", {**tools.PROBES, "nextpnr": lambda: None})
    report = synthesise(design_of("mlp", 2), TargetConfig(), simulation=False, synthesis=False, placement=True)
    assert any("neither nextpnr-ecp5" in line for line in report.skipped)


def test_the_slowest_clock_counts() -> None:
    text = """{"fmax": {"a": {"achieved": 90.5, "constraint": 200}, "b": {"achieved": 71.25, "constraint": 200}},
               "utilization": {"TRELLIS_COMB": {"used": 12, "available": 83640}, "TRELLIS_FF": {"used": 3}}}"""
    placement = read_report(text, ROUTER)
    assert (placement.fmax_mhz, placement.lut, placement.ff) == (71.25, 12, 3)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"fmax": {}, "utilization": {}}', '{"fmax": {"a": 1}}'])
def test_an_unreadable_report_is_said_to_be(text: str) -> None:
    with pytest.raises(WorkError, match="its report cannot be read"):
        read_report(text, ROUTER)
