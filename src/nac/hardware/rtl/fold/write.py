"""Writes a folded circuit: its parts as modules, and the one around them through which a beat goes."""

from dataclasses import replace
from importlib import metadata
from pathlib import Path

from nac.config import TargetConfig
from nac.hardware.circuit import Circuit
from nac.hardware.rtl.fold.graph import GraphPart, pipelined
from nac.hardware.rtl.fold.parts import bits, taken
from nac.hardware.rtl.fold.plan import Plan, Planned, plan
from nac.hardware.rtl.lowering import LowerOptions
from nac.hardware.rtl.printed import add_module, levels_per_stage, stage_delay
from nac.hardware.rtl.record import LAYOUT, FoldRecord, RtlProject, RtlRecord
from nac.hardware.rtl.running import require_exact
from nac.hardware.rtl.templates import template
from nac.rundir import write_atomic


def write_folded(
    circuit: Circuit, folder: Path, target: TargetConfig, top: str, source: str, options: LowerOptions | None,
    models: str = "",
) -> RtlRecord:  # fmt: skip
    """Write the sources of a circuit of which `target.fold` positions come with a clock into a new folder.

    `models` is the folder of its adder graphs, below the project's.

    Raises:
        InputError: the circuit cannot be folded so.
        WorkError: it cannot be built, or its parts compute something else.
    """
    made = _kept_in(models, plan(circuit, target, levels_per_stage(target), options))
    (folder / "model" / models).mkdir(parents=True)
    for number, planned in enumerate(made.parts):
        _write_part(planned, top, f"{top}_{number}", folder, target)
    write_atomic(folder / "src" / f"{top}.v", _top(top, made))
    write_atomic(folder / "src" / f"{top}.xdc", template("fold/clock.xdc", period=f"{target.clock_period_ns:g}"))
    record = _record(made, circuit, target, top, source)
    require_exact(RtlProject(folder, record).predict, circuit, "the folded circuit differs from the network")
    return record


def _kept_in(models: str, made: Plan) -> Plan:
    """A plan whose adder graphs have their files in a folder."""
    parts = (
        replace(planned, part=planned.part.model_copy(update={"model": str(Path(models) / planned.part.model)}))
        if isinstance(planned.part, GraphPart) else planned for planned in made.parts
    )  # fmt: skip
    return replace(made, parts=tuple(parts))


def _write_part(planned: Planned, top: str, name: str, folder: Path, target: TargetConfig) -> None:
    part = planned.part
    if isinstance(part, GraphPart) and planned.graph is not None:
        planned.graph.save(folder / "model" / part.model)
        add_module(pipelined(planned.graph, levels_per_stage(target)), folder / "printed", folder, name, target, top)
    write_atomic(folder / "src" / f"{part.module(name)}.v", part.verilog(name))


def _top(top: str, made: Plan) -> str:
    lines, port = [], made.input
    for number, planned in enumerate(made.parts):
        part, before, after = planned.part, ("in_data", "in_valid"), (f"data{number}", f"valid{number}")
        if number:
            before = (f"data{number - 1}", f"valid{number - 1}")
        lines += [
            f"  wire {after[1]};", f"  wire [{bits(part.outputs) - 1}:0] {after[0]};",
            f"  {part.module(f'{top}_{number}')} part{number} (", "      .clk(clk),", "      .rst(rst),",
            f"      .in_valid({before[1]}),", f"      .in_data({taken(before[0], port, part.inputs)}),",
            f"      .out_valid({after[1]}),", f"      .out_data({after[0]})", "  );",
        ]  # fmt: skip
        port = part.outputs
    return template(
        "fold/top.v", top=top, in_width=bits(made.input), out_width=bits(port), beats=made.beats,
        positions=made.positions, parts="\n".join(lines), last=len(made.parts) - 1,
    )  # fmt: skip


def _record(made: Plan, circuit: Circuit, target: TargetConfig, top: str, source: str) -> RtlRecord:
    parts = tuple(planned.part for planned in made.parts)
    graphs = [planned.graph for planned in made.parts if planned.graph is not None]
    return RtlRecord(
        top=top, source=source, part=target.part, clock_period_ns=target.clock_period_ns,
        input_shape=circuit.input.shape, inputs=made.input, outputs=parts[-1].outputs, stages=made.tail,
        latency_cycles=made.clocks, initiation_interval=made.beats,
        cost_lut=round(sum(part.lut for part in parts), 2), register_bits=sum(part.ff for part in parts),
        delay_levels=round(max((stage_delay(planned.graph, planned.part.latency) for planned in made.parts
                                if planned.graph and isinstance(planned.part, GraphPart)), default=0.0), 3),
        operations=sum(len(graph.ops) for graph in graphs), version=metadata.version("alkaid"), layout=LAYOUT,
        fold=FoldRecord(
            positions=made.positions, beats=made.beats, tail_cycles=made.tail, parts=parts, notes=made.notes,
            wait=target.wait, recall=target.recall,
        ),
    )  # fmt: skip
