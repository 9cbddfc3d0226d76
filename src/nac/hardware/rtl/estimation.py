"""What a circuit will cost, from its adder graph, without printing or synthesising it: about a second per design.

Everything before the aggregation of a set is the same circuit for every particle, so it is solved for one of them.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from alkaid.trace.passes import dead_code_elimin
from alkaid.types import CombLogic, Op

from nac.arch import Network
from nac.config import Model, TargetConfig, TaskConfig
from nac.errors import InputError
from nac.hardware.circuit import Circuit, Node
from nac.hardware.circuit.answer import stage_of, with_answer
from nac.hardware.circuit.fixed import Span
from nac.hardware.circuit.front import stage_nodes, with_stage
from nac.hardware.onnx.export import export_network
from nac.hardware.onnx.read import read_circuit
from nac.hardware.rtl.fold.front import one_axis
from nac.hardware.rtl.fold.plan import Plan, plan
from nac.hardware.rtl.lowering import Given, LowerOptions, TooLargeError, lower
from nac.hardware.rtl.luts import luts
from nac.hardware.rtl.printed import levels_per_stage
from nac.hardware.rtl.sound import CONSTANT, INPUT
from nac.tasks import Preprocessing

MAYBE = 3.0
"""A circuit that is unrolled has at least a third of the LUTs that its parts, each there for itself, would have."""
USUAL_BITS = 12
"""Of a network's outputs."""


class HardwareEstimate(Model):
    """Figures of a circuit under the names of the costs; `levels` is the depth of its logic in alkaid's unit."""

    lut: float
    ff: float
    dsp: float = 0.0
    latency_cycles: float
    latency_ns: float
    ii: float = 1.0
    levels: float
    rate_mhz: float

    def costs(self) -> dict[str, float]:
        """By cost name."""
        values = self.model_dump()
        return {name: float(value) for name, value in values.items() if name != "levels"}


class UnfoldableError(InputError):
    """The circuit cannot be folded as its target asks."""


class Bare(NamedTuple):
    """Logic without a pipeline."""

    lut: float
    levels: float


NOTHING = Bare(0, 0)


@dataclass(frozen=True)
class _Part:
    """`copies` adder graphs side by side, their levels counted from the circuit's input.

    What leaves an `inner` part is counted as input of the next one.
    """

    graph: CombLogic
    copies: int = 1
    inner: bool = False

    def live_bits(self, level: float) -> int:
        return self.copies * live_bits(self.graph, level, outputs=not self.inner)


def estimate(circuit: Circuit, target: TargetConfig, options: LowerOptions | None = None) -> HardwareEstimate:
    """The costs of a circuit as `write_rtl` would print it for this target.

    Exact in alkaid's own terms for circuits without an aggregation and for folded ones, within some per cent for
    others; of those that keep the pace that the target asks for, the smallest. Raises UnfoldableError for a circuit
    that cannot be folded as the target asks, WorkError when it cannot be built.
    """
    return _smallest(circuit, target, options)[1]


def chosen(circuit: Circuit, target: TargetConfig, options: LowerOptions | None = None) -> TargetConfig:
    """The target with the fold that has the fewest LUTs by estimate, of those that keep the pace that it asks for.

    Raises as `estimate`.
    """
    return target if target.pace is None else _smallest(circuit, target, options)[0]


def _smallest(
    circuit: Circuit, target: TargetConfig, options: LowerOptions | None
) -> tuple[TargetConfig, HardwareEstimate]:
    """The fewest positions a clock, as more are more logic; or all, which needs nothing around it."""
    *some, last = target.folds(one_axis(circuit).input.shape)
    for folded in some:
        try:
            made = plan(circuit, folded, levels_per_stage(target), options)
        except (InputError, TooLargeError):  # windows, say, take one position a clock
            continue
        found = _folded(made, folded)
        if made.lut_unrolled < MAYBE * found.lut:
            whole = _figured(circuit, last, options)
            return (last, whole) if whole.lut <= found.lut else (folded, found)
        return folded, found
    return last, _figured(circuit, last, options)


