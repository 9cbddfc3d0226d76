"""What a search makes of every candidate: pruned, quantised, with few digits."""

import pytest
import torch
from problems import Problem

from nac.arch import UNCOMPRESSED, Compression, Network, initialised, integer_weights
from nac.compress import quantised_in_short
from nac.compress.digits import total_digits
from nac.config import TrainConfig
from nac.train import evaluate, fit

TRAIN = TrainConfig(epochs=8, batch_size=64, learning_rate=1e-2)


@pytest.fixture(scope="module")
def trained(problem: Problem) -> Network:
    task, dataset, architecture = problem
    network = initialised(architecture.with_bits(weights=6, activations=6), seed=0)
    fit(network, dataset, task, TRAIN, seed=0)
    return network


def zeros(network: Network) -> float:
    integers = torch.cat([weights.flatten() for weights in integer_weights(network).values()])
    return float((integers == 0).float().mean())


@pytest.mark.parametrize(
    "wanted", [UNCOMPRESSED, Compression(sparsity=0.5), Compression(digits=0.3), Compression(0.5, 0.6)]
)
def test_weights_and_digits_go_and_the_network_still_works(
    problem: Problem, trained: Network, wanted: Compression
) -> None:
    task, dataset, _ = problem
    before = {name: tensor.clone() for name, tensor in trained.state_dict().items()}
    found = quantised_in_short(trained, wanted, task, dataset, TRAIN, seed=1)
    full = quantised_in_short(trained, UNCOMPRESSED, task, dataset, TRAIN, seed=1)
    assert evaluate(found, dataset.validation, task)["accuracy"] > 0.9
    assert zeros(found) >= wanted.sparsity - 0.01
    # The weights that stay are the larger ones, which have more digits than the mean.
    assert total_digits(found) <= 1.25 * wanted.density * total_digits(full)
    assert all(torch.equal(before[name], tensor) for name, tensor in trained.state_dict().items())
    again = quantised_in_short(trained, wanted, task, dataset, TRAIN, seed=1)
    assert all(torch.equal(tensor, again.state_dict()[name]) for name, tensor in found.state_dict().items())
