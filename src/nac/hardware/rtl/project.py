"""Writes the RTL project of a circuit: pipelined Verilog with its wrappers, constraints, vendor scripts and README."""

import logging
import shutil
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from importlib import metadata
from pathlib import Path

from alkaid.codegen.rtl import RTLModel
from alkaid.types import CombLogic

from nac.config import TargetConfig
from nac.errors import InputError, WorkError
from nac.hardware.circuit import Circuit
from nac.hardware.circuit.answer import answer_circuit, answers, with_answer
from nac.hardware.circuit.fixed import Fixed
from nac.hardware.circuit.output import OutputSheet
from nac.hardware.interface import elements
from nac.hardware.interface_text import element_rows
from nac.hardware.rtl.fold.parts import fixed
from nac.hardware.rtl.fold.write import write_folded
from nac.hardware.rtl.lowering import LowerOptions, lower, lower_behind
from nac.hardware.rtl.luts import luts
from nac.hardware.rtl.names import rtl_top
from nac.hardware.rtl.printed import levels_per_stage, printed, stage_delay
from nac.hardware.rtl.record import ANSWER_GRAPH, GRAPH, LAYOUT, RECORD, AnswerRecord, RtlProject, RtlRecord
from nac.hardware.rtl.running import CHECKED, Outputs, require_exact, run_graph, same
from nac.hardware.rtl.templates import template
from nac.hardware.rtl.wrappers import write_wrappers
from nac.rundir import write_atomic

logger = logging.getLogger(__name__)
ANSWER_MODELS = "answer"
"""The folder of the adder graphs of a folded circuit with its output stage, below the others."""


def check_graph(
    graph: CombLogic, circuit: Circuit, samples: int = CHECKED, answers: Callable[[Outputs], Outputs] = same
) -> None:
    """Raise WorkError unless the graph computes what the circuit does, on inputs over all of its range.

    With `answers`, what that makes of the circuit's outputs.
    """
    compute = partial(run_graph, graph)
    require_exact(compute, circuit, "the adder graph differs from the circuit", samples, answers)


