"""What is left of a network in training computes what all of it did."""

from typing import cast

import pytest
import torch
from designs import architecture
from learned import KINDS, emptied, learned
from problems import Problem

from nac.arch import Network, copied, initialised
from nac.arch.quantisers import LEARNED
from nac.arch.quantisers.learned import Values
from nac.compress.learned import front as module
from nac.compress.learned.front import learnable, train_front
from nac.compress.learned.living import Living, survivors
from nac.compress.structured import channel_groups
from nac.config import LearnedConfig, TrainConfig
from nac.train import predict


def size(network: Network) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_left_computes_the_same_and_so_does_the_whole_with_its_state(kind: str) -> None:
    networks = [emptied(learned(kind, seed), zero, 1) for seed, zero in ((0, 1), (1, 9), (2, 0))]
    x = torch.randn(40, *networks[0].architecture.input)
    left = survivors([Living.of(network) for network in networks])
    assert len({size(member.network) for member in left}) == 1
    for member, network in zip(left, networks, strict=True):
        assert torch.allclose(predict(member.network, x), predict(network, x), atol=1e-5)
        moved = copied(member.network)
        with torch.no_grad():
            for parameter in moved.parameters():
                parameter.add_(0.25 * torch.randn_like(parameter))
        whole = copied(network)
        whole.load_state_dict(member.state(moved.state_dict()))
        assert torch.allclose(predict(whole, x), predict(moved, x), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_channels_go_as_far_as_no_member_needs_them_and_again_from_what_is_left(kind: str) -> None:
    network = Network(architecture(kind, 6), quantiser=LEARNED).eval()
    one = survivors([Living.of(network)])[0]
    assert size(one.network) == size(network)
    two = survivors([Living.of(emptied(one.network, 9, 0))])[0]
    assert size(two.network) < size(one.network)
    both = survivors([Living.of(one.network), Living.of(emptied(one.network, 9, 0))])
    assert [size(member.network) for member in both] == [size(one.network)] * 2
    begun = Living.of(network)
    once = survivors([begun])[0]
    again = survivors([once.trained(emptied(once.network, 9, 0).state_dict())])[0]
    state = again.state(again.network.state_dict())
    assert {key: value.shape for key, value in state.items()} == {k: v.shape for k, v in network.state_dict().items()}
    whole = copied(network)
    whole.load_state_dict(state)
    x = torch.randn(40, *network.architecture.input)
    assert torch.allclose(predict(whole, x), predict(again.network, x), atol=1e-5)


def test_one_channel_is_left_where_all_are_dead_and_what_mixes_channels_stays() -> None:
    network = learned("mlp", 0)
    with torch.no_grad():
        for group in channel_groups(network.architecture):
            for name in group.judged:
                cast(Values, network.layers[name]).fraction.fill_(-20.0)
    left = survivors([Living.of(network)])[0].network
    assert {left.graph[group.nodes[0]].shape[0] for group in channel_groups(left.architecture)} == {1}
    for kind in ("attention", "trace"):
        mixing = learned(kind, 0)
        assert survivors([Living.of(mixing)])[0].network is mixing


def test_there_may_be_fewer_epochs_than_cycles(problem: Problem) -> None:
    task, dataset, small = problem
    network = learnable(initialised(small, 0), dataset)
    train = TrainConfig(epochs=3, batch_size=64, learning_rate=1e-2, cycles=5)
    front = train_front(network, dataset, task, LearnedConfig(together=2, train=train), None, seed=0)
    assert {point.epoch for point in front} <= {0, 1, 2}


def test_a_training_goes_on_with_what_is_left(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    task, dataset, small = problem
    sizes: list[int] = []

    def watched(members: list[Living]) -> list[Living]:
        sizes.append(size(members[0].network))
        return survivors(members)

    monkeypatch.setattr(module, "survivors", watched)
    network = learnable(initialised(small, 0), dataset)
    train = TrainConfig(epochs=24, batch_size=64, learning_rate=1e-2, cycles=4)
    front = train_front(network, dataset, task, LearnedConfig(beta=(1e-5, 1e-2), train=train), None, seed=0)
    assert sizes[0] == size(network) > sizes[-1]
    assert {point.epoch for point in front} <= set(range(24))
    shapes = {key: value.shape for key, value in network.state_dict().items()}
    assert all({key: value.shape for key, value in point.state.items()} == shapes for point in front)
