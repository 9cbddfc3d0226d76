"""Networks that teach others."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from nac.arch import Network
from nac.tasks import Dataset, Task
from nac.tasks.heads import Head
from nac.tasks.losses import log_probabilities
from nac.train.evaluation import moved, predict

VIEWS = 8
"""Augmented ones of every sample that a teacher speaks of."""


@dataclass(frozen=True)
class Teacher:
    """Float networks whose mean output the student also learns (arXiv 1503.02531), with weight `share`."""

    networks: tuple[Network, ...]
    share: float = 0.5
    temperature: float = 1.0
    answers: Tensor | None = None
    """To the training samples in their order (N, outputs), where they were asked for once (`answering`)."""

    def outputs(self, x: Tensor) -> Tensor:
        """Mean output, (N, outputs), of all networks for inputs (N, *input)."""
        return torch.stack([predict(network, x) for network in self.networks]).mean(0)

    def loss(self, outputs: Tensor, targets: Tensor, heads: Sequence[Head]) -> Tensor:
        """Distance of a batch of outputs from the teacher's, both (N, outputs), head by head."""
        first, *others = (
            head.weight * self._distance(outputs[:, head.part], targets[:, head.part], head.kind) for head in heads
        )
        return sum(others, first)

    def _distance(self, outputs: Tensor, targets: Tensor, kind: str) -> Tensor:
        if kind == "regression":
            return functional.mse_loss(outputs, targets)
        t = self.temperature
        student, wanted = log_probabilities(outputs / t), log_probabilities(targets / t)
        return (wanted.exp() * (wanted - student)).sum(1).mean() * t * t


def answering(teacher: Teacher, dataset: Dataset, task: Task, epochs: int, seed: int) -> Teacher:
    """A teacher that was asked about the training samples once for so many epochs; itself where it was before.

    Symmetries leave classes as they are: then its answer is the mean over some views of every sample, better than what
    it says of a single one. Where they move targets it has none: every epoch has to be asked about.
    """
    train, device = dataset.train, dataset.device
    if teacher.answers is not None or (train.augments and any(head.kind != "classification" for head in task.heads)):
        return teacher
    generator = torch.Generator().manual_seed(seed)
    with moved(device, *teacher.networks):
        if not train.augments:
            return replace(teacher, answers=teacher.outputs(train.on(device)[0]))
        seen = [teacher.outputs(train.epoch(generator, device)[0]) for _ in range(min(VIEWS, epochs))]
    return replace(teacher, answers=torch.stack(seen).mean(0))
