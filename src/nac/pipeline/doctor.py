"""Which tools and devices are here, and what is skipped without them."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One tool: its version when it is here (None when not), what it is for, and what happens without it."""

    name: str
    found: str | None
    purpose: str
    without: str

    def to_json(self) -> dict[str, Any]:
        """As a plain mapping."""
        return asdict(self)


def diagnose() -> list[Finding]:
    """Every tool and device that some part of the program can use. Nothing here is needed to ask."""
    return [Finding(name, probe(), purpose, without) for name, probe, purpose, without in _CATALOGUE]


def program(name: str, *arguments: str) -> str | None:
    """The version that a program on the PATH prints, 'here' when it prints none, None when it is not there."""
    path = shutil.which(name)
    if path is None:
        return None
    try:
        done = subprocess.run([path, *arguments], capture_output=True, text=True, errors="replace", timeout=30,
                              check=False)
    except (OSError, subprocess.SubprocessError):
        return f"{path} (does not run)"
    version = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
    return version[0] if version else "here"


def _package(*names: str) -> Callable[[], str | None]:
    def probe() -> str | None:
        versions = []
        for name in names:
            try:
                versions.append(metadata.version(name))
            except metadata.PackageNotFoundError:
                return None
        return " + ".join(versions)

    return probe


def _program(name: str, *arguments: str) -> Callable[[], str | None]:
    return lambda: program(name, *arguments)


def _gpu() -> str | None:
    if importlib.util.find_spec("torch") is None:
        return None
    import torch

    if not torch.cuda.is_available():
        return None
    return ", ".join(torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count()))


def _cores() -> str:
    return str(len(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else str(os.cpu_count() or 1)


def _tool(name: str) -> Callable[[], str | None]:
    """A simulator, synthesiser or router as the RTL step looks for it."""

    def probe() -> str | None:
        from nac.hardware.rtl import tools

        found = tools.PROBES[name]()
        return f"{found.version} ({found.name})" if found else None

    return probe


_TOOLS: dict[str, tuple[str, str]] = {
    "verilator": ("proof of the RTL by simulation", "iverilog simulates, more slowly"),
    "iverilog": ("proof of the RTL without verilator", "without either, the RTL is proven as an adder graph only"),
    "ghdl": ("proof of the RTL in VHDL (synth --language vhdl)", "VHDL is printed and not simulated"),
    "yosys": ("synthesis of the RTL: its LUTs", "LUTs are estimates"),
    "nextpnr": ("synth --place: a routed clock on an ECP5", "no routed clock without a vendor tool"),
}

_CATALOGUE: tuple[tuple[str, Callable[[], str | None], str, str], ...] = (
    ("CPU cores", _cores, "training, C simulation", "-"),
    ("GPU", _gpu, "faster training", "training runs on the CPU"),
    ("torch", _package("torch"), "training", "nothing can be trained"),
    ("brevitas", _package("brevitas"), "quantised networks", "no designs"),
    ("optuna", _package("optuna"), "search", "no search"),
    ("qonnx + onnxruntime", _package("qonnx", "onnxruntime"), "export and the engine qonnx", "no export"),
    ("hls4ml", _package("hls4ml"), "HLS projects", "no HLS projects"),
    ("alkaid", _package("alkaid"), "RTL and its estimates, the engine rtl", "no RTL"),
    ("g++", _program("g++", "--version"), "C simulation: the engine hls, synth, run", "designs cannot be verified"),
    ("pythia8mc + fastjet", _package("pythia8mc", "fastjet"), "simulated jets", "jets need --data FILE"),
    *((name, _tool(name), *uses) for name, uses in _TOOLS.items()),
    ("vitis_hls", _program("vitis_hls", "-version"), "C synthesis of HLS projects", "projects stay sources"),
    ("vivado_hls", _program("vivado_hls", "-version"), "C synthesis for the backend Vivado", "projects stay sources"),
    ("vivado", _program("vivado", "-version"), "synth --implement: implementation of the RTL",
     "LUTs and clock of the part come from open tools and estimates"),
)  # fmt: skip
