"""Writes the RTL project of a circuit: pipelined Verilog with its wrappers, constraints, vendor scripts and README."""

import logging
import shutil
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from importlib import metadata
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt
from alkaid.codegen.rtl import RTLModel
from alkaid.types import CombLogic, Precision

from nac.config import TargetConfig
from nac.errors import InputError, WorkError
from nac.hardware.circuit import Circuit
from nac.hardware.circuit.answer import answer_circuit, answers
from nac.hardware.circuit.evaluate import corner_input, evaluate, random_input
from nac.hardware.circuit.fixed import Fixed
from nac.hardware.circuit.output import OutputSheet
from nac.hardware.interface import elements
from nac.hardware.interface_text import element_rows
from nac.hardware.rtl import templates
from nac.hardware.rtl.lowering import LowerOptions, lower, lower_behind
from nac.hardware.rtl.luts import luts
from nac.hardware.rtl.names import prefix_modules, rtl_top
from nac.hardware.rtl.record import ANSWER_GRAPH, LAYOUT, RECORD, AnswerRecord, RtlProject, RtlRecord, run_graph
from nac.hardware.rtl.sound import alkaid
from nac.hardware.rtl.templates import template
from nac.hardware.rtl.wrappers import write_wrappers
from nac.rundir import write_atomic

logger = logging.getLogger(__name__)
ADDER = "shift_adder.v"
"""In place of alkaid's: its subtrahends with bits below the minuend cost yosys two LUTs per bit."""
CHECKED = 1000
Outputs = npt.NDArray[np.float64]
LEVELS_PER_NS = 1.0
"""Levels of logic (an adder is a little more than one) that fit into a nanosecond on an UltraScale+."""


def check_graph(
    graph: CombLogic, circuit: Circuit, samples: int = CHECKED, answers: Callable[[Outputs], Outputs] = lambda y: y
) -> None:
    """Raise WorkError unless the graph computes what the circuit does, on inputs over all of its range.

    With `answers`, what that makes of the circuit's outputs.
    """
    x = np.concatenate([random_input(circuit, samples), corner_input(circuit, samples // 2)])
    different = (run_graph(graph, x) != answers(evaluate(circuit, x))).any(axis=1)
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
        answer: the output stage, for the module with it behind the network; without it there is none.
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
        top = rtl_top(name, source, target.clock_period_ns)
        record = _write(graph, circuit, Path(beside) / "new", target, top, source)
        if answer is not None:
            stage = _write_answer(answer, graph, circuit, record, Path(beside), target)
            record = record.model_copy(update={"answer": stage})
        _write_around(record, Path(beside) / "new", name, target, interface)
        shutil.rmtree(folder, ignore_errors=True)
        (Path(beside) / "new").rename(folder)
    return RtlProject(folder, record)


def _write(
    graph: CombLogic, circuit: Circuit, folder: Path, target: TargetConfig, top: str, source: str
) -> RtlRecord:
    with alkaid():  # cut into stages it is traced again
        model = _model(graph, folder, top, target, latency_cutoff=levels_per_stage(target))
        model.write()
    _own(folder, top)
    return _record(model, graph, circuit, target, source)


def _model(logic: CombLogic, folder: Path, top: str, target: TargetConfig, **more: float) -> RTLModel:
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


def _write_answer(
    sheet: OutputSheet, graph: CombLogic, circuit: Circuit, record: RtlRecord, beside: Path, target: TargetConfig
) -> AnswerRecord:
    """The circuit with the output stage behind it, one pipeline: its modules and the scripts that build it."""
    whole = lower_behind(graph, circuit.input, answer_circuit(sheet, circuit.output))
    check_graph(whole, circuit, answers=partial(answers, sheet))
    folder, project = beside / "answer", beside / "new"
    made = _write(whole, circuit, folder, target, f"{record.top}_answer", record.source)
    shutil.copytree(folder / "src", project / "src", dirs_exist_ok=True)
    for script in folder.glob("build_*.tcl"):
        shutil.copyfile(script, project / script.name)
    whole.save(project / ANSWER_GRAPH)
    return AnswerRecord(
        outputs=made.outputs, latency_cycles=made.latency_cycles - record.latency_cycles,
        cost_lut=round(made.cost_lut - record.cost_lut, 2), register_bits=made.register_bits - record.register_bits,
        sheet=sheet,
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
        "README.md", name=name, answer=_answer_row(record), top=record.top, part=record.part,
        clock=f"{record.clock_period_ns:g}", stages=record.stages, latency=record.latency_cycles,
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


def _rows(port: Sequence[Fixed]) -> str:
    return "\n".join(element_rows(elements(port)))
