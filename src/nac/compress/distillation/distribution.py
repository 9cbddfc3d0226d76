"""Distribution matching (Zhao and Bilen 2021, arXiv 2110.04181): no training in the loop at all."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from nac.arch import Network
from nac.compress.distillation.contract import Distilled, Distilling
from nac.compress.distillation.coreset import drawn
from nac.compress.distillation.registry import DISTILLERS
from nac.compress.distillation.synthetic import Synthetic

REAL_BATCH = 1024


@DISTILLERS.register("distribution")
def distribution(distilling: Distilling) -> Distilled:
    """Samples whose mean embedding in a random network, a new one in every step, is that of the real samples.

    For classification the means are those of every class (equation 4). A regression has none: there the mean
    embedding is matched altogether, and its products with every target, which ties inputs to targets.
    """
    settings, train = distilling.settings, distilling.dataset.train
    generator = torch.Generator().manual_seed(distilling.seed)
    synthetic = Synthetic(drawn(distilling), distilling.task.config.data, distilling.dataset.preprocessing)
    optimiser = torch.optim.Adam(synthetic.leaves, lr=settings.learning_rate)
    for done in range(settings.iterations):
        network = distilling.make(distilling.seed + done).eval().requires_grad_(False)
        rows = torch.randint(len(train), (REAL_BATCH,), generator=generator)
        wanted = _moments(network, train.x[rows], train.y[rows], distilling)
        found = _moments(network, synthetic.x, synthetic.y, distilling)
        optimiser.zero_grad(set_to_none=True)
        (found - wanted).square().sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        synthetic.project()
        distilling.on_progress(done + 1, settings.iterations)
    return synthetic.distilled()


def _moments(network: Network, x: Tensor, y: Tensor, distilling: Distilling) -> Tensor:
    """Mean embeddings (K, F): one row per class, or one of all and one per target."""
    features = embedding(network, x)
    if distilling.classification:
        member = functional.one_hot(y, distilling.task.outputs).to(features.dtype)
        return (member / member.sum(dim=0).clamp_min(1)).T @ features
    factors = torch.cat([torch.ones_like(y[:, :1]), y], dim=1)
    return factors.T @ features / len(y)


def embedding(network: Network, x: Tensor) -> Tensor:
    """What enters the last weight layer, (N, F), for inputs (N, *input)."""
    seen: list[Tensor] = []

    def keep(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        seen.append(inputs[0])

    handle = network.layers[network.weighted[-1]].register_forward_pre_hook(keep)
    try:
        network(x)
    finally:
        handle.remove()
    return seen[0].flatten(1)
