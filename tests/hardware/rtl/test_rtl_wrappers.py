"""Samples through the wrappers: all of them, in order, whoever waits; several designs in one top."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest
import yaml
from designs import DesignMaker, architecture, make_design, random_network

from nac.config import TargetConfig
from nac.design import Design
from nac.errors import InputError, WorkError
from nac.hardware.circuit.evaluate import evaluate, random_input
from nac.hardware.onnx.export import circuit_of
from nac.hardware.rtl import tools
from nac.hardware.rtl.bench import run_bench
from nac.hardware.rtl.engine import rtl_project
from nac.hardware.rtl.record import RtlProject
from nac.hardware.rtl.simulation import run_verilog
from nac.hardware.rtl.vhdl import run_vhdl_bench, write_vhdl
from nac.hardware.rtl.wrappers import axis_latency, write_bench


def with_bench(design: Design, samples: int, target: TargetConfig | None = None) -> RtlProject:
    project, circuit = rtl_project(design, target), circuit_of(design)
    x = random_input(circuit, samples)
    write_bench(project, x, evaluate(circuit, x))
    return project


@pytest.mark.skipif(tools.iverilog() is None, reason=tools.MISSING["iverilog"])
@pytest.mark.parametrize("wrapper", ["axis", "valid"])
def test_the_bench_passes_with_what_the_network_answers(design_of: DesignMaker, wrapper: str) -> None:
    passed = run_bench(with_bench(design_of("mlp", 2), 500), wrapper, tools.iverilog())
    assert passed.said.startswith("500 results equal")


@pytest.mark.parametrize("wrapper", ["axis", "valid"])
def test_the_bench_fails_where_one_bit_differs(design_of: DesignMaker, wrapper: str) -> None:
    project = with_bench(design_of("mlp", 2), 40)
    file = project.path / "tb" / "outputs.hex"
    lines = file.read_text().splitlines()
    lines[7] = f"{int(lines[7], 16) ^ 1:0{len(lines[7])}x}"
    file.write_text("\n".join(lines))
    tool = tools.iverilog()
    if tool is None:
        pytest.skip(tools.MISSING["iverilog"])
    with pytest.raises(WorkError, match=r"FAIL.* 7"):
        run_bench(project, wrapper, tool)


def test_the_bench_fails_where_a_sample_is_lost(design_of: DesignMaker) -> None:
    if (tool := tools.iverilog()) is None:
        pytest.skip(tools.MISSING["iverilog"])
    project = with_bench(design_of("mlp", 2), 200)
    source = project.path / "src" / f"{project.record.top}_axis.v"
    text = source.read_text()
    small = re.sub(r"PLACES = \d+", "PLACES = 1", text).replace("!present[PLACES]", "1'b1")
    source.write_text(small)
    with pytest.raises(WorkError, match="FAIL"):
        run_bench(project, "axis", tool)


def test_a_project_without_vectors_has_no_bench(design_of: DesignMaker) -> None:
    if tools.iverilog() is None and tools.verilator() is None:
        pytest.skip("no simulator for Verilog")
    with pytest.raises(InputError, match="`nac synth` writes it"):
        run_bench(rtl_project(design_of("mlp", 2)))


def test_a_sample_takes_as_long_through_the_streams_as_is_said(design_of: DesignMaker, tmp_path: Path) -> None:
    if (tool := tools.iverilog()) is None:
        pytest.skip(tools.MISSING["iverilog"])
    project = rtl_project(design_of("mlp", 2))
    sources = [shutil.copyfile(file, tmp_path / file.name).name for file in project.sources]
    (tmp_path / "one.v").write_text(f"""
        `timescale 1ns / 1ps
        module one;
          reg clk = 0, valid = 0, resetn = 0; wire ready, done; integer edges = 0, from = 0;
          {project.record.top}_axis dut (.aclk(clk), .aresetn(resetn), .s_axis_tdata(0), .s_axis_tvalid(valid),
            .s_axis_tready(ready), .s_axis_tlast(1'b0), .m_axis_tdata(), .m_axis_tvalid(done), .m_axis_tready(1'b1),
            .m_axis_tlast());
          always #5 clk = ~clk;
          always @(posedge clk) begin
            edges <= edges + 1;
            resetn <= edges > 3;
            valid <= edges == 9;
            if (valid && ready) from <= edges;
            if (done) begin $display("took %0d", edges - from); $finish; end
          end
        endmodule""")
    said = run_verilog(tool, "one", ["one.v", *sources], tmp_path)
    assert f"took {axis_latency(project.record)}" in said  # the edge that accepts is the first


def test_two_designs_stream_side_by_side_in_one_top(tmp_path: Path) -> None:
    if (tool := tools.iverilog()) is None:
        pytest.skip(tools.MISSING["iverilog"])
    sources, benches = [], []
    for seed, run in enumerate(("monday", "tuesday")):
        (tmp_path / run).mkdir()
        arch = architecture("max", 3, "leaky_relu_1_8")
        project = with_bench(make_design(tmp_path / run / "t0001-w3", arch, random_network(arch, seed)), 100)
        work = tmp_path / "together"
        work.mkdir(exist_ok=True)
        for file in project.sources:
            assert not (work / file.name).exists()
            sources.append(shutil.copyfile(file, work / file.name).name)
        text = (project.path / "tb" / f"{project.record.top}_answer_axis_tb.v").read_text()
        for name in ("inputs", "answers"):
            shutil.copyfile(project.path / "tb" / f"{name}.hex", work / f"{run}_{name}.hex")
            text = text.replace(f'"{name}.hex"', f'"{run}_{name}.hex"')
        (work / f"{run}.v").write_text(text.replace("$finish", ""))
        benches += [f"{project.record.top}_answer_axis_tb {run}();"]
    (work / "pair.v").write_text(
        f"`timescale 1ns / 1ps\nmodule pair; {' '.join(benches)} initial #400000 $finish; endmodule\n"
    )
    said = run_verilog(tool, "pair", ["pair.v", "monday.v", "tuesday.v", *sources], work)
    assert said.count("PASS: 100 results equal") == 2