def _figured(circuit: Circuit, target: TargetConfig, options: LowerOptions | None) -> HardwareEstimate:
    """The costs of a circuit with the fold of the target."""
    if target.fold != "all":
        try:
            made = plan(circuit, target, levels_per_stage(target), options)
        except InputError as error:
            raise UnfoldableError(str(error)) from error
        return _folded(made, target)
    return _figures(_parts(circuit, options), target)


def estimate_network(
    network: Network, target: TargetConfig, options: LowerOptions | None = None,
    *, task: TaskConfig | None = None, preprocessing: Preprocessing | None = None,
) -> HardwareEstimate:  # fmt: skip
    """The costs of a quantised network in evaluation mode, through the graph that would be exported.

    Those of the stages before and behind it are among them where its task, which asks for them, and the preprocessing
    that was fitted for it are given. Raises InputError for an operation without exact fixed-point form, WorkError for a
    circuit that cannot be built.
    """
    circuit = read_circuit(export_network(network))
    if task is not None and preprocessing is not None:
        circuit = with_stages(circuit, task, preprocessing)
    return estimate(circuit, target, options)


def with_stages(circuit: Circuit, task: TaskConfig, preprocessing: Preprocessing) -> Circuit:
    """The circuit of a network with the stages before and behind it that its task asks for."""
    answer = stage_of(task, preprocessing, circuit)
    if preprocessing.stages and task.target.stages == "all":
        circuit = with_stage(circuit, preprocessing)
    return with_answer(circuit, answer)


