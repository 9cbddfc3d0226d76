"""The matrix products of a folded circuit, from those of its network."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from nac.config import TargetConfig
from nac.cost import MatrixOp


def ways(
    ops: Sequence[MatrixOp], target: TargetConfig, shape: tuple[int, ...]
) -> Iterator[tuple[int, Sequence[MatrixOp]]]:
    """All that may become of a network for samples of a shape: clocks between inferences, and its matrix products."""
    for each in target.folds(shape):
        beats = beats_of(each, shape)
        if each.fold == "all":
            yield beats, ops
        else:
            every = folded(ops, each.fold, shape[0], waits=each.wait > 0, recall=each.recall)
            yield from ((beats, way) for way in every)


def beats_of(target: TargetConfig, shape: tuple[int, ...]) -> int:
    """Clocks between inferences of samples of a shape (channels first), for a target that has a fold and no pace."""
    return 1 if target.fold == "all" else -(-math.prod(shape[1:] or shape) // target.fold)


def folded(
    ops: Sequence[MatrixOp], fold: int, channels: int, *, waits: bool = False, recall: int = 1
) -> list[list[MatrixOp]]:
    """What is there of the matrix products of a network with so many positions a clock, in one way or more.

    A position of the input has so many `channels`; behind a sum over positions they come `recall` times as fast, where
    no window follows.

    What is shared between positions is there `fold` times at most, and so is a sum of products over positions. A dense
    layer that reads them all is there whole, or begins with the first one: then it has a product of two values for each
    that a beat brings. Where it `waits`, dense layers behind the stream are whole or take one value after the other.
    From any other product of two values that depend on the input, all is there.
    """
    found: list[MatrixOp] = []
    positions = 1
    for index, op in enumerate(ops):
        whole = [*found, *ops[index:]]
        if op.parameters and op.positions > 1:
            found.append(replace(op, positions=min(op.positions, fold)))
            channels, positions = op.outputs, op.positions
        elif op.parameters:
            begins = op.fan_in > channels and op.fan_in % channels == 0
            first = [[*found, op], [*found, _one_by_one(op, min(channels * fold, op.fan_in))]] if begins else [found]
            rest = ops[index + begins :]
            tails = [rest, [_one_by_one(op, 1) for op in rest]] if waits and rest else [rest]
            return [[*before, *tail] for tail in tails for before in first]
        elif op.fan_in == positions:
            found.append(replace(op, fan_in=min(fold, positions)))
            windows = [b.parameters and b.positions > 1 and b.fan_in > a.outputs for a, b in pairwise(ops[index:])]
            fold *= 1 if any(windows) else recall
        elif op.positions == positions:
            found.append(replace(op, positions=min(fold, positions)))
        else:
            return [whole]
    return [found]


def _one_by_one(op: MatrixOp, values: int) -> MatrixOp:
    """A product with weights that takes so many values at a time: then its weights are values as well."""
    return replace(op, fan_in=values, parameters=0, positions=1) if op.parameters else op
