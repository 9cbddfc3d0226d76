"""A neighbour begins with what a training had come to."""

from typing import cast

import pytest
import torch
from designs import architecture
from learned import KINDS, emptied, learned
from problems import Problem

from nac.arch import Architecture, Network, copied, initialised
from nac.arch.quantisers import LEARNED
from nac.arch.quantisers.learned import Layer
from nac.compress.learned.front import Checkpoint, learnable, train_front
from nac.compress.learned.inherited import Start, start_of
from nac.compress.learned.living import Living, survivors
from nac.compress.structured import channel_groups, shrunk
from nac.config import LearnedConfig, TrainConfig
from nac.train import predict


def start(network: Network, epoch: int = 0) -> Start:
    return Start(network.architecture, Checkpoint(epoch, 0.0, 1.0, network.state_dict()))


def narrower(arch: Architecture) -> Architecture:
    """One channel less in every group."""
    nodes = Network(arch).graph
    return shrunk(arch, {name: torch.arange(nodes[name].shape[0] - 1) for group in channel_groups(arch)
                         for name in group.nodes})  # fmt: skip


def unread(network: Network) -> Network:
    """No channel has a reader, so that those beyond the inherited ones change nothing."""
    network = copied(network)
    with torch.no_grad():
        for name in network.weighted:
            cast(Layer, network.layers[name]).weight.zero_()
    return network


@pytest.mark.parametrize("kind", KINDS)
def test_a_network_of_as_many_or_more_channels_computes_what_the_checkpoint_does(kind: str) -> None:
    parent = learned(kind, 0)
    x = torch.randn(40, *parent.architecture.input)
    same = start(parent).inherited(learned(kind, 1))
    assert torch.equal(predict(same, x), predict(parent, x))
    small = Network(narrower(parent.architecture), quantiser=parent.quantiser).eval()
    begun = start(small)
    assert begun.fits(parent.architecture)
    child = unread(learned(kind, 1))
    before = {key: value.clone() for key, value in child.state_dict().items()}
    assert torch.allclose(predict(begun.inherited(child), x), predict(small, x), atol=1e-5)
    assert all(torch.equal(value, before[key]) for key, value in child.state_dict().items()), "left as it was"


@pytest.mark.parametrize("kind", KINDS)
def test_a_narrower_network_takes_the_living_channels(kind: str) -> None:
    parent = emptied(learned(kind, 0), 0, 9)  # nobody reads the first channel of some groups
    arch = survivors([Living.of(parent)])[0].network.architecture
    assert arch != parent.architecture
    x = torch.randn(40, *arch.input)
    heir = start(parent).inherited(Network(arch, quantiser=parent.quantiser).eval())
    assert torch.allclose(predict(heir, x), predict(parent, x), atol=1e-5)


def test_only_numbers_of_channels_may_differ() -> None:
    arch = architecture("mlp", 6)
    parent = start(Network(arch, quantiser=LEARNED))
    assert parent.fits(narrower(arch))
    assert not parent.fits(architecture("mlp", 6, "leaky_relu_1_8"))
    assert not parent.fits(arch.model_copy(update={"blocks": arch.blocks[:1]}))
    assert not parent.fits(arch.model_copy(update={"input": (12,)}))
    attention = learned("attention", 0)
    assert not start(attention).fits(attention.architecture), "channels mix there"


def test_the_latest_network_of_before_an_epoch_is_begun_with() -> None:
    network = learned("mlp", 0)
    points = [Checkpoint(epoch, 0.0, 1.0, network.state_dict()) for epoch in (9, 4, 6)]
    train = TrainConfig(epochs=10, cycles=5)
    found = [start_of(network.architecture, points, train, share) for share in (0.4, 0.45, 0.7, 0.99)]
    assert [each and each.point.epoch for each in found] == [None, 4, 6, 6], "there is a cycle left"


def test_a_training_goes_on_after_the_epochs_that_are_behind_it(problem: Problem) -> None:
    task, dataset, small = problem
    network = learnable(initialised(small, 0), dataset)
    settings = LearnedConfig(train=TrainConfig(epochs=8, batch_size=64, learning_rate=1e-2, cycles=4))
    whole = train_front(network, dataset, task, settings, None, seed=0)
    late = train_front(network, dataset, task, settings, None, seed=0, begun=3)
    assert min(point.epoch for point in late) >= 4, "the second cycle had begun"
    assert max(point.epoch for point in (*whole, *late)) <= 7
