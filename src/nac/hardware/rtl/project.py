"""Writes the RTL project of a circuit: pipelined Verilog with its wrappers, constraints, vendor scripts and README."""

import logging
import shutil
import tempfile
from collections.abc import Sequence
from importlib import metadata
from importlib.resources import files
from pathlib import Path

import numpy as np
from alkaid.codegen.rtl import RTLModel
from alkaid.stateful import FSM
from alkaid.trace.pipeline import to_pipeline
from alkaid.types import CombLogic, Precision

from nac.config import TargetConfig
from nac.errors import InputError, WorkError
from nac.hardware.circuit import Circuit
from nac.hardware.circuit.evaluate import corner_input, evaluate, random_input
from nac.hardware.circuit.fixed import Fixed
from nac.hardware.circuit.output import OutputSheet
from nac.hardware.interface import elements
from nac.hardware.interface_text import element_rows
from nac.hardware.rtl import templates
from nac.hardware.rtl.answer import MEANING, answer_graph, has_stage
from nac.hardware.rtl.lowering import LowerOptions, lower
from nac.hardware.rtl.luts import luts
from nac.hardware.rtl.names import prefix_modules, rtl_top
from nac.hardware.rtl.ports import width
from nac.hardware.rtl.record import LAYOUT, RECORD, AnswerRecord, RtlProject, RtlRecord, run_graph
from nac.hardware.rtl.sound import alkaid
from nac.hardware.rtl.templates import template
from nac.hardware.rtl.wrappers import write_wrappers
from nac.rundir import write_atomic

logger = logging.getLogger(__name__)
ADDER = "shift_adder.v"
"""In place of alkaid's: its subtrahends with bits below the minuend cost yosys two LUTs per bit."""
CHECKED = 1000
LEVELS_PER_NS = 1.0
"""Levels of logic (an adder is a little more than one) that fit into a nanosecond on an UltraScale+."""


