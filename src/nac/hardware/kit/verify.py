"""Checks a kit again: its hashes, and every test bench for which the tools are here."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from nac.config import Model
from nac.config.base import explained
from nac.errors import InputError, WorkError
from nac.hardware.hls.project import HlsProject
from nac.hardware.interface import Sheet
from nac.hardware.kit.pack import RECORD, REFERENCE, SUMS, KitRecord
from nac.hardware.kit.sheet import SHEET
from nac.hardware.kit.vectors import ANSWERS, INPUTS, OUTPUTS, read_vectors
from nac.hardware.rtl import tools
from nac.hardware.rtl.bench import run_bench
from nac.hardware.rtl.record import LAYOUT, RtlProject
from nac.hardware.rtl.vhdl import run_vhdl_bench
from nac.hardware.rtl.wrappers import WRAPPERS
from nac.rundir import copy_folder

Say = Callable[[str], None]


class Check(Model):
    """One check: what was found, or why it was skipped."""

    name: str
    passed: str = ""
    skipped: str = ""


def verify_kit(folder: Path, say: Say = lambda _: None) -> list[Check]:
    """Run all checks of a kit.

    Args:
        folder: written by `pack`, wherever it was brought since.
        say: told what is being done.

    Raises:
        InputError: it is no kit.
        WorkError: a file is not what it was, or a check fails.
    """
    try:
        record = KitRecord.model_validate_json((folder / RECORD).read_bytes())
    except OSError as error:
        raise InputError(f"{folder}: is no kit: {RECORD} cannot be read ({error.strerror})") from error
    except ValidationError as error:
        raise InputError(explained(error, folder / RECORD)) from error
    say("hashes")
    done = [Check(name="hashes", passed=f"{_hashes(folder, record)} files are what they were")]
    for name, check in _checks(folder, record):
        say(name)
        found = check()
        done.append(found.model_copy(update={"name": name}))
    return done


def _hashes(folder: Path, record: KitRecord) -> int:
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{folder / SUMS}: cannot be read ({error})") from error
    if record.files not in (None, len(lines)):
        raise WorkError(f"{folder / SUMS}: has {len(lines)} lines, expected those of {record.files} files")
    for line in lines:
        known, _, name = line.partition("  ")
        if not name:
            raise WorkError(f"{folder / SUMS}: expected a hash and a file in every line (found {line!r:.80})")
        file = folder / name
        if not file.is_file():
            raise WorkError(f"{file}: is missing from the kit")
        if hashlib.sha256(file.read_bytes()).hexdigest() != known:
            raise WorkError(f"{file}: is not what was packed (its sha256 differs)")
    return len(lines)


def _checks(folder: Path, record: KitRecord) -> Iterator[tuple[str, Callable[[], Check]]]:
    yield "reference.py", partial(_python, folder / REFERENCE)
    yield "reference.hpp", partial(_cpp, folder / REFERENCE)
    if record.rtl:
        project = RtlProject.load(folder / "rtl")
        for wrapper in (*WRAPPERS, *(["answer_axis"] if project.record.answer else [])):
            yield f"RTL, {wrapper}", partial(_rtl, project, wrapper)
        benches = ("axis", "answer_axis") if project.record.answer and project.record.layout >= LAYOUT else ("axis",)
        for wrapper in benches if record.vhdl else ():
            yield f"RTL in VHDL, {wrapper}", partial(_vhdl, project, wrapper)
    if record.hls:
        yield "HLS", partial(_hls, folder)


def _python(folder: Path) -> Check:
    command = [sys.executable, "-P", str(folder / "reference.py")]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise WorkError(f"{folder / 'reference.py'}: {(done.stdout or done.stderr).strip().splitlines()[-1]}")
    return Check(name="", passed=_said(done.stdout))


def _cpp(folder: Path) -> Check:
    if shutil.which("g++") is None:
        return Check(name="", skipped="g++ is not installed")
    with tempfile.TemporaryDirectory(prefix="nac-kit-") as work:
        program = str(Path(work) / "check")
        for command in (["g++", "-std=c++17", "-O1", "check.cpp", "-o", program], [program]):
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
            if done.returncode != 0:
                raise WorkError(f"{folder / 'check.cpp'}: {' '.join((done.stdout or done.stderr).split())[-300:]}")
    return Check(name="", passed=_said(done.stdout))


def _said(text: str) -> str:
    return text.strip().removeprefix("PASS: ")


def _rtl(project: RtlProject, wrapper: str) -> Check:
    if tools.verilator() is None and tools.iverilog() is None:
        return Check(name="", skipped=f"{tools.MISSING['verilator']}; {tools.MISSING['iverilog']}")
    found = run_bench(project, wrapper)
    return Check(name="", passed=f"{found.said} ({found.tool} {found.version})")


def _vhdl(project: RtlProject, wrapper: str) -> Check:
    if tools.ghdl() is None:
        return Check(name="", skipped=tools.MISSING["ghdl"])
    found = run_vhdl_bench(project, wrapper)
    return Check(name="", passed=f"{found.said} ({found.tool} {found.version})")


def _hls(folder: Path) -> Check:
    with tempfile.TemporaryDirectory(prefix="nac-kit-") as work:
        copy_folder(folder / "hls", Path(work) / "hls")  # nothing is built in the kit
        project = HlsProject.open(Path(work) / "hls")
        if not project.backend.simulates:
            return Check(name="", skipped=f"the C simulation of {project.backend.name} needs {project.backend.tool}")
        if shutil.which("g++") is None:
            return Check(name="", skipped="g++ is not installed")
        sheet = Sheet.model_validate_json((folder / SHEET).read_bytes())
        inputs, expected = (read_vectors(folder / REFERENCE / name) for name in (INPUTS, OUTPUTS))
        x = np.ldexp(inputs.astype(np.float64), -sheet.input.fraction).reshape(-1, *sheet.input.shape)
        outputs, answered = project.run(x)
    wrong = (np.ldexp(outputs, sheet.output.fraction) != expected).any(axis=1)
    if project.record.answer:
        wrong |= (answered != np.loadtxt(folder / REFERENCE / ANSWERS, ndmin=2)).any(axis=1)
    different = int(wrong.sum())
    if different:
        raise WorkError(f"{folder / 'hls'}: {different} of {len(expected)} results differ in the C simulation")
    return Check(name="", passed=f"{len(expected)} results equal")
