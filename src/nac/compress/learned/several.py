"""Networks of the same architecture that are trained side by side, as one whose layers have groups.

A step of a small network costs the time of its many small operations, not that of their arithmetic: eight networks side
by side take two to three times as long as one. What a training finds depends on much that nobody chooses: the front of
several trainings lies well below that of one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor

from nac.arch import Architecture, Network, trace
from nac.arch.quantisers import LEARNED
from nac.arch.quantisers.learned import Layer
from nac.tasks import Task
from nac.tasks.heads import Head
from nac.train import Teacher

BY_CHANNEL = {"input", "dense", "conv1d", "conv2d", "activation", "flatten", "aggregate", "add", "max_pool"}
"""Operations that keep channels of one member apart from those of others, when these come after them."""


def fits(architecture: Architecture) -> bool:
    """Whether networks of an architecture can be trained side by side."""
    return all(node.operation.name in BY_CHANNEL for node in trace(architecture).nodes if not node.operation.folds)


class Several(Network):
    """(N, *input) to (N, members * outputs): the outputs of one member after the other.

    Args:
        networks: of learned widths, of one architecture that `fits`; their states are copied.
    """

    def __init__(self, networks: Sequence[Network]) -> None:
        members, first = len(networks), networks[0]
        super().__init__(_side_by_side(first.architecture, members), quantiser=LEARNED)
        self.members = members
        for name in self.weighted:
            layer = cast(Layer, first.layers[name])
            shape = (members * len(layer.weight), *layer.weight.shape[1:])
            self.layers[name] = Layer(shape, bias=layer.bias is not None, stride=layer.stride, padding=layer.padding,
                                      groups=members)  # fmt: skip
        states = [network.state_dict() for network in networks]
        self.load_state_dict({key: torch.cat([state[key] for state in states]) for key in states[0]})

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        return super().forward(x.repeat(1, self.members, *[1] * (x.dim() - 2)))

    def state_of(self, member: int) -> dict[str, Tensor]:
        """The state of one network, in main memory."""
        return {key: value.chunk(self.members)[member].detach().cpu().clone()
                for key, value in self.state_dict().items()}  # fmt: skip


def _side_by_side(architecture: Architecture, members: int) -> Architecture:
    graph = trace(architecture)
    blocks = []
    for index, block in enumerate(architecture.blocks):
        name = f"{block.block}{index}"
        blocks.append(block.resized(name, {node: members * graph[node].shape[0] for node in block.sizes(name)}))
    channels, *space = architecture.input
    wide = {"input": (members * channels, *space), "outputs": members * architecture.outputs, "blocks": tuple(blocks)}
    return architecture.model_copy(update=wide)


class _EachTask:
    """A task whose loss is the mean of that of every member."""

    def __init__(self, task: Task, members: int) -> None:
        self._task, self._members = task, members

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)

    def loss(
        self, outputs: Tensor, targets: Tensor, label_smoothing: float = 0.0, weights: Tensor | None = None
    ) -> Tensor:
        """See Task; outputs (N, members * O)."""
        repeated = None if weights is None else weights.repeat_interleave(self._members)
        return self._task.loss(
            outputs.reshape(len(outputs) * self._members, -1), targets.repeat_interleave(self._members, 0),
            label_smoothing, repeated,
        )  # fmt: skip


def for_each(task: Task, members: int) -> Task:
    """The task with the mean loss of so many networks side by side; all else of it is of a single one."""
    return cast(Task, _EachTask(task, members))


@dataclass(frozen=True)
class EachTeacher(Teacher):
    """A teacher of several networks side by side."""

    members: int = 1

    def loss(self, outputs: Tensor, targets: Tensor, heads: Sequence[Head]) -> Tensor:
        """See Teacher; outputs (N, members * O), targets (N, O)."""
        return super().loss(
            outputs.reshape(len(outputs) * self.members, -1), targets.repeat_interleave(self.members, 0), heads
        )


def teaching(teacher: Teacher | None, members: int) -> Teacher | None:
    """The same teacher for so many networks side by side."""
    return None if teacher is None else EachTeacher(**vars(teacher), members=members)
