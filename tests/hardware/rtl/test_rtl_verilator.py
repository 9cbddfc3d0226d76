"""Verilator's runtime is compiled for the first circuit and found again by the next ones."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from nac.hardware.rtl import tools, verilator
from nac.hardware.rtl.simulation import run_verilog
from nac.hardware.rtl.tools import Tool

TOOL = tools.verilator()
BENCH = 'module one; initial begin $display("{said}"); $finish; end endmodule\n'
pytestmark = pytest.mark.skipif(TOOL is None, reason=tools.MISSING["verilator"])


def said(folder: Path, text: str, tool: Tool | None = None) -> str:
    folder.mkdir()
    (folder / "one.v").write_text(BENCH.format(said=text))
    found = tool or TOOL
    assert found is not None
    return run_verilog(found, "one", ["one.v"], folder)


def compiled(folder: Path) -> set[str]:
    """Objects of the runtime that were compiled there: what is copied has no list of what it depends on."""
    return {file.stem for file in (folder / "build").glob("verilated*.d")}


def test_the_runtime_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAC_CACHE", str(tmp_path / "cache"))
    assert "hello" in said(tmp_path / "first", "hello")
    assert "again" in said(tmp_path / "second", "again")
    assert "verilated" in compiled(tmp_path / "first")
    assert not compiled(tmp_path / "second")
    assert len(list((tmp_path / "cache" / "verilator").iterdir())) == 1
    assert TOOL is not None
    here = verilator._kept(TOOL)
    assert verilator._kept(replace(TOOL, version="another")) != here
    monkeypatch.setattr("platform.machine", lambda: "another")  # whose folder is on the same disk
    assert verilator._kept(TOOL) != here


def test_a_cache_that_cannot_be_written_costs_time_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").write_text("a file")
    monkeypatch.setenv("NAC_CACHE", str(tmp_path / "cache"))
    assert "hello" in said(tmp_path / "work", "hello")


def test_a_runtime_is_kept_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAC_CACHE", str(tmp_path / "cache"))
    build = tmp_path / "build"
    build.mkdir()
    (build / "verilated.o").write_bytes(b"object")
    kept = tmp_path / "cache" / "verilator" / "key"

    def torn(source: Path, target: Path) -> Sequence[str]:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("nac.hardware.rtl.verilator.shutil.copy", torn)
        verilator._keep(build, kept)
    assert not list(kept.parent.iterdir())
    verilator._keep(build, kept)
    assert (kept / "verilated.o").read_bytes() == b"object"
