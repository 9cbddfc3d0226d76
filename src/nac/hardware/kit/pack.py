"""Packs the kit of a design: what `nac synth` made of it, with sheet, references, vectors, licences and hashes."""

import hashlib
import json
import shutil
import tempfile
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from string import Template

from pydantic import ValidationError

from nac import __version__
from nac.config import Model
from nac.design import REPORTS, Design
from nac.errors import InputError
from nac.hardware.circuit import Circuit
from nac.hardware.hls.project import HlsProject
from nac.hardware.interface import Sheet
from nac.hardware.kit import header
from nac.hardware.kit.network import network_json
from nac.hardware.kit.script import script
from nac.hardware.kit.sheet import SHEET, TEXT, write_sheet
from nac.hardware.kit.vectors import ANSWERS, INPUTS, OUTPUTS
from nac.hardware.kit.vectors import FOLDER as VECTORS
from nac.hardware.onnx.export import circuit_of, exported
from nac.hardware.report import HardwareReport
from nac.hardware.rtl.engine import FOLDER as RTL
from nac.hardware.rtl.record import RtlProject
from nac.hardware.rtl.vhdl import FOLDER as VHDL
from nac.rundir import copy_folder, write_atomic

RECORD, SUMS = "kit.json", "SHA256SUMS"
REFERENCE = "reference"


class KitRecord(Model):
    """`kit.json`: what the kit holds; `rtl` and `hls` are the names of the top modules, `vhdl` whether it is there.

    `firmware` is the module that the task asks for: `rtl`, or that with the output stage; `files` are hashed.
    """

    design: str
    source: str
    nac: str
    rtl: str | None = None
    firmware: str | None = None
    hls: str | None = None
    vhdl: bool = False
    files: int | None = None


def pack(design: Design, folder: Path) -> KitRecord:
    """Write the kit of a design that `nac synth` went through into a new folder.

    Raises:
        InputError: the folder is not empty or cannot be written, or the design has no verified projects of its present
            network.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder}: is not empty, expected a new folder for the kit")
    report, circuit = _verified(design)
    hls, rtl = _projects(design, report)
    sheet = Sheet.model_validate_json((hls / SHEET).read_bytes())
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        work_place = tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-")
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror})") from error
    with work_place as beside:
        work = Path(beside) / "kit"
        for project, name in ((hls, "hls"), (rtl, "rtl")):
            if project is not None:
                copy_folder(project, work / name, "*.so", "*.o")
        for name in ("model.onnx", "design.json"):
            shutil.copyfile(design.path / name, work / name)
        write_sheet(sheet, [work])
        _write_reference(work / REFERENCE, design, sheet, circuit)
        record = KitRecord(
            design=design.record.name, source=sheet.source, nac=__version__, rtl=sheet.rtl.top if sheet.rtl else None,
            firmware=RtlProject.load(rtl).record.whole.top if rtl else None,
            hls=sheet.hls.top if sheet.hls else None, vhdl=(work / "rtl" / VHDL).is_dir(),
        )  # fmt: skip
        _write_guide(work, record)
        record = record.model_copy(update={"files": len(_files(work)) + 1})
        write_atomic(work / RECORD, record.model_dump_json(indent=1) + "\n")
        write_atomic(work / SUMS, sums(work))
        if folder.exists():
            folder.rmdir()
        work.rename(folder)
    return record


def sums(folder: Path) -> str:
    """The hashes of all files of a folder, as `sha256sum -c` reads them."""
    return "".join(
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(folder).as_posix()}\n"
        for file in _files(folder)
    )


def _files(folder: Path) -> list[Path]:
    """What is hashed."""
    return sorted(file for file in folder.rglob("*") if file.is_file() and file.name != SUMS)


def _verified(design: Design) -> tuple[HardwareReport, Circuit]:
    """What `nac synth` said, and the network. Raises InputError where it did not go through."""
    try:
        report = HardwareReport.model_validate_json((design.path / REPORTS).read_bytes())
    except (OSError, ValidationError) as error:
        raise InputError(f"{design.path}: has no verified firmware yet; `nac synth` makes it") from error
    return report, circuit_of(design)


def _projects(design: Design, report: HardwareReport) -> tuple[Path, Path | None]:
    """The folders of the HLS project and of the RTL. Raises InputError where they are of another network."""
    source = exported(design).source
    hls, rtl = design.path / report.project, design.path / RTL if report.rtl_samples else None
    sources = {HlsProject.open(hls).record.source, RtlProject.load(rtl).record.source if rtl else source}
    wanted = [hls / SHEET, design.path / VECTORS / ANSWERS]
    if sources != {source} or not all(file.is_file() for file in wanted):
        raise InputError(f"{design.path}: has firmware of an earlier program or network; `nac synth` makes it anew")
    return hls, rtl


def _write_reference(folder: Path, design: Design, sheet: Sheet, circuit: Circuit) -> None:
    space = f"nac_{sheet.source}"
    write_sheet(sheet, [folder])
    (folder / TEXT).unlink()  # it lies beside the README
    write_atomic(folder / "network.json", json.dumps(network_json(circuit)) + "\n")
    write_atomic(folder / "reference.py", script(circuit))
    write_atomic(folder / "reference.hpp", header.header(sheet, circuit, space))
    write_atomic(folder / "check.cpp", header.checker(space))
    for name in (INPUTS, OUTPUTS, ANSWERS):
        shutil.copyfile(design.path / VECTORS / name, folder / name)


def _write_guide(folder: Path, record: KitRecord) -> None:
    names = {"design": record.design, "source": record.source, "nac": record.nac, "rtl": record.rtl or "",
             "firmware": record.firmware or "",
             "alkaid": metadata.version("alkaid"), "hls4ml": metadata.version("hls4ml")}  # fmt: skip
    for name in ("README.md", "LICENSES.md", "Makefile"):
        text = (files(__package__) / "templates" / name).read_text(encoding="utf-8")
        write_atomic(folder / name, Template(text).substitute(names))
