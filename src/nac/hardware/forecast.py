"""The matrix products of a folded circuit, from those of its network."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from nac.config import TargetConfig
from nac.cost import MatrixOp


def ways(
    ops: Sequence[MatrixOp], target: TargetConfig, shape: tuple[int, ...]
) -> Iterator[tuple[int, Sequence[MatrixOp]]]:
    """All that may become of a network for samples of a shape: clocks between inferences, and its matrix products."""
    for fold in (each.fold for each in target.folds(shape)):
        if fold == "all":
            yield 1, ops
        else:
            beats = -(-math.prod(shape[1:] or shape) // fold)
            yield from ((beats, way) for way in folded(ops, fold, shape[0]))


def folded(ops: Sequence[MatrixOp], fold: int, channels: int) -> list[list[MatrixOp]]:
    """What is there of the matrix products of a network with so many positions a clock, in one way or two.

    A position of the input has so many `channels`.

    What is shared between positions is there `fold` times at most, and so is a sum of products over positions. A dense
    layer that reads them all is there whole, or begins with the first one: then it has a product of two values for each
    that a beat brings. From any other product of two values that depend on the input, all is there.
    """
    found: list[MatrixOp] = []
    positions = 1
    for index, op in enumerate(ops):
        whole = [*found, *ops[index:]]
        if op.parameters and op.positions > 1:
            found.append(replace(op, positions=min(op.positions, fold)))
            channels, positions = op.outputs, op.positions
        elif op.parameters:
            if op.fan_in <= channels or op.fan_in % channels:
                return [whole]
            begun = replace(op, fan_in=channels, parameters=0, positions=1)
            return [whole, [*found, begun, *ops[index + 1 :]]]
        elif op.fan_in == positions:
            found.append(replace(op, fan_in=min(fold, positions)))
        elif op.positions == positions:
            found.append(replace(op, positions=min(fold, positions)))
        else:
            return [whole]
    return [found]
