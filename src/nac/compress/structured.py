"""Structured removal: whole channels and neurons go, so that the architecture itself gets smaller."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn

from nac.arch import Architecture, Attention, Conv, Dense, Network, Node
from nac.tasks import Split, Task

JUDGED_SAMPLES = 4096
"""Samples that importance is measured on."""


@dataclass(frozen=True)
class Group:
    """Channels that go together: channel i of every node in `nodes`, all made by one block.

    They are judged at the outputs of `judged`: their own activations, and behind the attentions that add to them.
    """

    block: int
    nodes: tuple[str, ...]
    judged: tuple[str, ...]


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
    return carried_over(network, groups, kept).eval()


def channel_groups(architecture: Architecture) -> list[Group]:
    """The channels that blocks make, in order of execution; those of the input and the output are in none."""
    groups: list[Group] = []
    stream = 0  # the group whose channels flow on: an attention adds to them
    for index, block in enumerate(architecture.blocks):
        name = f"{block.block}{index}"
        if isinstance(block, Dense | Conv):
            stream = len(groups)
            groups.append(_group(index, name))
        elif isinstance(block, Attention):  # keys meet queries channel by channel, values have channels of their own
            if groups:
                groups[stream] = replace(groups[stream], judged=(*groups[stream].judged, f"{name}_act"))
            groups += [_group(index, f"{name}_query", f"{name}_key"), _group(index, f"{name}_value")]
    return groups


def _group(block: int, *nodes: str) -> Group:
    return Group(block, nodes, tuple(f"{node}_act" for node in nodes))


def _shrunk(architecture: Architecture, groups: list[Group], kept: Mapping[str, Tensor]) -> Architecture:
    blocks = list(architecture.blocks)
    for group in groups:
        block = blocks[group.block]
        field = "channels" if isinstance(block, Conv) else "width"
        blocks[group.block] = block.model_copy(update={field: len(kept[group.nodes[0]])})
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
    device = next(network.parameters()).device
    x, y = split.x[:JUDGED_SAMPLES].to(device), split.y[:JUDGED_SAMPLES].to(device)
    try:
        task.loss(network(x), y).backward()  # type: ignore[no-untyped-call]
    finally:
        for handle in handles:
            handle.remove()
        network.zero_grad(set_to_none=True)
    return {name: _taylor(output) for name, output in captured.items()}


def _taylor(output: Tensor) -> Tensor:
    """Scores (channels,) from activations (N, channels, *positions) and their gradients."""
    effect = output.detach() * cast(Tensor, output.grad)
    return effect.reshape(*effect.shape[:2], -1).sum(2).square().mean(0)


def carried_over(source: Network, groups: list[Group], chosen: Mapping[str, Tensor]) -> Network:
    """A smaller network, float or quantised, with what is left of every layer.

    Args:
        source: left as it is.
        groups: of its architecture.
        chosen: channels that stay, by the names of the groups' nodes.
    """
    kept: dict[str, Tensor] = {}
    state = {}
    for node in source.graph.nodes:
        kept[node.name] = _kept(node, source, kept, chosen)
        if node.name not in source.layers:
            continue
        for key, tensor in source.layers[node.name].state_dict().items():
            smaller = tensor[kept[node.name]] if tensor.dim() else tensor
            if node.name in source.weighted and key == "weight":
                smaller = smaller[:, kept[node.inputs[0]]]
            state[f"layers.{node.name}.{key}"] = smaller.clone()
    target = Network(_shrunk(source.architecture, groups, chosen), quantiser=source.quantiser)
    target.load_state_dict(state)
    return target


def _kept(node: Node, network: Network, kept: Mapping[str, Tensor], chosen: Mapping[str, Tensor]) -> Tensor:
    """Which indices along the first axis of a node's value are left."""
    if node.name in chosen:
        return chosen[node.name]
    if node.op == "dense" and node.name.endswith("_project"):  # its sum with the residual has the residual's channels
        return kept[node.name.replace("_project", "_pixels")]
    if node.op in {"input", "dense", "conv"} or (node.op == "matmul" and node.attrs["transpose_a"]):
        return torch.arange(node.shape[0])
    before = kept[node.inputs[0]]
    if node.op == "flatten":
        positions = node.shape[0] // network.graph[node.inputs[0]].shape[0]
        return (before[:, None] * positions + torch.arange(positions)).flatten()
    return before
