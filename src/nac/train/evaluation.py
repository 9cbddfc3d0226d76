"""What networks say of samples, and how well."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from nac.arch import Network, workload
from nac.cost import macs
from nac.tasks import Estimate, Split, Task, values_of

MACS_PER_STEP_WORTH_THREADS = 3e8


@contextmanager
def threads_for(network: Network, batch_size: int) -> Iterator[None]:
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
def moved(device: torch.device, *networks: Network) -> Iterator[None]:
    """Networks on a device for a while; everything but training is done where they came from."""
    homes = [device_of(network) for network in networks]
    try:
        for network in networks:
            network.to(device)
        yield
    finally:
        for network, home in zip(networks, homes, strict=True):
            network.to(home)


def device_of(network: Network) -> torch.device:
    """Where the parameters are."""
    return next(network.parameters()).device


@torch.no_grad()
def predict(network: Network, x: Tensor, batch_size: int = 2048) -> Tensor:
    """Outputs (N, outputs) for preprocessed inputs (N, *input), in evaluation mode."""
    training = network.training
    network.eval()
    with threads_for(network, batch_size):
        outputs = torch.cat([network(part) for part in torch.split(x, batch_size)])
    network.train(training)
    return outputs


def validation_loss(network: Network, split: Split, task: Task) -> float:
    """The task's loss over a split."""
    device = device_of(network)
    x, y = split.on(device)
    return float(task.loss(predict(network, x), y, weights=split.weights_on(device)))


def estimate(network: Network, split: Split, task: Task) -> dict[str, Estimate]:
    """Every metric of the task over a split, with what its interval needs."""
    x, _ = split.on(device_of(network))
    return task.estimates(predict(network, x).cpu().double().numpy(), split.y.numpy(), split.preprocessing)


def evaluate(network: Network, split: Split, task: Task) -> dict[str, float]:
    """Every metric of the task over a split."""
    return values_of(estimate(network, split, task))