def write_rtl(
    circuit: Circuit,
    folder: Path,
    target: TargetConfig,
    *,
    name: str,
    source: str,
    interface: str = "",
    answer: OutputSheet | None = None,
    options: LowerOptions | None = None,
) -> RtlProject:
    """Lower a circuit, cut it into stages and write everything into `folder`, replacing an earlier project there.

    Args:
        circuit: read from the exported QONNX graph.
        folder: created; when it exists it must be empty or an RTL project.
        target: part and clock; the clock decides how many stages there are.
        name: of the design; every module is named after it, the source and the clock.
        source: what identifies the exported file, such as its sha256.
        interface: what the README says of the inputs and outputs (nac.hardware.interface_text).
        answer: the output stage, for the module with it behind the network; without it there is none.
        options: how hard to look for a small circuit.

    Raises:
        InputError: the folder holds something else.
        WorkError: the circuit cannot be built, or its adder graph computes something else.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / RECORD).is_file():
        raise InputError(f"{folder}: is not empty and no RTL project, expected a new folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as beside:
        top = rtl_top(name, source, target)
        write = write_unrolled if target.fold == "all" else write_folded
        record = write(circuit, Path(beside) / "new", target, top, source, options)
        if answer is not None:
            stage = _write_answer(answer, circuit, record, Path(beside), target, options)
            record = record.model_copy(update={"answer": stage})
        _write_around(record, Path(beside) / "new", name, target, interface)
        shutil.rmtree(folder, ignore_errors=True)
        (Path(beside) / "new").rename(folder)
    return RtlProject(folder, record)


def _write(
    graph: CombLogic, circuit: Circuit, folder: Path, target: TargetConfig, top: str, source: str
) -> RtlRecord:
    model = printed(graph, folder, top, target, latency_cutoff=levels_per_stage(target))
    return _record(model, graph, circuit, target, source)


def write_unrolled(
    circuit: Circuit, folder: Path, target: TargetConfig, top: str, source: str, options: LowerOptions | None
) -> RtlRecord:
    """Write the sources of a circuit that takes a sample with every clock into a new folder."""
    graph = lower(circuit, options)
    check_graph(graph, circuit)
    return _write(graph, circuit, folder, target, top, source)


def _write_answer(
    sheet: OutputSheet, circuit: Circuit, record: RtlRecord, beside: Path, target: TargetConfig,
    options: LowerOptions | None,
) -> AnswerRecord:  # fmt: skip
    """The circuit with the output stage behind it, one pipeline: its modules and the scripts that build it."""
    folder, project, top = beside / "answer", beside / "new", f"{record.top}_answer"
    if record.fold is None:
        whole = lower_behind(RtlProject(project, record).graph, circuit.input, answer_circuit(sheet, circuit.output))
        check_graph(whole, circuit, answers=partial(answers, sheet))
        made = _write(whole, circuit, folder, target, top, record.source)
        whole.save(project / ANSWER_GRAPH)
    else:
        made = write_folded(with_answer(circuit, sheet), folder, target, top, record.source, options, ANSWER_MODELS)
        shutil.copytree(folder / GRAPH.parent, project / GRAPH.parent, dirs_exist_ok=True)
    shutil.copytree(folder / "src", project / "src", dirs_exist_ok=True)
    for script in folder.glob("build_*.tcl"):
        shutil.copyfile(script, project / script.name)
    return AnswerRecord(
        outputs=made.outputs, latency_cycles=made.latency_cycles - record.latency_cycles,
        cost_lut=round(made.cost_lut - record.cost_lut, 2), register_bits=made.register_bits - record.register_bits,
        sheet=sheet, fold=made.fold,
    )  # fmt: skip


def _write_around(record: RtlRecord, folder: Path, name: str, target: TargetConfig, interface: str) -> None:
    write_wrappers(record, folder, name)
    write_atomic(folder / "README.md", readme(record, name, target, interface))
    write_atomic(folder / RECORD, record.model_dump_json(indent=1))


def _record(model: RTLModel, graph: CombLogic, circuit: Circuit, target: TargetConfig, source: str) -> RtlRecord:
    (inputs,), (outputs,) = model.fsm.inp_signals, model.fsm.out_signals
    if model.latency is None:
        raise WorkError("the pipeline has no fixed latency")
    return RtlRecord(
        top=model._prj_name, source=source, part=target.part, clock_period_ns=target.clock_period_ns,
        input_shape=circuit.input.shape,
        inputs=tuple(fixed(p) for p in inputs.precisions), outputs=tuple(fixed(p) for p in outputs.precisions),
        stages=int(model.latency), latency_cycles=int(model.latency) + 1,
        cost_lut=round(luts(graph), 2), register_bits=int(model.reg_bits),
        delay_levels=round(stage_delay(graph, int(model.latency)), 3), operations=len(graph.ops),
        version=metadata.version("alkaid"), layout=LAYOUT,
    )  # fmt: skip


def readme(record: RtlRecord, name: str, target: TargetConfig, interface: str = "") -> str:
    """The project's README: what it is, its ports, what they mean, and how to go on."""
    held, used = target.capacity, {"lut": ("LUTs", record.cost_lut), "ff": ("flip-flops", record.register_bits)}
    shares = [f"{value / held[key]:.1%} of its {what}" for key, (what, value) in used.items() if key in held]
    fold = record.fold
    return template(
        "fold/README.md" if fold else "README.md", name=name, answer=_answer_row(record), top=record.top,
        part=record.part, clock=f"{record.clock_period_ns:g}",
        beats=record.beats, positions=fold.positions if fold else "", tail=fold.tail_cycles if fold else "",
        parts=_parts(record) if fold else "", notes="\n".join(f"- {note}" for note in fold.notes) if fold else "",
        stages=record.stages, latency=record.latency_cycles,
        latency_ns=f"{record.latency_cycles * record.clock_period_ns:g}",
        lut=f"{record.cost_lut:,.0f}", ff=f"{record.register_bits:,}", version=record.version,
        shape=" x ".join(map(str, record.input_shape)), inputs=_rows(record.inputs),
        outputs=_rows(record.outputs), in_bits=sum(p.width for p in record.inputs),
        out_bits=sum(p.width for p in record.outputs), source=record.source or "(not recorded)",
        interface=interface, share=f"; {' and '.join(shares)}" if shares else "; what the part holds is not known",
    )  # fmt: skip


def _answer_row(record: RtlRecord) -> str:
    if (whole := record.answering) is None:
        return ""
    clocks, size = whole.latency_cycles, f"{whole.cost_lut:,.0f} LUT, {whole.register_bits:,} flip-flops (estimate)"
    return (f"| with the output stage | `{whole.top}`, the same inputs and one pipeline to the answer: {clocks} clock "
            f"edges ({clocks * whole.clock_period_ns:g} ns), {size} |\n")  # fmt: skip


def _parts(record: RtlRecord) -> str:
    """The parts of a folded circuit as rows."""
    parts = record.fold.parts if record.fold else ()
    return "\n".join(f"| {number} | {part.kind} | {part.lut:,.0f} | {part.ff:,} |" for number, part in enumerate(parts))


def _rows(port: Sequence[Fixed]) -> str:
    return "\n".join(element_rows(elements(port)))
