"""Gradients through trainings (Feng et al. 2023, arXiv 2311.07025): samples are what networks learn the most from."""

import math
from collections.abc import Iterator
from dataclasses import replace
from statistics import fmean

import torch
from torch import Tensor
from torch.func import functional_call

from nac.arch import Network
from nac.compress.distillation.contract import Distilled, Distilling
from nac.compress.distillation.coreset import drawn
from nac.compress.distillation.registry import DISTILLERS
from nac.compress.distillation.synthetic import Synthetic
from nac.errors import WorkError
from nac.tasks import TrainSplit

REAL_BATCH = 1024
LABEL_RATE = 0.05  # of the logarithmic probabilities
LARGEST_GRADIENT = 1.0  # of the inputs: long windows amplify a few of them
BETAS, EPSILON = (0.9, 0.99), 1e-6  # its gradient is not finite where a second moment is zero
Weights = list[Tensor]


@DISTILLERS.register("unrolled")
def unrolled(distilling: Distilling) -> Distilled:
    """Samples on which networks, a new one in every iteration, train to a small loss on real samples.

    Random truncated backpropagation through time: the training stops after a random number of full-batch steps of Adam,
    of which the last `window` are differentiated, so that samples serve early steps and late ones. Batch norms take the
    statistics of the real batch when the loss is measured, as re-measured ones have them.
    """
    settings = distilling.settings
    generator = torch.Generator().manual_seed(distilling.seed)
    synthetic = Synthetic(
        drawn(distilling), distilling.task.config.data, distilling.dataset.preprocessing, soft=distilling.soft
    )  # fmt: skip
    groups = [{"params": synthetic.leaves, "lr": settings.learning_rate}]
    if synthetic.logits is not None:
        groups.append({"params": [synthetic.logits], "lr": LABEL_RATE})
    optimiser = torch.optim.Adam(groups)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.iterations)
    real = _batches(distilling.dataset.train.cut(), generator)
    losses = []
    for done in range(settings.iterations):
        network = distilling.make(distilling.seed + done).train()
        steps = int(torch.randint(1, settings.unroll + 1, (), generator=generator))
        weights = _trained(network, synthetic, steps, distilling, generator)
        x, y = next(real)
        loss = distilling.task.loss(_outputs(network, weights, x), y)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if not math.isfinite(value := float(loss.detach())):
            raise WorkError(f"distillation diverged in iteration {done}: the loss on real samples is {value}")
        torch.nn.utils.clip_grad_norm_(synthetic.leaves, LARGEST_GRADIENT)
        optimiser.step()
        schedule.step()
        synthetic.project()
        losses.append(value)
        distilling.on_progress(done + 1, settings.iterations)
    tenth = max(1, len(losses) // 10)
    facts = {"loss": {"first": fmean(losses[:tenth]), "last": fmean(losses[-tenth:])}}
    return replace(synthetic.distilled(), provenance=facts)


def _batches(train: TrainSplit, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches of the real samples without an end, augmented and shuffled anew in every epoch.

    A last one of one sample is left out (batch norm cannot take it).
    """
    while True:
        x, y = train.epoch(generator)
        for rows in torch.split(torch.randperm(len(x), generator=generator), REAL_BATCH):
            if len(rows) > 1:
                yield x[rows], y[rows]


def _trained(
    network: Network, synthetic: Synthetic, steps: int, distilling: Distilling, generator: torch.Generator
) -> Weights:
    """Weights after some steps of Adam from those of the network, differentiable in the samples through the last."""
    rate, (first, second) = distilling.settings.inner_rate, BETAS
    weights = [parameter.detach().clone().requires_grad_() for parameter in network.parameters()]
    means, squares = ([torch.zeros_like(weight) for weight in weights] for _ in range(2))
    for step in range(1, steps + 1):
        seen = step > steps - distilling.settings.window
        x, targets = synthetic.augmented(generator)
        if not seen:
            x, targets = x.detach(), targets.detach()
        loss = distilling.task.loss(_outputs(network, weights, x), targets)
        gradients = torch.autograd.grad(loss, weights, create_graph=seen)
        means = [first * mean + (1 - first) * gradient for mean, gradient in zip(means, gradients, strict=True)]
        squares = [
            second * square + (1 - second) * gradient.detach().square()
            for square, gradient in zip(squares, gradients, strict=True)
        ]  # fmt: skip
        scale = rate * math.sqrt(1 - second**step) / (1 - first**step)
        weights = [
            weight - scale * mean / (square.sqrt() + EPSILON)
            for weight, mean, square in zip(weights, means, squares, strict=True)
        ]  # fmt: skip
        if not seen:
            weights = [weight.detach().requires_grad_() for weight in weights]
    return weights


def _outputs(network: Network, weights: Weights, x: Tensor) -> Tensor:
    names = (name for name, _ in network.named_parameters())
    outputs: Tensor = functional_call(network, dict(zip(names, weights, strict=True)), (x,))
    return outputs
