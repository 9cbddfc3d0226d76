"""Records circuits for the instant model of hardware costs (nac.hardware.analytic), and says how well it fits them.

    python benchmarks/record_circuits.py --out FILE [--table FILE] [--random 40] [--run RUN]...

Random members of the spaces for jets, for vectors and for Bragg peaks, with random weights, bits, sparsity and clock,
and the quantised trials of runs (`search.quantise`), every few where there are many. They join those of the table.
Costs are those of their adder graphs.
"""

import argparse
import logging
import math
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import numpy as np
import torch

from nac.arch import Architecture, Compression, Network, quantise
from nac.compress.pruners import keep_largest
from nac.config import TargetConfig
from nac.design.folder import load_quantised
from nac.errors import NacError
from nac.global_search import results
from nac.hardware.analytic import Recorded, fit_model, read_table, write_table
from nac.hardware.rtl import estimate_network
from nac.rundir import Run
from nac.space import SearchSpace, Unbuildable
from nac.study import load_study

logger = logging.getLogger(__name__)
SPACES = {"jets_quantised": ((3, 8), 5), "jets_mlp": ((16,), 5), "bragg": ((1, 11, 11), 2)}
MOST_MACS = 30_000
MOST_OF_A_RUN = 40
CLOCKS_NS = (2.5, 3.125, 4.0, 5.0, 6.25, 8.0)


def main() -> None:
    """Record, write, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--table", type=Path, help="circuits to start from")
    parser.add_argument("--random", type=int, default=40, help="networks of each space")
    parser.add_argument("--run", type=Path, action="append", default=[], help="a run whose trials are quantised")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    generator = np.random.default_rng(0)
    circuits = read_table(asked.table) if asked.table else []
    for architecture, compression, network in (*_random(asked.random, generator), *_trained(asked.run)):
        target = TargetConfig(clock_period_ns=float(generator.choice(CLOCKS_NS)))
        try:
            found = estimate_network(network, target)
        except NacError as error:
            logger.info("left out: %s (%s)", architecture.summary(), error)
            continue
        circuits.append(Recorded(
            architecture=architecture, sparsity=compression.sparsity, digits=compression.digits,
            clock_period_ns=target.clock_period_ns, lut=round(found.lut), ff=found.ff, levels=found.levels,
            tool="alkaid", version=metadata.version("alkaid"),
        ))  # fmt: skip
        write_table(asked.out, circuits)
    model = fit_model(circuits)
    for name, agreement in model.agreement.items():
        print(f"{name}: mean error {agreement.mean_error:.1%} on circuits left out of the fit ({len(circuits)} in all)")


def _random(count: int, generator: np.random.Generator) -> Iterator[tuple[Architecture, Compression, Network]]:
    """Networks with random weights, their smallest removed."""
    for name, (shape, outputs) in SPACES.items():
        space, made = SearchSpace.load(name, shape, outputs), 0
        while made < count:
            try:
                genotype = space.repair(space.random(generator))
            except Unbuildable:
                continue
            architecture = space.decode(genotype).with_bits(
                input=8, weights=int(generator.integers(3, 9)), activations=int(generator.integers(3, 9))
            )
            sparsity = float(generator.choice([0, 0.3, 0.5, 0.7, 0.9]))
            torch.manual_seed(made)
            network = Network(architecture)
            if sum(p.numel() for p in network.parameters()) * math.prod(shape[1:]) > MOST_MACS:
                continue
            made += 1
            masks = keep_largest(network, 1 - sparsity).masks
            quantised = quantise(network).train()
            with torch.no_grad():
                for layer, mask in masks.items():
                    quantised.weight(layer).mul_(mask)
                for _ in range(35):
                    quantised(torch.randn(64, *shape))
            yield architecture, Compression(sparsity), quantised.eval()


def _trained(runs: list[Path]) -> Iterator[tuple[Architecture, Compression, Network]]:
    """The quantised trials of runs."""
    for path in runs:
        run = Run(path)
        kept = [result for result in results(load_study(run))
                if (run.trial(result.number) / "quantised.safetensors").is_file()]
        for result in kept[:: max(1, math.ceil(len(kept) / MOST_OF_A_RUN))]:
            yield result.architecture, result.compression, load_quantised(run.trial(result.number))


if __name__ == "__main__":
    main()