def stages_alone(task: TaskConfig, preprocessing: Preprocessing, shape: tuple[int, ...], outputs: int) -> Bare:
    """LUTs and levels of the stages before and behind any network of a task, of `shape` to `outputs`.

    What is between them is not known: outputs are taken to have as many bits as is usual.
    """
    span = Span(-(1 << USUAL_BITS - 1), (1 << USUAL_BITS - 1) - 1, USUAL_BITS // 2)
    last = Circuit((Node("y", "input", (), (outputs,), span, span.fixed, "y"),))
    found = [with_answer(last, stage_of(task, preprocessing, last))]
    if preprocessing.stages and task.target.stages == "all":
        types = preprocessing.raw_types
        found.append(Circuit(stage_nodes(types, preprocessing.stages, shape)))
    graphs = [lower(circuit) for circuit in found]
    return Bare(sum(map(luts, graphs)), sum(map(depth, graphs)))


def estimate_graph(graph: CombLogic, target: TargetConfig) -> HardwareEstimate:
    """The costs of an adder graph."""
    return _figures([_Part(graph)], target)


def _figures(parts: Sequence[_Part], target: TargetConfig) -> HardwareEstimate:
    levels = depth(parts[-1].graph)
    stages = max(math.ceil(levels / levels_per_stage(target)), 1)
    registers = parts[0].copies * _input_bits(parts[0].graph)
    registers += sum(sum(interval.kif) for interval in parts[-1].graph.out_qint)
    for cut in np.linspace(0, levels, stages + 1)[1:-1]:
        registers += sum(part.live_bits(float(cut)) for part in parts)
    cycles = stages + 1
    return HardwareEstimate(
        lut=sum(part.copies * luts(part.graph) for part in parts), ff=registers, latency_cycles=cycles,
        latency_ns=cycles * target.clock_period_ns, levels=round(levels, 3), rate_mhz=1e3 / target.clock_period_ns,
    )  # fmt: skip


def _folded(made: Plan, target: TargetConfig) -> HardwareEstimate:
    parts = [planned.part for planned in made.parts]
    return HardwareEstimate(
        lut=sum(part.lut for part in parts), ff=sum(part.ff for part in parts), latency_cycles=made.clocks,
        latency_ns=made.clocks * target.clock_period_ns, ii=made.beats,
        levels=round(sum(depth(planned.graph) for planned in made.parts if planned.graph is not None), 3),
        rate_mhz=1e3 / (made.beats * target.clock_period_ns),
    )  # fmt: skip


def depth(graph: CombLogic) -> float:
    """The level at which the last operation is done."""
    return max((op.latency for op in graph.ops), default=0.0)


def _input_bits(graph: CombLogic) -> int:
    """Bits of the inputs that are used."""
    used = _used_inputs(graph)
    return sum(sum(op.qint.kif) for op in graph.ops if op.opcode == INPUT and op.data[0] in used)


def _used_inputs(graph: CombLogic) -> set[int]:
    """Which inputs are used."""
    used = {source for op in graph.ops for source in op.input_ids} | set(graph.out_idxs)
    return {op.data[0] for index, op in enumerate(graph.ops) if op.opcode == INPUT and index in used}


def _only(graph: CombLogic, outputs: set[int]) -> CombLogic:
    """The graph without what only other outputs need; those are zero."""
    indices = [source if output in outputs else -1 for output, source in enumerate(graph.out_idxs)]
    trimmed: CombLogic = dead_code_elimin(graph._replace(out_idxs=indices), keep_dead_inputs=True)
    return trimmed


def live_bits(graph: CombLogic, level: float, *, outputs: bool = True) -> int:
    """Bits that exist at a level and are needed after it: the register that a cut there needs.

    Without `outputs`, what only leaves the graph is not counted.
    """
    last: dict[int, float] = defaultdict(lambda: -math.inf)
    for op in graph.ops:
        for source in op.input_ids:
            last[source] = max(last[source], op.latency)
    for index in graph.out_idxs if outputs else ():
        last[index] = math.inf
    return sum(
        sum(op.qint.kif)
        for index, op in enumerate(graph.ops)
        if op.opcode != CONSTANT and op.latency <= level < last[index]
    )


def arriving(graph: CombLogic, levels: Sequence[float]) -> CombLogic:
    """The graph with its levels counted anew, input by input from the level at which it is there."""
    ops: list[Op] = []
    for op in graph.ops:
        before = max((graph.ops[source].latency for source in op.input_ids), default=0.0)
        start = levels[op.data[0]] if op.opcode == INPUT else max((ops[s].latency for s in op.input_ids), default=0.0)
        ops.append(op._replace(latency=start + op.latency - before))
    return graph._replace(ops=ops)


def _parts(circuit: Circuit, options: LowerOptions | None) -> list[_Part]:
    cut = _aggregation(circuit)
    if cut is None:
        return [_Part(lower(circuit, options))]
    node = circuit.nodes[cut]
    particles = circuit[node.inputs[0]].shape[1]
    first = lower(Circuit(tuple(_one_particle(n) for n in circuit.nodes[:cut])), options)
    known = zip(first.out_qint, first.out_latency, strict=True)
    given = [Given(interval, level) for interval, level in known for _ in range(particles)]
    start = replace(circuit[node.inputs[0]], op="input", inputs=(), weights=None, attributes={})
    rest = lower(Circuit((start, *circuit.nodes[cut:])), options, given)
    first = _only(first, {element // particles for element in _used_inputs(rest)})
    return [_Part(first, particles, inner=True), _Part(arriving(rest, [each.level for each in given]))]


def _aggregation(circuit: Circuit) -> int | None:
    """The index of the aggregation over particles, if everything before it treats them one by one."""
    for index, node in enumerate(circuit.nodes):
        if node.operation.aggregates:
            later = {name for n in circuit.nodes[index + 1 :] for name in n.inputs}
            earlier = {n.name for n in circuit.nodes[:index]}
            return None if later & earlier or node.inputs[0] != circuit.nodes[index - 1].name else index
        if node.inputs and not node.operation.pointwise(node):
            return None
        if node.types is not None and node.types.fraction.shape[-1:] != (1,):
            return None  # every particle has types of its own
    return None


def _one_particle(node: Node) -> Node:
    return replace(node, shape=(node.shape[0], 1))
