"""What a training makes small, by name."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional

from nac.config import Choice
from nac.errors import InputError
from nac.registry import Registry, keywords

Kind = Literal["classification", "regression"]


@dataclass(frozen=True)
class Loss:
    """The extension point: a loss of every sample of a batch.

    Attributes:
        function: given outputs (N, O) and targets, labels (N,) or values (N, T) in units of the outputs (both by
            position), and its parameters by keyword; gives (N,) losses, of which the weighted mean is made small. One
            with the keyword `label_smoothing` is given what `train.label_smoothing` says.
        kinds: of tasks that it is for.
        soft: whether it also takes probabilities (N, O) in place of labels.
    """

    function: Callable[..., Tensor]
    kinds: tuple[Kind, ...] = ("classification", "regression")
    soft: bool = False

    def __call__(self, outputs: Tensor, targets: Tensor, **params: Any) -> Tensor:
        """The losses (N,)."""
        return self.function(outputs, targets, **params)

    @property
    def __wrapped__(self) -> Callable[..., Tensor]:
        """Whose parameters it takes, for `inspect.signature`."""
        return self.function


LOSSES: Registry[Loss] = Registry("loss", "nac.tasks.losses")
DEFAULT_LOSSES: dict[Kind, str] = {"classification": "cross_entropy", "regression": "mse"}

_classification = partial(Loss, kinds=("classification",), soft=True)
_regression = partial(Loss, kinds=("regression",))


def weighted_mean(losses: Tensor, weights: Tensor | None) -> Tensor:
    """The mean of losses (N,) times weights (N,), whose own mean over all samples is one."""
    return losses.mean() if weights is None else (losses * weights).mean()


def asked_loss(choice: Choice | None, kind: Kind) -> Choice:
    """The loss that a task asks for, or that of its kind."""
    return choice or Choice(name=DEFAULT_LOSSES[kind])


def named_loss(choice: Choice | None, kind: Kind, outputs: int) -> Callable[[Tensor, Tensor, float], Tensor]:
    """The loss that a task asks for, or that of its kind: of outputs (N, O), targets and a smoothing of labels.

    Raises InputError where its parameters are wrong.
    """
    asked = asked_loss(choice, kind)
    loss = LOSSES[asked.name]
    smooths = "label_smoothing" in {*(keywords(loss) or ())} - {*asked.params}

    def measure(outputs: Tensor, targets: Tensor, label_smoothing: float = 0.0) -> Tensor:
        smoothed = {"label_smoothing": label_smoothing} if smooths else {}
        return loss(outputs, targets, **smoothed, **asked.params)

    targets = torch.zeros(2, dtype=torch.int64) if kind == "classification" else torch.zeros(2, outputs)
    try:
        shape = tuple(measure(torch.zeros(2, outputs), targets).shape)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"loss: {asked.name}: {' '.join(str(error).split())}") from error
    if shape != (2,):
        raise InputError(f"loss: {asked.name} gives values of shape {shape} for two samples, expected (2,)")
    return measure


def log_probabilities(outputs: Tensor) -> Tensor:
    """Logarithms of the softmax of outputs, both (N, classes): along a short last axis torch takes twice as long."""
    return functional.log_softmax(outputs.T.contiguous(), 0).T


@LOSSES.register("cross_entropy")
@_classification
def cross_entropy(outputs: Tensor, targets: Tensor, /, *, label_smoothing: float = 0.0) -> Tensor:
    """Minus the logarithm of the probability of the right class."""
    logarithms = log_probabilities(outputs)
    if targets.is_floating_point():
        found = -(logarithms * targets).sum(1)
    else:
        found = functional.nll_loss(logarithms, targets, reduction="none")
    return (1 - label_smoothing) * found - label_smoothing * logarithms.mean(1) if label_smoothing else found


@LOSSES.register("focal")
@_classification
def focal(outputs: Tensor, targets: Tensor, /, *, gamma: float = 2.0) -> Tensor:
    """The cross entropy times (1 - p)^gamma, p being the probability of the right class (arXiv 1708.02002).

    Samples that are recognised already count little; 0 is the cross entropy.
    """
    found = cross_entropy.function(outputs, targets)
    return (-torch.expm1(-found)).clamp_min(1e-12) ** gamma * found


@LOSSES.register("mse")
@_regression
def mse(outputs: Tensor, targets: Tensor, /) -> Tensor:
    """The mean square of a sample's errors."""
    return functional.mse_loss(outputs, targets, reduction="none").flatten(1).mean(dim=1)


@LOSSES.register("mae")
@_regression
def mae(outputs: Tensor, targets: Tensor, /) -> Tensor:
    """The mean magnitude of a sample's errors: the network answers with medians."""
    return functional.l1_loss(outputs, targets, reduction="none").flatten(1).mean(dim=1)


@LOSSES.register("huber")
@_regression
def huber(outputs: Tensor, targets: Tensor, /, *, delta: float = 1.0) -> Tensor:
    """Half the square of errors below `delta` (in units of the outputs), linear above (Huber, 1964)."""
    return functional.huber_loss(outputs, targets, reduction="none", delta=delta).flatten(1).mean(dim=1)


@LOSSES.register("quantile")
@_regression
def quantile(outputs: Tensor, targets: Tensor, /, *, quantile: float = 0.5) -> Tensor:
    """The network answers with what the share `quantile` of targets lies below (Koenker and Bassett, 1978)."""
    if not 0 < quantile < 1:
        raise ValueError(f"quantile: expected a share between 0 and 1, found {quantile}")
    error = targets - outputs
    return torch.maximum(quantile * error, (quantile - 1) * error).flatten(1).mean(dim=1)