def test_the_core_file_lists_what_is_there(design_of: DesignMaker) -> None:
    project = with_bench(design_of("mlp", 2), 10)
    head, text = (project.path / f"{project.record.top}.core").read_text().split("\n", 1)
    assert head == "CAPI=2:"
    core = yaml.safe_load(text)
    listed = [name for files in core["filesets"].values() for file in files["files"]
              for name in ([file] if isinstance(file, str) else file)]  # fmt: skip
    assert all((project.path / name).is_file() for name in listed)
    assert {project.path / name for name in listed} >= set(project.sources)
    assert core["targets"]["sim"]["toplevel"] == f"{project.record.top}_answer_axis_tb"


@pytest.mark.skipif(tools.ghdl() is None, reason=tools.MISSING["ghdl"])
def test_the_vhdl_gives_the_same_under_random_stalls(design_of: DesignMaker) -> None:
    project = with_bench(design_of("max", 3, "leaky_relu_1_8"), 1000)
    folder = write_vhdl(project, 1000)
    text = "\n".join(file.read_text() for file in folder.glob("*.vhd"))
    entities = re.findall(r"^entity (\w+) is", text, re.M)
    assert entities and all(name.startswith(project.record.top) for name in entities)
    assert run_vhdl_bench(project).said.startswith("1000 results equal, in order, none lost")
    outputs = project.path / "tb" / "outputs.hex"
    lines = outputs.read_text().splitlines()
    lines[9] = f"{int(lines[9], 16) ^ 1:0{len(lines[9])}x}"
    outputs.write_text("\n".join(lines) + "\n")
    with pytest.raises(WorkError, match="FAIL: result 9"):
        run_vhdl_bench(project)


@pytest.mark.skipif(importlib.util.find_spec("cocotb") is None, reason="cocotb is not installed")
@pytest.mark.skipif(tools.iverilog() is None, reason=tools.MISSING["iverilog"])
@pytest.mark.parametrize(("kind", "fold"), [("mlp", "all"), ("max", 2)])
def test_cocotb_runs_the_same_vectors_and_a_reset(
    design_of: DesignMaker, tmp_path: Path, kind: str, fold: Literal["all"] | int
) -> None:
    project = with_bench(design_of(kind, 2), 60, TargetConfig(fold=fold))
    folder = Path(shutil.copytree(project.path, tmp_path / "my kit" / "rtl"))
    scripts = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}", "PYTHONWARNINGS": ""}
    done = subprocess.run(["make", "-f", "cocotb.mk"], cwd=folder / "tb", capture_output=True, text=True,
                          env=environment, check=False)  # fmt: skip
    assert "TESTS=2 PASS=2 FAIL=0" in done.stdout, done.stdout[-2000:] + done.stderr


@pytest.mark.skipif(tools.iverilog() is None, reason=tools.MISSING["iverilog"])
def test_fusesoc_builds_and_runs_the_core(design_of: DesignMaker, tmp_path: Path) -> None:
    project = with_bench(design_of("mlp", 2), 50)
    fusesoc = str(Path(sys.executable).parent / "fusesoc")
    command = [fusesoc, "--cores-root", str(project.path), "run", "--build-root", str(tmp_path / "build")]
    name = f"nac:designs:{project.record.top}"
    sim = [*command, "--target", "sim", name]
    done = subprocess.run(sim, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "PASS: 50 results equal" in done.stdout + done.stderr, done.stdout + done.stderr
    subprocess.run([*command, "--setup", "--target", "synth", name], cwd=tmp_path, capture_output=True, check=True)
