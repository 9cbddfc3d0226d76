"""One fit loop for every task and every stage."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, CosineAnnealingWarmRestarts, LRScheduler, OneCycleLR

from nac.arch import Network
from nac.config import TrainConfig
from nac.errors import WorkError
from nac.tasks import Dataset, Task
from nac.train.evaluation import moved, threads_for, validation_loss
from nac.train.teacher import Teacher, answering

Masks = Mapping[str, Tensor]
EpochCallback = Callable[[int, Mapping[str, float]], bool | None]
StepCallback = Callable[[Network, float], None]
Penalty = Callable[[Network, float], Tensor]
"""What a network costs, as a term of the loss: called at every step with the share of the training that is done."""


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
    with threads_for(network, settings.batch_size), moved(dataset.device, network, *taught):
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
    if teacher is not None:
        teacher = answering(teacher, dataset, task, settings.epochs, seed)
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
