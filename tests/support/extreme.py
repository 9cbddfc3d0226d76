"""Networks of the deployable spaces as trainings at their worst leave them: dead channels, large biases, far scales."""

from pathlib import Path

import numpy as np
import torch

from nac.arch import Architecture, Network
from nac.arch.quantisers import FIXED_POINT
from nac.space import SearchSpace, Unbuildable

SPACES = sorted((Path(__file__).resolve().parents[2] / "search_spaces").glob("*.yaml"))
ALIKE = {"jets_stream"}  # has the networks of jets_quantised, on more particles
DEPLOYABLE = [path.stem for path in SPACES if path.stem not in ALIKE and SearchSpace.load(str(path)).deployable]
LARGEST = {"width": 6, "channels": 3, "kernel": 3}


def small_member(name: str, generator: np.random.Generator) -> Architecture:
    """A random member of a space at random widths of 2 to 16 bits, small enough to be unrolled in a second."""
    shape = {"bragg": (1, 7, 7)}.get(name)
    space = SearchSpace.load(name, shape) if shape else SearchSpace.load(name)
    while True:
        genotype = space.repair(space.random(generator))
        try:
            arch = space.decode(genotype)
            blocks = [
                block.model_copy(update={key: min(getattr(block, key), most) for key, most in LARGEST.items()
                                         if hasattr(block, key)})
                for block in arch.blocks
            ]  # fmt: skip
            weights, activations, inputs = (int(generator.integers(2, most + 1)) for most in (16, 16, 12))
            bits = {"input": inputs, "weights": weights, "activations": activations}
            return Architecture.model_validate(
                {"input": arch.input, "blocks": [b.model_dump() for b in blocks], "outputs": arch.outputs, "bits": bits}
            )
        except (Unbuildable, ValueError):
            continue


def extreme_network(arch: Architecture, generator: np.random.Generator) -> Network:
    """Random weights whose channels lie up to 2**18 apart, dead channels and inputs, and biases of up to 10,000.

    Each at its own strength, none included, in every layer: most of the networks still depend on their inputs.
    """
    torch.manual_seed(int(generator.integers(1 << 30)))
    network = Network(arch, quantiser=FIXED_POINT).train()
    with torch.no_grad():
        for name in network.weighted:
            weight, bias = network.weight(name), network.layers[name].bias
            assert isinstance(bias, torch.Tensor)
            spread, share = generator.uniform(0, 9), max(0.0, generator.uniform(-0.3, 0.5))
            factors = np.exp2(generator.uniform(-spread, spread, len(weight)))
            weight.mul_(torch.from_numpy(factors).float().reshape(-1, *[1] * (weight.dim() - 1)))
            weight[torch.from_numpy(generator.random(len(weight)) < share)] = 0
            weight[:, torch.from_numpy(generator.random(weight.shape[1]) < share / 2)] = 0
            weight[torch.from_numpy(generator.random(tuple(weight.shape)) < share)] = 0
            largest = generator.choice([-1, 0, 1, 2, 4], p=[0.4, 0.2, 0.2, 0.1, 0.1])
            sizes = 10 ** generator.uniform(-3, largest, len(bias)) * generator.choice([-1, 0, 1], len(bias))
            bias.copy_(torch.from_numpy(sizes))
            if generator.random() < 0.02:
                weight.zero_()
        for _ in range(32):
            network(torch.randn(16, *arch.input))
    return network.eval()
