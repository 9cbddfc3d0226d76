"""The contract of a block."""

from collections.abc import Sequence

import torch

from nac.arch import Architecture, Block, Network, initialised, workload

SAMPLES = 6


def check_block(block: Block, shape: tuple[int, ...], behind: Sequence[Block] = ()) -> None:
    """It survives JSON, makes nodes called after it, computes and learns, and knows the sizes of its nodes.

    Args:
        block: with some values; its kind is registered.
        shape: of an input that it takes, channels first.
        behind: blocks that take its output to features, as `Flatten`, where it does not itself.
    """
    architecture = Architecture(input=shape, blocks=(block, *behind), outputs=2)
    again = Architecture.model_validate_json(architecture.model_dump_json())
    assert again == architecture, "expected the same block after a round trip through JSON"
    assert block.summary(), "a block has a summary that tables show"

    network = initialised(architecture, 0)
    name, nodes = f"{block.block}0", [node.name for node in network.graph.nodes]
    own = {node for node in nodes if node == name or node.startswith(f"{name}_")}
    assert own, f"expected nodes called {name} or {name}_..., found {', '.join(nodes)}"
    x = torch.randn(SAMPLES, *shape, generator=torch.Generator().manual_seed(0))
    _learns(network, x)
    assert all(product.macs > 0 for product in workload(architecture)), "expected products that cost something"

    sizes = block.sizes(name)
    assert set(sizes) <= own, f"sizes of nodes that are not its own: {', '.join(sorted(set(sizes) - own))}"
    now = {node.name: node.shape[0] for node in network.graph.nodes if node.name in sizes}
    assert block.resized(name, now) == block, "expected the same block at the sizes that it has"


def _learns(network: Network, x: torch.Tensor) -> None:
    outputs = network(x)
    assert outputs.shape == (SAMPLES, 2), f"expected outputs {(SAMPLES, 2)}, found {tuple(outputs.shape)}"
    assert bool(outputs.isfinite().all()), "expected finite outputs"
    outputs.square().sum().backward()
    for path, parameter in network.named_parameters():
        assert parameter.grad is not None, f"{path} is in no path to the outputs"
