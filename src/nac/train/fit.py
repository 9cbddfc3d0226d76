"""One fit loop and one evaluation for every task and every stage."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, CosineAnnealingWarmRestarts, LRScheduler, OneCycleLR

from nac.arch import Network, workload
from nac.config import TrainConfig
from nac.cost import macs
from nac.errors import WorkError
from nac.tasks import Dataset, Estimate, Split, Task, values_of
from nac.tasks.heads import Head
from nac.tasks.losses import log_probabilities

MACS_PER_STEP_WORTH_THREADS = 3e8
VIEWS = 8
"""Augmented ones of every sample that a teacher speaks of."""

Masks = Mapping[str, Tensor]
EpochCallback = Callable[[int, Mapping[str, float]], bool | None]
StepCallback = Callable[[Network, float], None]
Penalty = Callable[[Network, float], Tensor]
"""What a network costs, as a term of the loss: called at every step with the share of the training that is done."""


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


@dataclass(frozen=True)
class FitResult:
    """How a training went: the epoch (from 0) that was restored, its validation loss, and every epoch's figures.

    Where none was chosen it is the last one, and losses are not numbers.
    """

    best_epoch: int
    best_loss: float
    history: tuple[Mapping[str, float], ...]
    seconds: float


def fit(
    network: Network,
    dataset: Dataset,
    task: Task,
    settings: TrainConfig,
    *,
    seed: int,
    masks: Masks | None = None,
    teacher: Teacher | None = None,
    penalties: Sequence[Penalty] = (),
    on_step: StepCallback | None = None,
    on_epoch: EpochCallback | None = None,
    choose: bool = True,
) -> FitResult:
    """Train in place and restore the epoch with the lowest validation loss.

    Args:
        network: float or quantised; it is where it was afterwards.
        dataset: training and validation splits, and the device to train on; the test split is not looked at.
        task: loss.
        settings: optimiser, schedule and budget.
        seed: of the order of samples and of the augmentation.
        masks: 0/1 by node name, shaped as the weights; weights under a 0 are held at zero.
        teacher: whose outputs are learned besides the targets.
        penalties: what is added to the loss of every batch.
        on_step: called after every step with the network as the step left it, and the share of the training that is
            done.
        on_epoch: called after every epoch with its number and figures; the training ends there when it returns True,
            or with the exception that it raises.
        choose: False: the last epoch stays, and validation samples are not looked at.

    Raises:
        WorkError: the training diverged, or there is too little data for one batch.
    """
    taught = teacher.networks if teacher is not None else ()
    with _threads(network, settings.batch_size), _moved(dataset.device, network, *taught):
        result, best_state = _fit(network, dataset, task, settings, seed, masks, teacher, penalties, on_step,
                                  on_epoch, choose)
    if best_state is not None:
        network.load_state_dict(best_state)
    network.eval()
    return result


def _fit(
    network: Network, dataset: Dataset, task: Task, settings: TrainConfig, seed: int, masks: Masks | None,
    teacher: Teacher | None, penalties: Sequence[Penalty], on_step: StepCallback | None, on_epoch: EpochCallback | None,
    choose: bool,
) -> tuple[FitResult, dict[str, Tensor] | None]:
    """How it went, and the network's state after the best epoch; None where none was chosen."""
    start = time.perf_counter()
    generator = torch.Generator().manual_seed(seed)
    optimiser = _optimiser(network, settings)
    steps = max(1, math.ceil(len(dataset.train) / settings.batch_size))
    scheduler = _scheduler(optimiser, settings, steps)
    history: list[Mapping[str, float]] = []
    best_epoch, best_loss, done = -1, math.inf, 0
    best_state: dict[str, Tensor] | None = None
    _apply(network, masks)
    if teacher is not None and teacher.answers is None:
        teacher = answering(teacher, dataset, task, min(VIEWS, settings.epochs), seed)
    for epoch in range(settings.epochs):
        network.train()
        total, count = 0.0, 0
        for x, y, weights, goal in _batches(dataset, settings.batch_size, generator, teacher):
            optimiser.zero_grad(set_to_none=True)
            outputs = network(x)
            loss = task.loss(outputs, y, label_smoothing=settings.label_smoothing, weights=weights)
            if teacher is not None and goal is not None:
                loss = (1 - teacher.share) * loss + teacher.share * teacher.loss(outputs, goal, task.heads)
            for penalty in penalties:
                loss = loss + penalty(network, done / (steps * settings.epochs))
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            done += 1
            _apply(network, masks)
            if on_step is not None:
                on_step(network, done / (steps * settings.epochs))
            if scheduler is not None:
                scheduler.step()
            total, count = total + float(loss.detach()) * len(x), count + len(x)
        if not count:
            raise WorkError("expected a batch of two samples or more, "
                            f"found {len(dataset.train)} to train on in batches of {settings.batch_size}")
        if not math.isfinite(total):
            raise WorkError(f"training diverged in epoch {epoch}: the loss is {total / count}")
        value = validation_loss(network, dataset.validation, task) if choose else math.nan
        history.append({"loss": total / count, "validation_loss": value})
        enough = on_epoch is not None and on_epoch(epoch, history[-1])
        if not choose:
            best_epoch, best_loss = epoch, value
        elif value < best_loss:
            best_epoch, best_loss = epoch, value
            best_state = {key: tensor.detach().clone() for key, tensor in network.state_dict().items()}
        elif epoch - best_epoch >= settings.patience:
            break
        if enough:
            break
    if best_epoch < 0:
        raise WorkError(f"training diverged: the validation loss was not finite in {settings.epochs} epochs")
    return FitResult(best_epoch, best_loss, tuple(history), time.perf_counter() - start), best_state


