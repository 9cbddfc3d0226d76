"""Firmware sources of a design: an hls4ml project, whole or not at all."""

import re
import shutil
import tempfile
from pathlib import Path

from nac.config import TargetConfig
from nac.design import Design
from nac.errors import InputError
from nac.hardware.circuit.answer import stage_of
from nac.hardware.circuit.output import OutputSheet
from nac.hardware.hls import hls4ml
from nac.hardware.hls.backends import backend_for
from nac.hardware.hls.project import RECORD, HlsAnswer, HlsProject, ProjectRecord, whole_of
from nac.hardware.hls.readme import UNVERIFIED
from nac.hardware.interface import sheet_of
from nac.hardware.interface_text import sections
from nac.hardware.onnx.export import Exported, export, exported, load_model


def generate(design: Design, target: TargetConfig, project_dir: Path | None = None) -> HlsProject:
    """Write the hls4ml project of a design, exporting it first; by default into its `hls` folder.

    Raises:
        InputError: the backend cannot take this network, or the folder holds something else.
    """
    export(design)
    graph, task = exported(design), design.record.task.name
    folder = project_dir or design.path / "hls"
    record = design.record
    return write_hls(
        graph, target, folder, top=hls_top(task, graph.source), title=f"{task}: {record.name}",
        interface=sections(sheet_of(record, graph.circuit), channels_last=True),
        answer=stage_of(record.task, record.preprocessing, graph.circuit),
    )  # fmt: skip


def hls_top(task: str, source: str) -> str:
    """The name of the top function: a C++ identifier that is no keyword, and not that of another network.

    Vendors' tools name the modules after it, of which two in one firmware must not have the same name.
    """
    return "nac_" + re.sub(r"\W", "_", task, flags=re.ASCII) + f"_{source[:8]}"


def write_hls(
    graph: Exported, target: TargetConfig, path: Path, *, top: str, title: str, interface: str = "",
    answer: OutputSheet | None = None, verification: str = UNVERIFIED,
) -> HlsProject:  # fmt: skip
    """Write a project from a QONNX graph. The same arguments give the same files.

    `interface` is what its README says of the inputs and outputs (nac.hardware.interface_text), `answer` the output
    stage, which is part of the top function where the backend can have one.

    Raises:
        InputError: the backend cannot take this network, or `path` holds something that nac did not write.
    """
    if path.exists() and (not path.is_dir() or (any(path.iterdir()) and not (path / RECORD).is_file())):
        raise InputError(f"{path}: exists and is no project written by nac, expected a new or empty folder")
    circuit = graph.circuit
    backend = backend_for(circuit, target)
    stage = HlsAnswer.of(answer, circuit) if answer is not None and backend.own_layers else None
    traced = [circuit.output.name] if stage else []
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as work:
        folder = Path(work) / "project"
        hls_model, _ = hls4ml.convert(whole_of(circuit, stage), target, backend, folder, top, traced=traced)
        hls4ml.write(hls_model, folder)
        record = ProjectRecord(
            title=title, top=top, source=graph.source, target=target, part=str(hls_model.config.config["Part"]),
            input_shape=circuit.input.shape, outputs=circuit.output.shape[0], answer=stage,
            interface=interface,
        )  # fmt: skip
        HlsProject(folder, record).record_verification(verification, circuit)
        if path.exists():
            shutil.rmtree(path)
        folder.rename(path)
    return HlsProject.open(path)


def restore(folder: Path, path: Path) -> HlsProject:
    """Write again, whole, the project of which `folder` keeps `nac.json` and `model.onnx`. Raises InputError."""
    record = HlsProject.open(folder).record
    graph = Exported(load_model(folder / "model.onnx"))
    if graph.source != record.source:
        raise InputError(f"{folder}: model.onnx is not the one that {RECORD} was made from")
    return write_hls(
        graph, record.target, path, top=record.top, title=record.title, interface=record.interface,
        answer=record.answer.sheet if record.answer else None, verification=record.verification,
    )  # fmt: skip
