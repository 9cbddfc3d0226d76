"""What of a circuit belongs to a stream: the nodes that take one beat after the other."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from alkaid.types import QInterval

from nac.errors import InputError
from nac.hardware.circuit import Beat, Circuit, Node
from nac.hardware.circuit.fixed import Span
from nac.hardware.rtl.lowering import input_spans, interval_of


class Front(NamedTuple):
    """What the first nodes behind the input are for a beat, and what the next one lacks.

    Behind some of them, by name, so many times as many positions come again with a clock.
    """

    beats: tuple[Beat, ...]
    again: Mapping[str, int]
    why: str


def front_of(circuit: Circuit, positions: int, recall: int = 1) -> Front:
    """The nodes from the input up to where all positions are needed at once, or to the value made of all of them.

    Values that go past a sum over all positions wait for it, and come again up to `recall` times as fast; those that go
    past a window come out with its middle. Raises InputError for windows of several positions a clock that are no row.
    """
    found: list[Beat] = []
    whole: set[str] = set()
    again: dict[str, int] = {}
    cut = 0
    for index, node in enumerate(circuit.nodes[1:], start=1):
        cut = index - 1 if not passing(circuit, index - 1) else cut
        beat = _streamed(node, positions, whole)
        if beat is None:
            return Front(tuple(found[:cut]), again, f"{node.name}: reads positions that come at different times")
        past = passing(circuit, index)
        around = beat.window is not None and beat.window.keeps and whole.isdisjoint(past)
        if past and (beat.over in ("mean", "most") or (beat.window and not around)):
            return Front(tuple(found[:cut]), again, f"{node.name}: what goes past it would have to wait for it")
        if beat.window and positions > 1:
            if len(node.shape) < 3 or circuit[node.inputs[0]].shape[-1] != positions:
                raise InputError(f"target.fold: {node.name} has windows, which take one position a clock (expected 1)")
            positions = node.shape[-1]
        found.append(beat)
        if beat.over and not past:
            break
        if beat.over:
            again[node.name] = _faster(circuit, index, positions, recall, whole.intersection(past))
            positions *= again[node.name]
        if beat.over or (node.inputs and whole.issuperset(node.inputs)):
            whole.add(node.name)
    return Front(tuple(found), again, "")


def _faster(circuit: Circuit, index: int, positions: int, most: int, kept: set[str]) -> int:
    """How many times as many positions may come again with a clock, for what is behind a node.

    Windows take one, a sum over all of them takes all beats full, and a value of all positions comes with any of them.
    """
    total = math.prod(circuit[circuit.nodes[index].inputs[0]].shape[1:])
    beats = [beat for node in circuit.nodes[index + 1 :] if (beat := node.operation.stream(node, 1))]
    if kept or any(beat.window for beat in beats):
        return 1
    divides = any(beat.over for beat in beats)
    most = min(most, total // positions)
    return max(times for times in range(1, most + 1) if not divides or total % (positions * times) == 0)


def passing(circuit: Circuit, index: int) -> list[str]:
    """The values before a node that are read behind it."""
    nodes = circuit.nodes
    read = {name for node in nodes[index + 1 :] for name in node.inputs}
    return [node.name for node in nodes[:index] if node.name in read]


def _streamed(node: Node, positions: int, whole: set[str]) -> Beat | None:
    """What a node is for a beat; `whole` values are there for all positions."""
    given = tuple(index for index, name in enumerate(node.inputs) if name in whole)
    if given and len(given) == len(node.inputs):
        return Beat(node, whole=given)
    beat = node.operation.stream(node, positions)
    return beat if beat is not None and beat.whole == given else None


def entering(node: Node, positions: int) -> list[QInterval]:
    """What a beat of an input can hold, wherever its positions are."""
    found = []
    for channel in np.array([tuple(s) for s in input_spans(node)]).reshape(node.shape[0], -1, 3):
        fraction = int(channel[:, 2].max())
        aligned = [Span(*map(int, s)).aligned(fraction) for s in channel]
        whole = Span(min(s.low for s in aligned), max(s.high for s in aligned), fraction)
        found += [interval_of(whole)] * positions
    return found


def one_axis(circuit: Circuit) -> Circuit:
    """A vector that becomes one channel at once is that channel from the start."""
    first, *rest = circuit.nodes
    if len(first.shape) > 1 or not rest or rest[0].op != "reshape" or rest[0].shape[0] != 1:
        return circuit
    types = first.types
    if types is not None:  # of elements, which are positions now
        types = replace(types, signed=_row(types.signed), fraction=_row(types.fraction), width=_row(types.width))
    begin = replace(first, shape=rest[0].shape, types=types)
    renamed = {rest[0].name: begin.name}
    return Circuit((begin, *(replace(n, inputs=tuple(renamed.get(i, i) for i in n.inputs)) for n in rest[1:])))


def _row(values: Any) -> Any:
    return np.reshape(values, (1, -1)) if np.ndim(values) else values
