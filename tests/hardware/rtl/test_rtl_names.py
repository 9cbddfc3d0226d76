"""Circuits with any names lie side by side in one firmware."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from designs import architecture, make_design, random_network

from nac.design import Design
from nac.hardware.circuit.evaluate import random_input
from nac.hardware.engines.trained import TorchEngine
from nac.hardware.hls.generate import generate
from nac.hardware.onnx.export import circuit_of
from nac.hardware.rtl import tools
from nac.hardware.rtl.engine import rtl_project
from nac.hardware.rtl.names import prefix_modules
from nac.hardware.rtl.ports import width
from nac.hardware.rtl.record import RECORD, RtlProject
from nac.hardware.rtl.simulation import simulate
from nac.hardware.rtl.synthesis import synthesise_rtl
from nac.rundir import write_atomic


def namesakes(folder: Path, kind: str = "max", bits: int = 3) -> list[Design]:
    """Two networks of the same trial number in two runs."""
    made = []
    for seed, run in enumerate(("monday", "tuesday")):
        (folder / run).mkdir()
        arch = architecture(kind, bits, "leaky_relu_1_8")
        made.append(make_design(folder / run / "t0001-w3", arch, random_network(arch, seed)))
    return made


def one_firmware(folder: Path, projects: list[RtlProject]) -> RtlProject:
    """A top with the projects side by side, their Verilog in one folder."""
    (folder / "src").mkdir(parents=True)
    instances: list[str] = []
    low = [0, 0]
    for project in projects:
        for source in project.sources:
            assert not (folder / "src" / source.name).exists()
            shutil.copyfile(source, folder / "src" / source.name)
        sizes = [width(project.record.inputs), width(project.record.outputs)]
        ports = [f"[{begin + size - 1}:{begin}]" for begin, size in zip(low, sizes, strict=True)]
        low = [begin + size for begin, size in zip(low, sizes, strict=True)]
        instances.append(f"  {project.record.top} i{len(instances)}"
                         f"(.clk(clk), .model_inp(model_inp{ports[0]}), .model_out(model_out{ports[1]}));")  # fmt: skip
    body = "\n".join(instances)
    text = f"module pair(input clk, input [{low[0] - 1}:0] model_inp, output [{low[1] - 1}:0] model_out);\n{body}\n"
    (folder / "src" / "pair.v").write_text(f"{text}endmodule\n")
    first, second = (project.record for project in projects)
    record = first.model_copy(update={
        "top": "pair", "inputs": first.inputs + second.inputs, "outputs": first.outputs + second.outputs,
        "register_bits": first.register_bits + second.register_bits,
    })  # fmt: skip
    write_atomic(folder / RECORD, record.model_dump_json())
    return RtlProject.load(folder)


def test_two_designs_of_one_name_compute_in_one_firmware(tmp_path: Path) -> None:
    designs = namesakes(tmp_path)
    projects = [rtl_project(design) for design in designs]
    both = one_firmware(tmp_path / "firmware", projects)
    tool = tools.iverilog() or tools.verilator()
    if tool is None:
        pytest.skip("no simulator for Verilog")
    assert projects[0].record.latency_cycles == projects[1].record.latency_cycles
    inputs = [random_input(circuit_of(design), 40, seed) for seed, design in enumerate(designs)]
    found = simulate(both, np.concatenate([x.reshape(len(x), -1) for x in inputs], axis=1), tool)
    expected = np.concatenate([TorchEngine(d).predict(x) for d, x in zip(designs, inputs, strict=True)], axis=1)
    assert np.array_equal(found, expected)


@pytest.mark.skipif(tools.yosys() is None, reason=tools.MISSING["yosys"])
@pytest.mark.slow
def test_two_designs_of_one_name_are_mapped_in_one_firmware(tmp_path: Path) -> None:
    projects = [rtl_project(design) for design in namesakes(tmp_path, "mlp", 2)]
    alone = [synthesise_rtl(project).ff for project in projects]
    assert synthesise_rtl(one_firmware(tmp_path / "firmware", projects)).ff == sum(alone)


def test_every_module_is_called_after_the_design(tmp_path: Path) -> None:
    first, second = (rtl_project(design) for design in namesakes(tmp_path))
    modules = [
        {name for source in project.sources for name in re.findall(r"module (\w+)", source.read_text())}
        for project in (first, second)
    ]
    for project, names in zip((first, second), modules, strict=True):
        assert all(name.startswith(project.record.top) for name in names)
        assert names == {source.stem for source in project.sources}
        assert {f"{project.record.top}_{name}" for name in ("mux", "negative", "shift_adder", "logic0")} <= names
    assert not modules[0] & modules[1]


def test_only_modules_are_renamed(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "mux.v").write_text("module mux #(\n    parameter A = 1\n) (input a);\nendmodule\n")
    (tmp_path / "my_top.v").write_text(
        "module my_top(input mux_key, output reg logic0_out);\n    wire mux;\n"
        "    mux #(1) op_1 (mux);\n    logic0 _inst_logic0 (mux);\nendmodule\n"
    )
    (tmp_path / "logic0.v").write_text("module logic0 (\n    input a\n);\nendmodule\n")
    prefix_modules(tmp_path, "my_top")
    assert sorted(file.name for file in tmp_path.rglob("*.v")) == ["my_top.v", "my_top_logic0.v", "my_top_mux.v"]
    assert (tmp_path / "my_top.v").read_text() == (
        "module my_top(input mux_key, output reg logic0_out);\n    wire mux;\n"
        "    my_top_mux #(1) op_1 (mux);\n    my_top_logic0 _inst_logic0 (mux);\nendmodule\n"
    )
    assert (tmp_path / "static" / "my_top_mux.v").read_text().startswith("module my_top_mux #(\n")
    assert (tmp_path / "my_top_logic0.v").read_text().startswith("module my_top_logic0 (\n")


def test_hls_functions_of_two_designs_have_two_names(tmp_path: Path) -> None:
    designs = namesakes(tmp_path)
    first, second = (generate(design, design.record.task.target).record.top for design in designs)
    assert first != second
    assert first.startswith("nac_small_")
