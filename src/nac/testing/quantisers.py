"""The contract of a quantiser."""

from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from nac.arch import Architecture, Network, copied
from nac.arch.quantisers import QUANTISERS, plain
from nac.hardware import export_network, read_circuit
from nac.hardware.circuit.evaluate import evaluate, random_input

STEPS, SAMPLES = 35, 64
FLATTEN = {"block": "flatten"}
NETWORKS = [
    {"input": [6], "blocks": [{"block": "dense", "width": 7, "activation": activation}], "outputs": 3}
    for activation in ("relu", "leaky_relu_1_8")
] + [
    {"input": [2, 8], "blocks": [{"block": "conv1d", "channels": 3, "kernel": 3}, FLATTEN], "outputs": 2},
    {"input": [1, 5, 5], "blocks": [{"block": "conv2d", "channels": 3, "kernel": 3}, FLATTEN], "outputs": 2},
]  # fmt: skip
"""Every module that an operation asks a quantiser for."""


def check_quantiser(name: str) -> None:
    """Networks that it makes learn, have values and weights on its grids, and are the same in a circuit, bit for bit.

    Args:
        name: under which it is registered.
    """
    for known in NETWORKS:
        architecture = Architecture.model_validate(known).with_bits(weights=5, activations=5)
        torch.manual_seed(0)
        network = Network(architecture, quantiser=name).train()
        with torch.no_grad():
            for _ in range(STEPS):  # while it may look at values
                network(torch.randn(SAMPLES, *architecture.input))
        _learns(network)
        network.eval()
        _on_grids(network)
        _same_again(network)
        _keeps_grids(network)


def _learns(network: Network) -> None:
    outputs = network(torch.randn(SAMPLES, *network.architecture.input))
    assert outputs.shape == (SAMPLES, network.architecture.outputs), f"expected outputs, found {tuple(outputs.shape)}"
    outputs.square().sum().backward()
    for name in network.weighted:
        gradient = network.weight(name).grad
        assert gradient is not None and bool(gradient.isfinite().all()), f"{name}: expected finite gradients of weights"
        assert bool(gradient.any()), f"{name}: its weights have no gradient to learn by"


@torch.no_grad()
def _on_grids(network: Network) -> None:
    quantiser, seen = QUANTISERS[cast(str, network.quantiser)], {}
    for node in network.graph.nodes:
        if node.name in network.layers:
            def keep(module: Any, given: Any, value: Tensor, name: str = node.name) -> None:
                seen[name] = given[0], plain(value)

            network.layers[node.name].register_forward_hook(keep)
    network(torch.randn(SAMPLES, *network.architecture.input))
    for node in network.graph.nodes:
        layer: Any = dict(network.layers.items()).get(node.name)
        if node.operation.quantises:
            _multiples(f"{node.name}: values", seen[node.name][1], quantiser.step(layer))
        if node.operation.weighted:
            weights = layer.quant_weight()
            assert weights.value.shape == layer.weight.shape, f"{node.name}: quantised weights have another shape"
            _multiples(f"{node.name}: weights", weights.value, weights.scale)
            if layer.bias is not None:
                bias = quantiser.bias(layer, seen[node.name][0])
                assert bias.shape == (node.shape[0],), f"{node.name}: expected a bias for each output"
    for layer in network.layers.values():
        layer._forward_hooks.clear()


def _multiples(what: str, values: Tensor, step: Tensor) -> None:
    mantissa, _ = torch.frexp(step)
    assert bool((mantissa == 0.5).all()), f"{what}: steps that are no powers of two, which circuits do not take"
    steps = values.double() / step.double()
    assert bool((steps == steps.round()).all()), f"{what} are not multiples of the steps that they should have"


@torch.no_grad()
def _same_again(network: Network) -> None:
    """From its state, and from the exported graph."""
    circuit = read_circuit(export_network(network))
    x = random_input(circuit, SAMPLES)
    double = torch.from_numpy(x).double()
    expected = copied(network).eval().double()(double).numpy()
    again = copied(network).eval().double()(double).numpy()
    assert np.array_equal(expected, again), "expected the same network from its architecture, quantiser and state"
    assert np.array_equal(evaluate(circuit, x), expected), "its circuit computes something else"


@torch.no_grad()
def _keeps_grids(network: Network) -> None:
    """Once pinned, what is left of the weights stays as it is."""
    for name in network.weighted:
        layer: Any = network.layers[name]
        QUANTISERS[cast(str, network.quantiser)].pin(layer, layer.bias)
        before = layer.quant_weight().value.clone()
        gone = layer.weight.abs() >= layer.weight.abs().median()
        layer.weight[gone] = 0
        after = layer.quant_weight().value
        same = torch.equal(after[~gone], before[~gone])
        assert same, f"{name}: pinned, and other weights changed with those that went"
