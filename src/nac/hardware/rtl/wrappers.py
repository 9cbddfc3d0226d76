"""What stands around the circuit: a valid bit, AXI4-Streams, their test benches with vectors, a FuseSoC core."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nac.hardware.circuit.fixed import Fixed
from nac.hardware.rtl.ports import pack, width
from nac.hardware.rtl.record import RtlProject, RtlRecord
from nac.hardware.rtl.templates import template
from nac.rundir import write_atomic

BENCH = "tb"
WRAPPERS = ("valid", "axis")
COCOTB = {"test_axis.py": "cocotb.txt", "cocotb.mk": "cocotb.mk"}
BUFFERED = 2
"""Clocks from the end of the pipeline through the buffer of the AXI4-Stream to its output."""


def axis_latency(record: RtlRecord) -> int:
    """Clock edges from the acceptance of a sample by the AXI4-Stream to its result, where nobody waits."""
    return record.latency_cycles + BUFFERED


def write_wrappers(record: RtlRecord, folder: Path, title: str) -> None:
    """Write both wrappers, their test benches and the core file into a project's folder."""
    for known, _ in record.modules:
        for wrapper in WRAPPERS if known.fold is None else ("axis",):
            write_atomic(folder / "src" / f"{known.top}_{wrapper}.v", template(f"{wrapper}.v", **settings(known)))
    listed = sorted(file.relative_to(folder).as_posix() for file in (folder / "src").rglob("*.v"))
    whole, results = record.modules[-1]
    core = template("core.yml", name=record.top, top=whole.top, results=results, part=record.part, description=title,
                    sources="\n".join(f"      - {file}" for file in listed))  # fmt: skip
    write_atomic(folder / f"{record.top}.core", core)


def write_bench(
    project: RtlProject, x: npt.NDArray[Any], outputs: npt.NDArray[np.float64]
) -> Path:  # fmt: skip
    """Write the self-checking test benches with vectors; returns their folder.

    Args:
        project: written before.
        x: inputs (N, *input) on the network's grid.
        outputs: what the network gives, (N, outputs); what the output stage makes of it is known.
    """
    record, bench = project.record, project.path / BENCH
    _write_words(bench / "inputs.hex", project.words(x), record.inputs)
    for known, file in record.modules:
        values = outputs if record.answer is None or known is record else record.answer.gives(outputs)
        _write_words(bench / f"{file}.hex", pack(values, known.outputs), known.outputs)
        for wrapper in WRAPPERS:
            kind = "fold/valid" if known.fold and wrapper == "valid" else wrapper
            text = template(f"{kind}_tb.v", samples=len(x), results=file, **settings(known))
            write_atomic(bench / f"{known.top}_{wrapper}_tb.v", text)
    whole, results = record.modules[-1]
    for name, cocotb in COCOTB.items():
        write_atomic(bench / name, template(cocotb, top=whole.top, results=results, beats=whole.beats))
    return bench


def _write_words(file: Path, words: Sequence[str], port: Sequence[Fixed]) -> None:
    digits = 2 * _bytes(width(port))
    write_atomic(file, "".join(f"{word:0>{digits}}\n" for word in words))


def _bytes(bits: int) -> int:
    return -(-bits // 8)


def settings(record: RtlRecord) -> dict[str, object]:
    """What the templates of wrappers and test benches need to know of a circuit."""
    inputs, outputs = width(record.inputs), width(record.outputs)
    return {
        "top": record.top, "in_width": inputs, "out_width": outputs, "in_bytes": _bytes(inputs),
        "out_bytes": _bytes(outputs), "latency": record.latency_cycles, "beats": record.beats,
        "places": (axis_latency(record) // record.initiation_interval + 1).bit_length(),
        "circuit": record.top if record.fold else f"{record.top}_valid",
        "beat_bits": max((record.beats - 1).bit_length(), 1),
    }  # fmt: skip
