"""Which channels of a network are the same ones: what is added up, or multiplied and summed over, goes together."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

if TYPE_CHECKING:
    from nac.arch.graph import Graph


class Axis(NamedTuple):
    """What lies along an axis of a value: channel `channels[i]` of a family at element i."""

    family: str
    channels: Tensor


Axes = tuple[Axis | None, ...]
"""One for each axis of a value without the batch; None for positions."""


class Channels:
    """The families of channels of a graph, each called after the first node that makes it."""

    def __init__(self, graph: "Graph") -> None:
        self._parent: dict[str, str] = {}
        self._fixed: set[str] = set()
        axes: dict[str, Axes] = {}
        for node in graph.nodes:
            axes[node.name] = node.operation.flow(node, [axes[name] for name in node.inputs], self)
        for axis in axes[graph.output.name]:
            self._keep(axis)
        self.axes: Mapping[str, Axes] = axes
        self.order = [node.name for node in graph.nodes]

    def made(self, name: str, count: int, *, fixed: bool = False) -> Axis:
        """A new family of `count` channels that a node makes; `fixed` ones can never go."""
        self._parent[name] = name
        if fixed:
            self._fixed.add(name)
        return Axis(name, torch.arange(count))

    def same(self, one: Axis | None, other: Axis | None) -> None:
        """What lies along two axes goes together, element by element; or stays, where it cannot go one by one."""
        if one is None or other is None or not torch.equal(one.channels, other.channels):
            self._keep(one)
            self._keep(other)
            return
        roots = {self.root(one.family), self.root(other.family)}
        first = next(name for name in self._parent if name in roots)  # in the order in which they were made
        for root in roots:
            self._parent[root] = first
        if roots & self._fixed:
            self._fixed.add(first)

    def root(self, family: str) -> str:
        """The name of the family that a family has become part of."""
        while self._parent[family] != family:
            family = self._parent[family]
        return family

    def removable(self, name: str) -> str | None:
        """The family along the first axis of a node's value; None where its channels have to stay."""
        axis = self.axes[name][0]
        root = None if axis is None else self.root(axis.family)
        return None if root in self._fixed else root

    def elements(self, name: str, size: int) -> Tensor:
        """Which channel of its family each of the `size` elements along the first axis of a node's value is."""
        axis = self.axes[name][0]
        return torch.arange(size) if axis is None else axis.channels

    def _keep(self, axis: Axis | None) -> None:
        if axis is not None:
            self._fixed.add(self.root(axis.family))
