"""Reports that vendor tools really wrote, and the ways in which such reports mislead."""

from pathlib import Path

import pytest

from nac.errors import WorkError
from nac.hardware.vendor import VendorReport, read_csynth, read_timing, read_utilisation

REPORTS = Path(__file__).parent / "reports"


def text(name: str) -> str:
    return (REPORTS / name).read_text()


CSYNTH, TIMING = text("vivado_hls_csynth.xml"), text("vivado_timing_routed.rpt")
SYNTHESISED, ROUTED = text("vivado_utilization_synth.rpt"), text("vivado_utilization_routed.rpt")


def values(report: VendorReport) -> dict[str, float]:
    return {number.name: number.value for number in report.numbers}


def test_c_synthesis() -> None:
    report = read_csynth(CSYNTH)
    assert (report.top, report.part, report.remarks) == ("myproject", "xc7z020-clg400-1", ())
    assert values(report) == {
        "bram_18k": 0, "dsp": 73, "ff": 7969, "lut": 2532, "uram": 0, "clock_period_ns": 4.049,
        "latency_cycles": 10, "latency_ns": 50, "ii": 8,
    }  # fmt: skip
    assert {(n.tool, n.version, n.kind) for n in report.numbers} == {("Vivado HLS", "2020.1", "c-synthesis")}


def test_vitis_names_its_dsps_otherwise() -> None:
    report = read_csynth(CSYNTH.replace("DSP48E", "DSP"))
    assert report.value("dsp") == 73
    assert report.numbers[0].tool == "Vitis HLS"


def test_utilisation_after_synthesis() -> None:
    report = read_utilisation(SYNTHESISED)
    assert (report.top, report.part, report.remarks) == ("myproject", "7z020clg400-1", ())
    assert values(report) == {"lut": 1526, "ff": 2428, "bram_36k": 0, "dsp": 66}
    assert {(n.tool, n.version, n.kind) for n in report.numbers} == {("Vivado", "2020.1", "synthesis")}


def test_utilisation_after_routing() -> None:
    report = read_utilisation(ROUTED, estimated_lut=5500)
    assert values(report) == {"lut": 5010, "ff": 1027, "carry": 225, "bram_36k": 0, "dsp": 0}
    assert {(n.version, n.kind) for n in report.numbers} == {("2021.2", "place-and-route")}
    assert report.remarks == ()


def test_timing() -> None:
    report = read_timing(TIMING)
    assert report.part == "xczu3eg-sbva484"
    assert values(report) == {"wns_ns": 0.507, "whs_ns": 0.042, "fmax_mhz": pytest.approx(1000 / 4.493)}
    assert report.remarks == ()


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (read_csynth(CSYNTH.replace("4.049", "5.3")), "timing not met: the estimated clock period is 5.3 ns"),
        (read_csynth(CSYNTH.replace("<LUT>2532", "<LUT>60000")), "does not fit the part: 60000 lut, it has 53200"),
        (read_csynth(CSYNTH.replace("<Worst-caseLatency>10", "<Worst-caseLatency>undef")), "latency is not known"),
        (read_utilisation(ROUTED, estimated_lut=40000), "constants or outputs were trimmed"),
        (read_timing(TIMING.replace("0.507", "-0.241")), "setup is missed by 0.241 ns at a clock of 5 ns"),
        (read_timing(TIMING.replace("0.042", "-0.010")), "hold is missed by 0.01 ns"),
        (read_timing(TIMING.replace("All user specified timing constraints are met", "Timing constraints are not met")),
         "timing not met, says the report"),
        (read_timing(TIMING.replace("unconstrained_internal_endpoints (0)", "unconstrained_internal_endpoints (7)")),
         "7 paths inside the circuit are not constrained"),
    ],
)  # fmt: skip
def test_bad_news_is_a_remark(report: VendorReport, expected: str) -> None:
    assert any(expected in remark for remark in report.remarks)
    assert report.numbers


@pytest.mark.parametrize(
    ("read", "broken", "expected"),
    [
        (read_csynth, CSYNTH.replace("<unit>clock cycles", "<unit>ns"), "is in 'ns', expected 'clock cycles'"),
        (read_csynth, CSYNTH.replace("<unit>ns</unit>\n<Prod", "<unit>us</unit>\n<Prod"), "is in 'us', expected 'ns'"),
        (read_csynth, CSYNTH.replace("<LUT>2532", "<LUT>0").replace("E>73", "E>0"), "no logic is left"),
        (read_csynth, CSYNTH.replace("<LUT>2532</LUT>", ""), "says nothing about lut"),
        (read_csynth, CSYNTH.replace("7969", "many"), "'many' is no number"),
        (read_csynth, CSYNTH.replace("4.049", "nan"), "no finite number"),
        (read_csynth, CSYNTH[:400], "is no XML"),
        (read_csynth, "<!DOCTYPE profile>" + CSYNTH, "document type"),
        (read_csynth, "<profile/>", "has no AreaEstimates"),
        (read_utilisation, ROUTED.replace(" 5010 ", "    0 "), "no logic is left"),
        (read_utilisation, SYNTHESISED[:600], "says nothing about lut and ff"),
        (read_utilisation, "| CLB LUTs | 12 |", "does not say that Vivado wrote it"),
        (read_timing, TIMING.replace("      0.507 ", "         NA ", 1), "no clock is constrained"),
        (read_timing, TIMING.replace("clk    {0.000 2.500}", ""), "no clock is constrained"),
        (read_timing, TIMING[:900], "no Design Timing Summary"),
    ],
)  # fmt: skip
def test_a_report_that_cannot_be_true_is_an_error(read, broken: str, expected: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(WorkError, match=expected.replace("(", r"\(")):
        read(broken)
