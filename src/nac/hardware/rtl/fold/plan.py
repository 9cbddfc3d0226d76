"""How a circuit is folded: its nodes in stretches of a stream, parts between them, and what comes after the stream."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from alkaid.types import CombLogic, QInterval

from nac.config import TargetConfig
from nac.errors import InputError
from nac.hardware.circuit import Circuit, Node, Window
from nac.hardware.circuit.fixed import Fixed
from nac.hardware.circuit.stream import Over
from nac.hardware.rtl.fold.dense import Begun, Serial
from nac.hardware.rtl.fold.front import entering, front_of, one_axis, passing
from nac.hardware.rtl.fold.graph import graph_part, pipelined
from nac.hardware.rtl.fold.parts import Part, side_by_side, types_of
from nac.hardware.rtl.fold.recall import RecallPart
from nac.hardware.rtl.fold.reduce import GatherPart, one_of_all
from nac.hardware.rtl.fold.spread import WAIT
from nac.hardware.rtl.fold.window import Axis, WindowPart
from nac.hardware.rtl.lowering import LowerOptions, lower_between

WINDOW = "window"
"""The name of what a window reads, in the graph behind it."""


@dataclass(frozen=True)
class Planned:
    """A part; of an adder graph, the graph."""

    part: Part
    graph: CombLogic | None = None


@dataclass(frozen=True)
class Plan:
    """The parts of a folded circuit in the order in which a beat goes through them.

    A beat of the input is of so many `positions`, there are so many `beats`. `notes` say what was chosen and why.
    """

    input: tuple[Fixed, ...]
    positions: int
    beats: int
    parts: tuple[Planned, ...]
    clocks: int
    """From the first beat at the port to the result at the port, where beats come without gaps."""
    lut_unrolled: float
    """Of the logic alone, with a copy for every position, none of them smaller for being at an edge."""
    notes: tuple[str, ...]

    @property
    def tail(self) -> int:
        """The same from the last beat."""
        return self.clocks - self.beats + 1


def plan(circuit: Circuit, target: TargetConfig, levels: float, options: LowerOptions | None = None) -> Plan:
    """The parts of a circuit of which `target.fold` positions come with a clock.

    Args:
        circuit: read from the exported QONNX graph.
        target: says how many positions, and how long later dense layers may take.
        levels: of logic between registers.
        options: how hard to look for small adder graphs.

    Raises:
        InputError: nothing of the circuit can be shared between positions, or not so many at once.
        WorkError: what does not belong to the stream is too large to be unrolled.
    """
    found = _Planner(one_axis(circuit), target, levels, options)
    found.stream()
    return Plan(
        found.input, found.positions_in, found.beats_in, tuple(found.parts), found.at[-1], found.unrolled,
        tuple(found.notes),
    )  # fmt: skip


class _Planner:
    def __init__(self, circuit: Circuit, target: TargetConfig, levels: float, options: LowerOptions | None) -> None:
        assert target.fold != "all"
        self.circuit, self.levels, self.options = circuit, levels, options
        self.positions = self.positions_in = target.fold
        self.wait = target.wait
        self.parts: list[Planned] = []
        self.notes: list[str] = []
        self.unrolled = 0.0
        self.last = circuit.input  # whose value streams
        space = self.last.shape[1:]
        if problem := target.fold_problem(self.last.shape):
            raise InputError(problem)
        self.recall, self.front = target.recall, front_of(circuit, target.fold, target.recall)
        self.space: tuple[int, ...] = space
        self.beats = self.beats_in = math.prod(space) // self.positions
        self.at: Sequence[int] = range(self.beats)  # the clocks at which the beats of an inference come
        self.given = entering(self.last, self.positions)
        self.input = types_of(self.given)
        self.segment: list[Node] = []
        self.starts = [replace(self.last.at(self.positions), types=None)]

    def stream(self) -> None:
        """Everything up to where all positions are needed at once, that, and what comes after."""
        front = self.front
        stop = len(front.beats) + 1
        if stop < 2 and not self._accumulates(stop):
            raise InputError(f"target.fold: {front.why}, and nothing before it can be shared between positions")
        for index, beat in enumerate(front.beats, start=1):
            node = self.circuit.nodes[index]
            if beat.window is not None:
                self._window(index, beat.window)
                self.segment.append(replace(beat.node, inputs=(WINDOW,)))
            else:
                self.segment.append(beat.node)
            self.last = node
            if beat.over and (past := passing(self.circuit, index)):
                self._recall(node, past)
            elif beat.over:
                self._flush()
                self._reduce(beat.over)
                self._tail(stop)
                return
            elif len(node.shape) > 1 and not beat.whole:
                self.space = node.shape[1:]
        self._flush()
        if self._accumulates(stop):
            self._dense(stop)
        else:
            self._gather(stop)

    def _lowered(self, ends: Sequence[str]) -> CombLogic:
        """The adder graph of the nodes since the last part, with what is known of what they read."""
        return lower_between(self.starts, self.segment, ends, self.given, self.options)

    def _add(self, part: Part, given: Sequence[QInterval], graph: CombLogic | None = None) -> None:
        self.parts.append(Planned(part, graph))
        self.given = list(given)
        self.at = part.times(self.at)

    def _graph(self, graph: CombLogic, copies: int) -> None:
        """An adder graph, of which there would be so many without folding."""
        part = graph_part(graph, pipelined(graph, self.levels), f"graph{len(self.parts)}.json.gz")
        self.unrolled += copies * part.lut
        self._add(part, graph.out_qint, graph)

    def _flush(self, *ends: str) -> list[Node]:
        """The nodes since the last part as an adder graph, up to the last one or to some; the beats of these."""
        every = {node.name: node for node in (*self.starts, *self.segment)}
        ends = ends or (list(every)[-1],)
        if self.segment or list(every) != list(ends):
            self._graph(self._lowered(ends), self.beats)
        self.segment = []
        return [every[name] for name in ends]

    def _recall(self, node: Node, past: list[str]) -> None:
        """The sum over all beats, and then every beat again with what goes past that, or some of them at once."""
        every = {each.name: each for each in (*self.starts, *self.segment)}
        kept = [every[name] for name in past]
        self._graph(self._lowered([*past, node.name]), self.beats)
        count = sum(math.prod(each.shape) for each in kept)
        again = self.front.again[node.name]
        if self.recall > 1:
            least = "" if again == self.recall else ", the most that windows and sums behind it take"
            said = f"what waits for it comes again {again * self.positions} position(s) a clock{least}"
            self.notes.append(f"{node.name}: {said}")
        own = [self.given[place] for _, place in side_by_side(count, self.positions, again)]
        every_sum = [QInterval(q.min * self.beats, q.max * self.beats, q.step) for q in self.given[count:]]
        if self.beats % again:
            own = [_with_zero(interval) for interval in own]
        part = RecallPart(
            inputs=types_of(self.given), outputs=types_of([*own, *every_sum]), beats=self.beats, kept=count,
            positions=self.positions, again=again,
        ).costed()  # fmt: skip
        self._add(part, [*own, *every_sum])
        if again > 1:
            self.positions, self.beats = self.positions * again, part.rows
            kept = [each.at(self.positions) for each in kept]
        self.starts, self.segment = [_start(each, each.shape) for each in (*kept, node)], []

    def _window(self, index: int, window: Window) -> None:
        """What a window reads, and what goes past it; the graph of what is computed of it begins."""
        node = self.circuit.nodes[index]
        (name,) = node.inputs
        past = passing(self.circuit, index)
        beats = {each.name: each for each in self._flush(name, *(other for other in past if other != name))}
        place, places = 0, dict[str, range]()
        for each in beats.values():
            places[each.name] = range(place, place := place + math.prod(each.shape))
        middles = [place for other in past for place in places[other]]
        count, positions = len(places[name]), self.positions
        axes = [Axis(length, size, window.stride, window.pads)
                for length, size in zip(self.space[: len(window.size)], window.size, strict=True)]  # fmt: skip
        rows, columns = [Axis(1, 1, 1, 0), *axes][-2:]
        given = [_with_zero(interval) if window.pads else interval for interval in self.given[:count]]
        every = [given[place] for _, place in side_by_side(count, positions, rows.size * columns.size)]
        every += [self.given[place] for place in middles]
        part = WindowPart(
            inputs=types_of(self.given), outputs=types_of(every), rows=rows, columns=columns, positions=positions,
            past=tuple(middles),
        )  # fmt: skip
        part.check()
        self._add(part.costed(), every)
        row = [positions] if positions > 1 else []  # its windows are side by side
        read = _start(replace(beats[name], name=WINDOW), (count // positions, *window.size, *row))
        self.starts = [read, *(_start(beats[other], beats[other].shape) for other in past)]
        self.space, self.positions = node.shape[1:], node.shape[-1] if row else 1
        self.beats = math.prod(self.space) // self.positions

    def _reduce(self, over: Over) -> None:
        """One value of all beats."""
        part, ends = one_of_all(over, self.given, self.beats)
        self.unrolled += self.beats * part.lut
        self._add(part, ends)

    def _tail(self, stop: int) -> None:
        """What comes after the stream: parallel but for dense layers that may take one value after the other."""
        self.starts, self.segment = [_start(self.last, self.last.shape)], []
        for index, node in enumerate(self.circuit.nodes[stop:], start=stop):
            dense = node.weights is not None and len(node.shape) == 1
            if not (self.wait and dense and not passing(self.circuit, index) and self._later(node)):
                self.segment.append(node)
        if self.segment:
            self._graph(self._lowered([self.segment[-1].name]), 1)

    def _later(self, node: Node) -> bool:
        """A dense layer that takes the values of one result group by group, if that is smaller."""
        graph, given, at = None, self.given, self.at
        if self.segment:
            graph = self._lowered([self.segment[-1].name])
            given, at = graph.out_qint, graph_part(graph, pipelined(graph, self.levels), "").times(at)
        begun = Begun.of(Serial.of(node, given), at, self.beats_in, self.wait, self.levels)
        if begun.spread is None or not self._smaller(node, begun):
            return False
        if graph is not None:
            self._graph(graph, 1)
        self._begin(begun)
        self.wait -= begun.spread.groups - 1
        self.starts, self.segment = [_start(node, node.shape)], []
        return True

    def _gather(self, stop: int) -> None:
        total = math.prod(self.space)
        every = [self.given[k] for _, k in side_by_side(len(self.given), self.positions, self.beats, total)]
        part = GatherPart(
            inputs=types_of(self.given), outputs=types_of(every), beats=self.beats, positions=self.positions
        )
        self._add(part.costed(), every)
        self._tail(stop)

    def _accumulates(self, stop: int) -> bool:
        """Whether a dense layer reads the stream and nothing else does."""
        nodes = [node.op for node in self.circuit.nodes[stop : stop + 2]]
        return nodes == ["reshape", "dense"] and not passing(self.circuit, stop)

    def _dense(self, stop: int) -> None:
        """A dense layer after a stream: begun with the first beat, or after the last one, whichever is smaller."""
        node = self.circuit.nodes[stop + 1]
        wait = 0 if max(self.front.again.values(), default=1) > 1 else WAIT  # what comes again faster is in a hurry
        begun = Begun.of(Serial.of(node, self.given, self.positions), self.at, self.beats_in, wait, self.levels)
        if not self._smaller(node, begun):
            self._gather(stop)
            return
        self._begin(begun)
        self.last = node
        self._tail(stop + 2)

    def _smaller(self, node: Node, begun: Begun) -> bool:
        """Whether it takes fewer LUTs than the same at once; says so."""
        smaller = begun.lut < begun.lut_at_once
        when = "begun with the first beat" if smaller else "all at once after the last beat"
        self.notes.append(f"{node.name}: {when} ({begun.figures})")
        return smaller

    def _begin(self, begun: Begun) -> None:
        """Its parts."""
        serial = begun.serial
        if begun.spread is not None:
            self._add(begun.spread, serial.given)
        digits = serial.digits(self.levels)
        self._add(serial.table, [])
        self._add(digits, [])
        self._graph(serial.graph(digits), 0)
        self.unrolled += begun.lut_at_once
        self._add(serial.sums(types_of(self.given)), serial.results)


def _start(node: Node, shape: tuple[int, ...]) -> Node:
    """A node as the input of what reads it."""
    return replace(node, op="input", inputs=(), shape=shape, weights=None, types=None, attributes={})


def _with_zero(interval: QInterval) -> QInterval:
    return QInterval(min(interval.min, 0.0), max(interval.max, 0.0), interval.step)
