"""An Architecture as a torch network, float or quantised: one class that walks the graph."""

from dataclasses import replace
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from nac.arch.architecture import Architecture, trace, workload
from nac.arch.quantisers import FIXED_POINT, QUANTISERS, plain
from nac.cost import MatrixOp, set_bits


class Network(nn.Module):
    """Runs a graph node by node. `layers` holds the modules by node name.

    Float networks keep norms; quantised ones have them folded (`quantise`). forward takes (N, *input) and
    returns (N, outputs).

    Args:
        architecture: the network.
        quantiser: the name of what quantises it; None for a float network.
    """

    def __init__(self, architecture: Architecture, *, quantiser: str | None = None) -> None:
        super().__init__()
        self.architecture = architecture
        self.quantiser = quantiser
        graph = trace(architecture)
        self.graph = graph.folded() if quantiser else graph
        self.layers = nn.ModuleDict()
        for node in self.graph.nodes:
            sources = self.graph.sources(node)
            if quantiser:
                module = node.operation.quantised_module(node, sources, QUANTISERS[quantiser])
            else:
                module = node.operation.float_module(node, sources)
            if module is not None:
                self.layers[node.name] = module

    @property
    def quantised(self) -> bool:
        """Whether its values and weights lie on grids."""
        return self.quantiser is not None

    def weight(self, name: str) -> nn.Parameter:
        """The weights of a node that has some, shape (outputs, inputs, *kernel)."""
        return cast(nn.Parameter, self.layers[name].weight)

    @property
    def weighted(self) -> list[str]:
        """Names of the nodes that have weights, in order."""
        return [node.name for node in self.graph.nodes if node.operation.weighted]

    def forward(self, x: Tensor) -> Tensor:
        """(N, *input) to (N, outputs)."""
        values: dict[str, Tensor] = {}
        for node in self.graph.nodes:
            inputs = [values[name] for name in node.inputs] or [x]
            if node.name in self.layers:
                values[node.name] = self.layers[node.name](*inputs)
            else:
                values[node.name] = node.operation.compute(node, *inputs)
        return plain(values[self.graph.output.name])


def initialised(architecture: Architecture, seed: int) -> Network:
    """An untrained float network whose weights depend on the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Network(architecture)


def copied(network: Network, architecture: Architecture | None = None) -> Network:
    """The same network with weights, and ranges of its values, of its own.

    Args:
        network: float or quantised.
        architecture: the same one at other bit widths, for a quantised network; by default its own.
    """
    twin = Network(architecture or network.architecture, quantiser=network.quantiser)
    twin.load_state_dict(network.state_dict())
    return twin


def with_own_widths(network: Network) -> Network:
    """The same network with the architecture that says the widths which its layers' state has."""
    if network.quantiser is None:
        return network
    quantiser = QUANTISERS[network.quantiser]
    widths = {
        node.name: width for node in network.graph.nodes
        if (node.operation.weighted or node.operation.quantises)
        and (width := quantiser.width(network.layers[node.name])) is not None
    }  # fmt: skip
    return copied(network, network.architecture.with_layer_bits(widths)) if widths else network


def fold_norms(network: Network) -> dict[str, tuple[Tensor, Tensor | None]]:
    """Weights and biases by node name after folding each batch norm into the layer before it.

    Args:
        network: a float network in which every norm is a batch norm.
    """
    folded: dict[str, tuple[Tensor, Tensor | None]] = {}
    norms = {node.inputs[0]: network.layers[node.name] for node in network.graph.nodes if node.operation.folds}
    for name in network.weighted:
        layer = network.layers[name]
        weight = network.weight(name).detach().clone()
        bias = None if layer.bias is None else cast(Tensor, layer.bias).detach().clone()
        if (norm := norms.get(name)) is not None:
            assert isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d)
            assert norm.running_var is not None
            assert norm.running_mean is not None
            weight, bias = (part.detach() for part in fuse_conv_bn_weights(  # of dense layers as well
                weight, bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
            ))  # fmt: skip
        folded[name] = (weight, bias)
    return folded


def integer_weights(network: Network) -> dict[str, Tensor]:
    """The weights of a quantised network as integers by node name, in steps of each layer's scale."""
    with torch.no_grad():
        return {
            name: torch.round(quant.value / quant.scale).to(torch.int64)
            for name in network.weighted
            for quant in [cast(Any, network.layers[name]).quant_weight()]
        }


def measured_workload(network: Network) -> list[MatrixOp]:
    """The workload of a quantised network with the densities and set bits of its trained weights."""
    weights = {name: tensor.cpu().numpy() for name, tensor in integer_weights(network).items()}
    density = {name: np.count_nonzero(values) / values.size for name, values in weights.items()}
    return [
        replace(op, weight_bit_sum=float(set_bits(weights[op.name]))) if op.name in weights else op
        for op in workload(network.architecture, density)
    ]


def quantise(
    network: Network, architecture: Architecture | None = None, quantiser: str = FIXED_POINT
) -> Network:
    """A quantised network that starts from a float one, its batch norms folded.

    Args:
        network: float network.
        architecture: the same architecture with the bit widths wanted; by default the network's own.
        quantiser: by name.
    """
    target = Network(architecture or network.architecture, quantiser=quantiser)
    with torch.no_grad():
        for name, (weight, bias) in fold_norms(network).items():
            target.weight(name).copy_(weight)
            if bias is not None:
                cast(Tensor, target.layers[name].bias).copy_(bias)
    return target