def check_graph(graph: CombLogic, circuit: Circuit, samples: int = CHECKED) -> None:
    """Raise WorkError unless the graph computes what the circuit does, on inputs over all of its range."""
    x = np.concatenate([random_input(circuit, samples), corner_input(circuit, samples // 2)])
    different = (run_graph(graph, x) != evaluate(circuit, x)).any(axis=1)
    if different.any():
        raise WorkError(f"the adder graph differs from the circuit on {different.sum()} of {len(x)} random inputs")


def levels_per_stage(target: TargetConfig) -> float:
    """How many levels of logic lie between registers: as many as fit into the clock period."""
    return target.clock_period_ns * LEVELS_PER_NS


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
        answer: what the outputs mean, for the module with the output stage; without it there is none.
        options: how hard to look for a small circuit.

    Raises:
        InputError: the folder holds something else.
        WorkError: the circuit cannot be built, or its adder graph computes something else.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / RECORD).is_file():
        raise InputError(f"{folder}: is not empty and no RTL project, expected a new folder")
    graph = lower(circuit, options)
    check_graph(graph, circuit)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as beside:
        record = _write(graph, circuit, Path(beside) / "new", target, name, source)
        if answer is not None and has_stage(answer):
            record = record.model_copy(update={"answer": _write_answer(answer, record, Path(beside), target)})
        _write_around(record, Path(beside) / "new", name, target, interface)
        shutil.rmtree(folder, ignore_errors=True)
        (Path(beside) / "new").rename(folder)
    return RtlProject(folder, record)


def _write(
    graph: CombLogic, circuit: Circuit, folder: Path, target: TargetConfig, name: str, source: str
) -> RtlRecord:
    top = rtl_top(name, source, target.clock_period_ns)
    with alkaid():  # cut into stages it is traced again
        model = _model(graph, folder, top, target, latency_cutoff=levels_per_stage(target))
        model.write()
    _own(folder, top)
    return _record(model, graph, circuit, target, source)


def _model(logic: CombLogic | FSM, folder: Path, top: str, target: TargetConfig, **more: float) -> RTLModel:
    return RTLModel(
        logic, folder, top, "verilog", print_latency=False, part_name=target.part, clock_period=target.clock_period_ns,
        ternary_fuse=False, **more,
    )  # fmt: skip


def _own(folder: Path, top: str) -> None:
    """Make what alkaid printed ours: our adder, names that no other module has, no emulator."""
    shutil.rmtree(folder / "sim")  # ours is the test bench
    (folder / "metadata.json").unlink()
    adder = files(templates).joinpath(ADDER).read_text(encoding="utf-8")
    (folder / "src" / "static" / ADDER).write_text(adder, encoding="utf-8")
    prefix_modules(folder / "src", top)


def _write_answer(sheet: OutputSheet, record: RtlRecord, beside: Path, target: TargetConfig) -> AnswerRecord:
    """The output stage and the module around it and the network, into the project's sources."""
    graph, top = answer_graph(sheet, record.outputs), f"{record.top}_decide"
    with alkaid():
        cut = to_pipeline(graph, latency_cutoff=levels_per_stage(target), verbose=False, reg_inp=False)
        model = _model(cut, beside / "stage", top, target)
        model.write()
    _own(beside / "stage", top)
    (beside / "stage" / "src" / f"{top}_wrapper.v").unlink()
    shutil.copytree(beside / "stage" / "src", beside / "new" / "src", dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("*.xdc", "*.sdc"))  # fmt: skip
    graph.save(beside / "new" / "model" / "answer.json.gz")
    (inputs,), (outputs,) = cut.inp_signals, cut.out_signals
    stage = AnswerRecord(
        outputs=tuple(_fixed(p) for p in outputs.precisions), latency_cycles=int(model.latency or 0) + 1,
        cost_lut=round(luts(graph), 2), register_bits=int(model.reg_bits),
    )  # fmt: skip
    write_atomic(beside / "new" / "src" / f"{record.top}_answer.v", template(
        "answer.v", top=record.top, meaning=MEANING[sheet.answer], in_width=width(record.inputs),
        out_width=width(record.outputs), answer_width=width(stage.outputs),
        taken=_taken(record.outputs, [_fixed(p) for p in inputs.precisions]),
    ))  # fmt: skip
    return stage


def _taken(port: Sequence[Fixed], read: Sequence[Fixed]) -> str:
    """The bits of the network's outputs that the output stage reads: an element whole, or not at all."""
    parts = []
    for element, (of_port, own) in zip(elements(port), zip(port, read, strict=True), strict=True):
        if own.width not in (0, of_port.width):
            raise WorkError(f"the output stage reads {own.width} of the {of_port.width} bits of an output")
        if own.width:
            parts.append(f"outputs[{element.first + element.width - 1}:{element.first}]")
    return f"{{{', '.join(reversed(parts))}}}"


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
        inputs=tuple(_fixed(p) for p in inputs.precisions), outputs=tuple(_fixed(p) for p in outputs.precisions),
        stages=int(model.latency), latency_cycles=int(model.latency) + 1,
        cost_lut=round(luts(graph), 2), register_bits=int(model.reg_bits),
        delay_levels=round(stage_delay(graph, int(model.latency)), 3), operations=len(graph.ops),
        version=metadata.version("alkaid"), layout=LAYOUT,
    )  # fmt: skip


def stage_delay(graph: CombLogic, stages: int) -> float:
    """Levels of logic in one stage, in alkaid's unit."""
    return float(graph.latency[1]) / max(stages, 1)


def _fixed(precision: Precision) -> Fixed:
    signed, integers, fraction = precision
    return Fixed(bool(signed), int(signed) + int(integers) + int(fraction), int(fraction))


def readme(record: RtlRecord, name: str, target: TargetConfig, interface: str = "") -> str:
    """The project's README: what it is, its ports, what they mean, and how to go on."""
    held, used = target.capacity, {"lut": ("LUTs", record.cost_lut), "ff": ("flip-flops", record.register_bits)}
    shares = [f"{value / held[key]:.1%} of its {what}" for key, (what, value) in used.items() if key in held]
    return template(
        "README.md", name=name, top=record.top, part=record.part, clock=f"{record.clock_period_ns:g}",
        stages=record.stages, latency=record.latency_cycles,
        latency_ns=f"{record.latency_cycles * record.clock_period_ns:g}",
        lut=f"{record.cost_lut:,.0f}", ff=f"{record.register_bits:,}", version=record.version,
        shape=" x ".join(map(str, record.input_shape)), inputs=_rows(record.inputs),
        outputs=_rows(record.outputs), in_bits=sum(p.width for p in record.inputs),
        out_bits=sum(p.width for p in record.outputs), source=record.source or "(not recorded)",
        interface=interface, share=f"; {' and '.join(shares)}" if shares else "; what the part holds is not known",
    )  # fmt: skip


def _rows(port: Sequence[Fixed]) -> str:
    return "\n".join(element_rows(elements(port)))
