"""Vendor tools are started on the projects as they are, with stand-ins that leave real reports behind."""

import os
from pathlib import Path

import numpy as np
import pytest
from designs import DesignMaker

from nac.config import TargetConfig
from nac.errors import WorkError
from nac.hardware import generate, synthesise
from nac.hardware.rtl import rtl_project
from nac.hardware.vendor import c_synthesis, implement

REPORTS = Path(__file__).parent / "reports"
TARGET = TargetConfig()


def stand_in(folder: Path, name: str, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of this name, first on the PATH."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\nset -eu\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_c_synthesis_runs_the_script_and_reads_the_report(
    design_of: DesignMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = generate(design_of("mlp"), TARGET)
    top, part = project.record.top, project.record.part
    report = (REPORTS / "vivado_hls_csynth.xml").read_text().replace("DSP48E", "DSP")
    (tmp_path / "csynth.xml").write_text(report.replace("myproject", top).replace("xc7z020-clg400-1", part))
    script = f"""
    test "$1" = -f; test "$2" = build_prj.tcl; test -f "$2"; grep -q "synth 1" build_opt.tcl
    mkdir -p {top}_prj/solution1/syn/report
    cp "{tmp_path}/csynth.xml" {top}_prj/solution1/syn/report/{top}_csynth.xml"""
    stand_in(tmp_path / "bin", "vitis_hls", script, monkeypatch)
    found = c_synthesis(project)
    assert found is not None
    assert (found.top, found.value("hls_lut"), found.value("hls_latency_cycles")) == (top, 2532, 10)
    (tmp_path / "csynth.xml").write_text(report.replace("xc7z020-clg400-1", part))
    with pytest.raises(WorkError, match=f"the report is about 'myproject', expected '{top}'"):
        c_synthesis(project)
    (tmp_path / "csynth.xml").write_text(report.replace("myproject", top))
    with pytest.raises(WorkError, match="the report is for the part xc7z020-clg400-1"):
        c_synthesis(project)
    stand_in(tmp_path / "bin", "vitis_hls", "echo no licence >&2; exit 3", monkeypatch)
    with pytest.raises(WorkError, match="status 3: no licence"):
        c_synthesis(project)


def test_implementation_runs_the_script_and_reads_both_reports(
    design_of: DesignMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    design = design_of("mlp")
    project = rtl_project(design, TARGET).whole
    top, part = project.record.top, project.record.part
    for name in ("utilization", "timing"):
        report = (REPORTS / f"vivado_{name}_routed.rpt").read_text()
        for device in ("xczu3eg-sbva484-1-e", "xczu3eg-sbva484"):
            report = report.replace(device, part)
        (tmp_path / f"{name}.rpt").write_text(report.replace(": main", f": {top}"))
    script = f"""
    test "$*" = "-mode batch -nojournal -nolog -source build_vivado_prj.tcl"; test -f build_vivado_prj.tcl
    mkdir -p output_{top}/reports
    cp "{tmp_path}/utilization.rpt" output_{top}/reports/{top}_post_route_util.rpt
    cp "{tmp_path}/timing.rpt" output_{top}/reports/{top}_post_route_timing.rpt"""
    stand_in(tmp_path / "bin", "vivado", script, monkeypatch)
    utilisation, timing = implement(project)
    assert utilisation.value("lut") == 5010
    assert timing.value("wns_ns") == 0.507
    assert {n.kind for n in (*utilisation.numbers, *timing.numbers)} == {"place-and-route"}
    stand_in(tmp_path / "bin", "vivado", "true", monkeypatch)
    for file in (project.path / f"output_{top}" / "reports").iterdir():
        file.unlink()
    with pytest.raises(WorkError, match="ended without writing"):
        implement(project)
    assert np.isfinite(project.predict(np.zeros((1, *project.record.input_shape)))).all()


def test_the_report_of_a_design_has_what_the_tools_said(
    design_of: DesignMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    design = design_of("mlp", 3)
    top, part = generate(design, TARGET).record.top, TARGET.part
    report = (REPORTS / "vivado_hls_csynth.xml").read_text().replace("4.049", "6.5")
    (tmp_path / "csynth.xml").write_text(report.replace("myproject", top).replace("xc7z020-clg400-1", part))
    script = f"""mkdir -p {top}_prj/solution1/syn/report
    cp "{tmp_path}/csynth.xml" {top}_prj/solution1/syn/report/{top}_csynth.xml"""
    stand_in(tmp_path / "bin", "vitis_hls", script, monkeypatch)
    found = synthesise(design, TARGET, simulation=False, implementation=True)
    assert {n.value for n in found.numbers if n.name == "hls_lut" and n.kind == "c-synthesis"} == {2532}
    assert any("6.5 ns" in remark for remark in found.remarks)
    assert not any("C synthesis" in line for line in found.skipped)
    assert any(line.startswith("implementation: vivado is not on the PATH") for line in found.skipped)


def test_nothing_is_run_without_the_tools(design_of: DesignMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    design = design_of("mlp")
    assert c_synthesis(generate(design, TARGET)) is None
    assert implement(rtl_project(design, TARGET)) == ()
