import pytest
import torch
from networks import ATTENTION_CNN, DEEP_SETS, MAX_SETS, TRACE
from problems import blobs

from nac.arch import Architecture, Network, workload
from nac.compress.structured import remove_channels
from nac.config import TrainConfig
from nac.cost import macs
from nac.tasks import Preprocessing, Split
from nac.tasks.task import DataTask
from nac.train import evaluate, fit

MEMBERS = [DEEP_SETS, MAX_SETS, ATTENTION_CNN, TRACE]


class Squares(DataTask):
    """A loss for any network: how far its outputs are from zero."""

    def __init__(self) -> None:
        """Needs no configuration."""

    def loss(
        self, outputs: torch.Tensor, targets: torch.Tensor, label_smoothing: float = 0.0,
        weights: torch.Tensor | None = None,
    ) -> torch.Tensor:  # fmt: skip
        """Mean square."""
        return outputs.square().mean()


def noise(architecture: Architecture, n: int = 64) -> Split:
    return Split(torch.randn(n, *architecture.input), torch.zeros(n, dtype=torch.int64), Preprocessing(scaling="none"))


def random_network(architecture: Architecture) -> Network:
    torch.manual_seed(0)
    network = Network(architecture).train()
    for _ in range(5):
        network(torch.randn(32, *architecture.input))
    return network.eval()


@pytest.mark.parametrize("architecture", MEMBERS, ids=["mean", "max", "attention", "trace"])
def test_half_the_channels_are_most_of_the_work(architecture: Architecture) -> None:
    network = random_network(architecture)
    smaller = remove_channels(network, 0.5, noise(architecture), Squares())
    for before, after in zip(architecture.blocks, smaller.architecture.blocks, strict=True):
        for field in ("width", "channels"):
            if hasattr(before, field):
                assert getattr(after, field) == max(1, round(0.5 * getattr(before, field)))
    assert Architecture.from_json(smaller.architecture.to_json()) == smaller.architecture
    if architecture is DEEP_SETS:
        assert macs(workload(smaller.architecture)) <= 0.4 * macs(workload(architecture))


@pytest.mark.parametrize("architecture", MEMBERS, ids=["mean", "max", "attention", "trace"])
def test_channels_that_do_nothing_are_those_that_go(architecture: Architecture) -> None:
    """What is left computes the same as before when what is removed was silent."""
    network = random_network(architecture)
    silent = {
        name: torch.arange(0, network.weight(name).shape[0], 2) for name in network.weighted if name != "output"
    }
    with torch.no_grad():
        for name, channels in silent.items():
            for module in {name, f"{name}_norm"} & set(network.layers):
                for parameter in network.layers[module].parameters():
                    parameter[channels] = 0
    smaller = remove_channels(network, 0.4, noise(architecture), Squares())
    x = torch.randn(20, *architecture.input)
    torch.testing.assert_close(smaller(x), network(x), rtol=1e-4, atol=1e-5)
    assert smaller.architecture != architecture


def test_no_share_changes_nothing_and_one_channel_is_always_left() -> None:
    network = random_network(DEEP_SETS)
    same = remove_channels(network, 0.0, noise(DEEP_SETS), Squares())
    assert same.architecture == DEEP_SETS
    x = torch.randn(20, *DEEP_SETS.input)
    assert torch.equal(same(x), network(x))
    least = remove_channels(network, 0.999, noise(DEEP_SETS), Squares())
    assert least(x).shape == (20, 5)
    assert {weight.shape[0] for name in least.weighted[:-1] for weight in [least.weight(name)]} == {1}


def test_the_smaller_network_still_solves_the_problem_after_training() -> None:
    task, dataset, architecture = blobs()
    torch.manual_seed(0)
    network = Network(architecture)
    settings = TrainConfig(epochs=6, batch_size=64, learning_rate=1e-2)
    fit(network, dataset, task, settings, seed=0)
    smaller = remove_channels(network, 0.5, dataset.train, task)
    fit(smaller, dataset, task, settings, seed=0)
    assert evaluate(smaller, dataset.test, task)["accuracy"] > 0.9
