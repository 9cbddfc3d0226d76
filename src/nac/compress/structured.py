"""Structured removal: whole channels and neurons go, so that the architecture itself gets smaller."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from nac.arch import Architecture, Channels, Graph, Network, trace, with_own_widths
from nac.arch.operations import Activation, Add
from nac.tasks import Split, Task
from nac.train import device_of

JUDGED_SAMPLES = 4096
"""Samples that importance is measured on."""


@dataclass(frozen=True)
class Group:
    """Channels that go together: channel i of every layer in `nodes`.

    They are judged at the outputs of `judged`, activations behind these layers and behind what is added to them. As
    many go as in the other groups of the same `tie`: a field of one block says how many there are.
    """

    nodes: tuple[str, ...]
    judged: tuple[str, ...]
    tie: int


def remove_channels(network: Network, share: float, split: Split, task: Task) -> Network:
    """A smaller float network with the weights of the channels that matter most.

    The same share of the channels goes in every hidden layer, the bottleneck of Deep Sets and the heads of an
    attention included; inputs and outputs stay. A channel matters by what setting its activation to zero would
    change the loss by, to first order: the mean over samples of (sum over positions of gradient times
    activation) squared (arXiv 1906.10771, eq. 8).

    Args:
        network: trained, float.
        share: of the channels that go, 0 to below 1; one is always left.
        split: samples to judge by, the training split.
        task: loss.
    """
    groups = channel_groups(network.architecture)
    scores = _importance(network, [node for group in groups for node in group.judged], split, task)
    kept: dict[str, Tensor] = {}
    for group in groups:
        score = torch.stack([scores[node] for node in group.judged]).sum(0)
        count = max(1, round((1 - share) * len(score)))
        chosen = score.topk(count).indices.sort().values
        kept.update(dict.fromkeys(group.nodes, chosen))
    return carried_over(network, kept).eval()


def channel_groups(architecture: Architecture) -> list[Group]:
    """The channels that layers make, in order of execution; those of the input and the output are in none."""
    graph = trace(architecture).folded()
    channels = Channels(graph)
    makers: dict[str, list[str]] = defaultdict(list)
    for node in graph.nodes:
        family = channels.removable(node.name)
        if node.operation.weighted and family is not None:
            makers[family].append(node.name)
    sizes = {
        node: (index, field)
        for index, block in enumerate(architecture.blocks)
        for node, field in block.sizes(f"{block.block}{index}").items()
    }
    groups: list[Group] = []
    ties: dict[tuple[int, str], int] = {}
    for family, nodes in makers.items():
        fields = [sizes[node] for node in nodes if node in sizes]
        tie = next((ties[field] for field in fields if field in ties), len(groups))
        ties.update(dict.fromkeys(fields, tie))
        groups.append(Group(tuple(nodes), _judged(graph, channels, family), tie))
    return groups


def _judged(graph: Graph, channels: Channels, family: str) -> tuple[str, ...]:
    """The activations of a family's layers and sums; what is added to others counts where it has been added."""
    added = {node.inputs[1] for node in graph.nodes if isinstance(node.operation, Add)}
    return tuple(
        node.name
        for node in graph.nodes
        if isinstance(node.operation, Activation)
        and channels.removable(node.name) == family
        and node.name not in added
        and (graph[node.inputs[0]].operation.weighted or isinstance(graph[node.inputs[0]].operation, Add))
    )


def shrunk(architecture: Architecture, channels: Mapping[str, Tensor]) -> Architecture:
    """The architecture whose layers have as many channels as are left of them."""
    nodes = {node.name: node.shape[0] for node in trace(architecture).nodes}
    counts = nodes | {name: len(kept) for name, kept in channels.items()}
    blocks = (block.resized(f"{block.block}{index}", counts) for index, block in enumerate(architecture.blocks))
    return architecture.model_copy(update={"blocks": tuple(blocks)})


def _importance(network: Network, names: list[str], split: Split, task: Task) -> dict[str, Tensor]:
    """Score (channels,) of every named activation node."""
    captured: dict[str, Tensor] = {}

    def capture(name: str) -> None:
        def hook(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            output.retain_grad()
            captured[name] = output

        handles.append(network.layers[name].register_forward_hook(hook))

    handles: list[torch.utils.hooks.RemovableHandle] = []
    for name in names:
        capture(name)
    network.eval()
    device = device_of(network)
    x, y = split.x[:JUDGED_SAMPLES].to(device), split.y[:JUDGED_SAMPLES].to(device)
    weights = split.weights_on(device)
    try:
        loss = task.loss(network(x), y, weights=None if weights is None else weights[:JUDGED_SAMPLES])
        loss.backward()  # type: ignore[no-untyped-call]
    finally:
        for handle in handles:
            handle.remove()
        network.zero_grad(set_to_none=True)
    return {name: _taylor(output) for name, output in captured.items()}


def _taylor(output: Tensor) -> Tensor:
    """Scores (channels,) from activations (N, channels, *positions) and their gradients."""
    effect = output.detach() * cast(Tensor, output.grad)
    return effect.reshape(*effect.shape[:2], -1).sum(2).square().mean(0)


def carried_over(source: Network, chosen: Mapping[str, Tensor]) -> Network:
    """A smaller network, float or quantised, with what is left of every layer.

    Args:
        source: left as it is.
        chosen: channels that stay, by the names of the layers of all groups (`channel_groups`) of its architecture.
    """
    target = Network(shrunk(source.architecture, chosen), quantiser=source.quantiser)
    target.load_state_dict(what_stays(source, source.state_dict(), chosen))
    return with_own_widths(target)


def what_stays(network: Network, state: Mapping[str, Tensor], chosen: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What is left of tensors that are named and shaped as the network's state; see `carried_over`."""
    channels = Channels(network.graph)
    kept: dict[str, Tensor] = {}
    left = {}
    for node in network.graph.nodes:
        family = channels.removable(node.name)
        elements = channels.elements(node.name, node.shape[0])
        kept[node.name] = torch.arange(node.shape[0])
        if family is not None:
            kept[node.name] = torch.isin(elements, chosen[family]).nonzero().flatten()
        if node.name not in network.layers:
            continue
        for key in network.layers[node.name].state_dict():
            tensor = state[f"layers.{node.name}.{key}"]
            smaller = tensor[kept[node.name]] if tensor.dim() else tensor
            if node.operation.weighted and tensor.shape == network.weight(node.name).shape:
                smaller = smaller[:, kept[node.inputs[0]]]
            left[f"layers.{node.name}.{key}"] = smaller.clone()
    return left