@contextmanager
def _threads(network: Network, batch_size: int) -> Iterator[None]:
    """One thread for small networks.

    They lose more in waiting for a second one than it gives: 30 times as slow on two cores that others use too.
    """
    before = torch.get_num_threads()
    if macs(workload(network.architecture)) * batch_size < MACS_PER_STEP_WORTH_THREADS:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _moved(device: torch.device, *networks: Network) -> Iterator[None]:
    """Networks on a device for a while; everything but training is done where they came from."""
    homes = [_device(network) for network in networks]
    try:
        for network in networks:
            network.to(device)
        yield
    finally:
        for network, home in zip(networks, homes, strict=True):
            network.to(home)


def _device(network: Network) -> torch.device:
    return next(network.parameters()).device


def answering(teacher: Teacher, dataset: Dataset, task: Task, views: int, seed: int) -> Teacher:
    """A teacher that was asked about the training samples once for all epochs.

    Symmetries leave classes as they are: then its answer is the mean over some views of every sample, better than what
    it says of a single one. Where they move targets it has none: every epoch has to be asked about.
    """
    train, device = dataset.train, dataset.device
    if train.augments and any(head.kind != "classification" for head in task.heads):
        return teacher
    generator = torch.Generator().manual_seed(seed)
    with _moved(device, *teacher.networks):
        if not train.augments:
            return replace(teacher, answers=teacher.outputs(train.on(device)[0]))
        seen = [teacher.outputs(train.epoch(generator, device)[0]) for _ in range(views)]
    return replace(teacher, answers=torch.stack(seen).mean(0))


def _batches(
    dataset: Dataset, size: int, generator: torch.Generator, teacher: Teacher | None
) -> Iterator[tuple[Tensor, Tensor, Tensor | None, Tensor | None]]:
    """Slices of one shuffled epoch: inputs, targets, weights, and what the teacher says of them, or has said of all.

    A last batch of one sample is left out (batch norm cannot take it).
    """
    x, y = dataset.train.epoch(generator, dataset.device)
    order = torch.randperm(len(x), generator=generator).to(dataset.device)
    x, y = x[order], y[order]
    weights = _part(dataset.train.weights_on(dataset.device), order)
    known = None if teacher is None else teacher.answers
    goal = _part(known, order) if known is not None or teacher is None else teacher.outputs(x)
    for begin in range(0, len(x), size):
        part = slice(begin, begin + size)
        if len(x[part]) > 1:
            yield x[part], y[part], _part(weights, part), _part(goal, part)


def _part(values: Tensor | None, rows: slice | Tensor) -> Tensor | None:
    return None if values is None else values[rows]


def _optimiser(network: nn.Module, settings: TrainConfig) -> Optimizer:
    rate, decay = settings.learning_rate, settings.weight_decay
    parameters = list(network.parameters())
    if settings.optimiser == "adamw":
        return torch.optim.AdamW(parameters, lr=rate, weight_decay=decay, fused=True)
    if settings.optimiser == "adam":
        return torch.optim.Adam(parameters, lr=rate, weight_decay=decay, fused=True)
    if settings.optimiser == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=rate, weight_decay=decay)
    return torch.optim.SGD(parameters, lr=rate, weight_decay=decay, momentum=0.9, nesterov=True)


def _scheduler(optimiser: Optimizer, settings: TrainConfig, steps: int) -> LRScheduler | None:
    total = steps * settings.epochs
    if settings.schedule == "cosine":
        if settings.cycles == 1:
            return CosineAnnealingLR(optimiser, total)
        return CosineAnnealingWarmRestarts(optimiser, math.ceil(total / settings.cycles))
    if settings.schedule == "one_cycle":
        return OneCycleLR(optimiser, settings.learning_rate, total_steps=total + 1)
    return None


@torch.no_grad()
def _apply(network: Network, masks: Masks | None) -> None:
    for name, mask in (masks or {}).items():
        weight = network.weight(name)
        weight.mul_(mask.to(weight.device))


@torch.no_grad()
def predict(network: Network, x: Tensor, batch_size: int = 2048) -> Tensor:
    """Outputs (N, outputs) for preprocessed inputs (N, *input), in evaluation mode."""
    training = network.training
    network.eval()
    with _threads(network, batch_size):
        outputs = torch.cat([network(part) for part in torch.split(x, batch_size)])
    network.train(training)
    return outputs


def validation_loss(network: Network, split: Split, task: Task) -> float:
    """The task's loss over a split."""
    device = _device(network)
    x, y = split.on(device)
    return float(task.loss(predict(network, x), y, weights=split.weights_on(device)))


def estimate(network: Network, split: Split, task: Task) -> dict[str, Estimate]:
    """Every metric of the task over a split, with what its interval needs."""
    x, _ = split.on(_device(network))
    return task.estimates(predict(network, x).cpu().double().numpy(), split.y.numpy(), split.preprocessing)


def evaluate(network: Network, split: Split, task: Task) -> dict[str, float]:
    """Every metric of the task over a split."""
    return values_of(estimate(network, split, task))
