"""The whole interface sheet of a design and its projects, on disk."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nac.design import Design
from nac.hardware.circuit import Circuit
from nac.hardware.hls.project import HlsProject
from nac.hardware.interface import AnswerPort, HlsSheet, RtlSheet, Sheet, elements, example, sheet_of
from nac.hardware.interface_text import interface_md
from nac.hardware.rtl.record import RtlProject
from nac.hardware.rtl.wrappers import axis_latency
from nac.rundir import write_atomic

SHEET, TEXT = "interface.json", "INTERFACE.md"


def whole_sheet(
    design: Design, circuit: Circuit, x: npt.NDArray[np.float32], *, hls: HlsProject | None, rtl: RtlProject | None
) -> Sheet:
    """The sheet of a design with its projects' ports and a sample worked through, from preprocessed inputs (*input)."""
    found = hls.record if hls else None
    return sheet_of(design.record, circuit).model_copy(update={
        "source": found.source if found else rtl.record.source if rtl else "",
        "example": example(design, circuit, x),
        "rtl": _ports(rtl) if rtl else None,
        "hls": HlsSheet(
            top=found.top, backend=found.target.backend, io_type=found.target.io_type,
            clock_period_ns=found.target.clock_period_ns, answer=found.answer.type if found.answer else "",
        ) if found else None,
    })  # fmt: skip


def _ports(project: RtlProject) -> RtlSheet:
    record = project.record
    whole = record.answering
    return RtlSheet(
        top=record.top, clock_period_ns=record.clock_period_ns, latency_cycles=record.latency_cycles,
        axis_latency_cycles=axis_latency(record), initiation_interval=record.initiation_interval,
        inputs=elements(record.inputs), outputs=elements(record.outputs), beats=record.beats,
        positions=record.fold.positions if record.fold else None,
        answer=AnswerPort(
            latency_cycles=whole.latency_cycles, axis_latency_cycles=axis_latency(whole),
            outputs=elements(whole.outputs),
        ) if whole else None,
    )  # fmt: skip


def write_sheet(sheet: Sheet, folders: Iterable[Path]) -> None:
    """Write the sheet as numbers and in words into every folder."""
    for folder in folders:
        write_atomic(folder / SHEET, sheet.model_dump_json(indent=1) + "\n")
        write_atomic(folder / TEXT, interface_md(sheet))
