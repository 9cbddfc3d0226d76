"""Matching training trajectories (Cazenavette et al. 2022, arXiv 2203.11932): the main method."""

import math
from collections.abc import Mapping
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
from nac.config import TrainConfig
from nac.errors import WorkError
from nac.train import fit

Weights = dict[str, Tensor]
EXPERT_BATCH = 256
START_RATE = 0.1
RATE_LEARNING = 0.05  # of the logarithm of the inner learning rate


@DISTILLERS.register("trajectories")
def trajectories(distilling: Distilling) -> Distilled:
    """Samples on which some steps of SGD go where some epochs on the real samples went.

    Experts are trained on the real samples and their weights kept after every epoch. Again and again a network is set
    to such weights, takes `inner_steps` full-batch steps on the synthetic samples, and samples, targets of a regression
    and the learning rate of those steps go down the gradient of the squared distance to where the expert was `span`
    epochs later, over how far it went itself (equation 2).
    """
    settings = distilling.settings
    generator = torch.Generator().manual_seed(distilling.seed)
    experts = [_expert(distilling, distilling.seed + index) for index in range(settings.experts)]
    synthetic = Synthetic(drawn(distilling), distilling.task.config.data, distilling.dataset.preprocessing)
    rate = torch.tensor(math.log(START_RATE), requires_grad=True)
    groups = [{"params": synthetic.leaves, "lr": settings.learning_rate}, {"params": [rate], "lr": RATE_LEARNING}]
    optimiser = torch.optim.Adam(groups)
    network = distilling.make(distilling.seed).train()
    distances = []
    for done in range(settings.iterations):
        expert = experts[int(torch.randint(len(experts), (), generator=generator))]
        first = int(torch.randint(max(1, len(expert) - settings.span), (), generator=generator))
        start, goal = expert[first], expert[min(first + settings.span, len(expert) - 1)]
        reached = _unrolled(network, start, synthetic, rate.exp(), distilling)
        distance = _squared(reached, goal) / _squared(start, goal)
        optimiser.zero_grad(set_to_none=True)
        distance.backward()  # type: ignore[no-untyped-call]
        if not math.isfinite(value := float(distance.detach())):
            raise WorkError(f"distillation diverged in iteration {done}: the distance is {value}")
        optimiser.step()
        synthetic.project()
        distances.append(value)
        distilling.on_progress(done + 1, settings.iterations)
    tenth = max(1, len(distances) // 10)
    facts = {
        "distance": {"first": fmean(distances[:tenth]), "last": fmean(distances[-tenth:])},
        "inner_rate": float(rate.detach().exp()),
    }
    return replace(synthetic.distilled(), provenance=facts)


def _expert(distilling: Distilling, seed: int) -> list[Weights]:
    """The weights of a network before and after every epoch of its training on the real samples."""
    network = distilling.make(seed)
    epochs, path = distilling.settings.expert_epochs, [_weights(network)]
    settings = TrainConfig(
        optimiser="sgd", learning_rate=distilling.settings.expert_rate, schedule="constant", epochs=epochs,
        batch_size=EXPERT_BATCH, patience=epochs,
    )  # fmt: skip
    fit(
        network, distilling.dataset, distilling.task, settings, seed=seed,
        on_epoch=lambda epoch, figures: path.append(_weights(network)),
    )  # fmt: skip
    return path


def _weights(network: Network) -> Weights:
    return {name: parameter.detach().clone() for name, parameter in network.named_parameters()}


def _unrolled(network: Network, start: Weights, synthetic: Synthetic, rate: Tensor, distilling: Distilling) -> Weights:
    """Weights after the inner steps, differentiable in the samples and the rate."""
    weights = {name: value.clone().requires_grad_() for name, value in start.items()}
    for _ in range(distilling.settings.inner_steps):
        loss = distilling.task.loss(functional_call(network, weights, (synthetic.x,)), synthetic.y)
        gradients = torch.autograd.grad(loss, list(weights.values()), create_graph=True)
        weights = {
            name: value - rate * gradient
            for (name, value), gradient in zip(weights.items(), gradients, strict=True)
        }  # fmt: skip
    return weights


def _squared(a: Mapping[str, Tensor], b: Mapping[str, Tensor]) -> Tensor:
    """The squared distance of two sets of weights."""
    return torch.stack([(a[name] - b[name]).square().sum() for name in a]).sum()
