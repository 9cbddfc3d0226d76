"""Folded circuits: fold against LUTs, flip-flops, initiation interval and latency, and the estimate against yosys.

Networks have random weights: what they compute is no matter here. Every Verilog is simulated against its network, with
gaps in the stream and without. Those beyond MAPPED LUTs are simulated only: yosys takes hours for them.

    python benchmarks/folding.py [--designs NAME ...] [--large] [--no-synthesis] [--unrolled] > table.md
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import spearmanr

from nac.arch import Architecture, Network
from nac.arch.quantisers import FIXED_POINT
from nac.config import TargetConfig
from nac.errors import WorkError
from nac.hardware.circuit import Circuit
from nac.hardware.circuit.evaluate import evaluate, random_input
from nac.hardware.onnx.export import export_network
from nac.hardware.onnx.read import read_circuit
from nac.hardware.rtl import estimate, prove, synthesise_rtl, tools, write_rtl
from nac.hardware.rtl.lowering import unrolled_products
from nac.hardware.rtl.simulation import simulator
from nac.space import SearchSpace

BEATS, LUTS = 3000, 5000
"""About so many are simulated of every design, fewer of those with more LUTs, which take as much longer."""
COMPILED = 20_000
"""LUTs from which compiling the Verilog (Verilator) is worth its time: Icarus begins at once."""
MAPPED = 60_000
"""LUTs up to which yosys maps a circuit."""
COLUMNS = (
    "design", "products", "fold", "LUT (estimate)", "LUT (yosys)", "FF (estimate)", "FF (yosys)", "ii", "latency",
    "after the last", "unrolled LUT (estimate)", "RTL s", "simulation s", "yosys s",
)  # fmt: skip
FLATTEN: dict[str, Any] = {"block": "flatten"}


def conv(channels: int, kernel: int = 3, **more: Any) -> dict[str, Any]:
    """A convolution; with `stride`, of a trace and padded."""
    if "stride" in more:
        more |= {"block": "conv1d", "padding": "same"}
    return {"block": "conv2d", "channels": channels, "kernel": kernel, "activation": "relu"} | more


def dense(width: int) -> dict[str, Any]:
    """A dense layer."""
    return {"block": "dense", "width": width, "activation": "relu"}


def of(shape: tuple[int, ...], blocks: list[dict[str, Any]], outputs: int, bits: int) -> Architecture:
    """An architecture with one width everywhere, and 8 bits at its input."""
    return Architecture.model_validate({"input": shape, "blocks": blocks, "outputs": outputs,
                                        "bits": {"input": 8, "weights": bits, "activations": bits}})  # fmt: skip


def jets(particles: int, bits: int, width: int, kind: str = "mean") -> Architecture:
    """Deep Sets on three features a particle."""
    blocks = [*map(dense, (width, width, 16)), {"block": "aggregate", "kind": kind}, dense(width)]
    return of((3, particles), blocks, 5, bits)


def bragg(name: str, bits: int) -> Architecture:
    """A network that the space of the Bragg task names."""
    space = SearchSpace.load("bragg")
    return space.decode(space.baselines[name]).with_bits(weights=bits, activations=bits)


def trace(shape: tuple[int, ...], bits: int) -> Architecture:
    """Two strided convolutions and two dense layers."""
    return of(shape, [conv(4, 7, stride=8), conv(4, 5, stride=4), FLATTEN, dense(8)], 2, bits)


SAME = conv(4) | {"padding": "same"}
# BraggNN without the softmax of its attention.
ATTENTION: dict[str, Any] = {"block": "attention", "width": 32}
BRAGGNN = [conv(64), ATTENTION, conv(32), conv(8), FLATTEN, *map(dense, (64, 32, 16, 8))]
RESIDUAL = [conv(4), {"block": "residual", "blocks": [SAME, SAME]}, conv(4), FLATTEN, dense(8)]
MILLION = [conv(16), conv(16), conv(16), FLATTEN, dense(16)]
DESIGNS: dict[str, tuple[Architecture, tuple[int, ...]]] = {
    "Bragg tiny, 4 bits": (bragg("tiny", 4), (1, 11)),
    "Bragg small, 4 bits": (bragg("small", 4), (1, 11)),
    "Bragg small_window, 6 bits": (bragg("small_window", 6), (1,)),
    "Bragg one_percent, 6 bits": (bragg("one_percent", 6), (1,)),
    "Bragg attentive, 4 bits": (bragg("attentive", 4), (1,)),
    "Bragg fine, 8 bits": (bragg("fine", 8), (1,)),
    "Bragg residual, 4 bits": (of((1, 11, 11), RESIDUAL, 2, 4), (1,)),
    "jets of 16, 6 bits": (jets(16, 6, 12), (1, 2)),
    "jets of 32, 4 bits": (jets(32, 4, 32), (2, 4)),
    "jets of 64, 4 bits": (jets(64, 4, 12, "max"), (2,)),
    "trace 1 x 64, 8 bits": (trace((1, 64), 8), (1,)),
    "trace 2 x 400, 4 bits": (trace((2, 400), 4), (1,)),
    "trace 1 x 1000, 6 bits": (of((1, 1000), [FLATTEN, *map(dense, (4, 4))], 2, 6), (1,)),
}
"""By name: a network, and positions a clock."""
LARGE: dict[str, tuple[Architecture, tuple[int, ...]]] = {
    "1.1 M products, 6 bits": (of((1, 21, 21), MILLION, 2, 6), (1,)),
    "BraggNN, 6 bits": (of((1, 11, 11), BRAGGNN, 2, 6), (1,)),
}
"""The same, of networks whose RTL takes minutes to write."""


def circuit_of(arch: Architecture) -> Circuit:
    """The circuit of a network with random weights, its scales set by noise."""
    torch.manual_seed(0)
    network = Network(arch, quantiser=FIXED_POINT).train()
    with torch.no_grad():
        for _ in range(35):
            network(torch.randn(64, *arch.input))
    return read_circuit(export_network(network.eval()))


def rows(names: list[str], *, synthesis: bool, unrolled: bool) -> Iterator[dict[str, Any]]:
    """One for every design and fold."""
    for name in names:
        arch, folds = (DESIGNS | LARGE)[name]
        circuit, whole = circuit_of(arch), None
        if unrolled:
            try:
                whole = estimate(circuit, TargetConfig()).lut
            except WorkError:  # too large
                whole = None
        for fold in folds:
            yield {"design": name, "products": unrolled_products(circuit), "fold": fold,
                   "unrolled LUT (estimate)": whole, **measured(circuit, fold, synthesis=synthesis)}  # fmt: skip


def measured(circuit: Circuit, fold: int, *, synthesis: bool) -> dict[str, Any]:
    """What becomes of a circuit with so many positions a clock."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        project = write_rtl(circuit, Path(folder) / "rtl", TargetConfig(fold=fold), name="design", source="benchmark")
        written, record = time.perf_counter() - start, project.record
        assert record.fold is not None
        beats = BEATS * min(1.0, LUTS / max(record.cost_lut, 1.0))
        x = random_input(circuit, max(int(beats) // record.beats, 8))
        start = time.perf_counter()
        seen = prove(project, x, evaluate(circuit, x), simulator() if record.cost_lut > COMPILED else tools.iverilog())
        simulated = time.perf_counter() - start
        start = time.perf_counter()
        mapped = synthesise_rtl(project) if synthesis and record.cost_lut <= MAPPED else None
    return {
        "LUT (estimate)": record.cost_lut, "LUT (yosys)": mapped.lut if mapped else None,
        "FF (estimate)": record.register_bits, "FF (yosys)": mapped.ff if mapped else None, "ii": seen.ii,
        "latency": seen.latency_cycles, "after the last": record.fold.tail_cycles, "RTL s": written,
        "simulation s": simulated, "yosys s": time.perf_counter() - start,
    }  # fmt: skip


def shown(value: Any) -> str:
    """A cell of the table."""
    return "" if value is None else value if isinstance(value, str) else f"{value:,.0f}"


def main() -> None:
    """Print the table, row by row, and how near the estimate is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--designs", nargs="+", choices=list(DESIGNS | LARGE), metavar="NAME")
    parser.add_argument("--large", action="store_true", help="those of a million products as well")
    parser.add_argument("--no-synthesis", action="store_true")
    parser.add_argument("--unrolled", action="store_true", help="also estimate the unrolled circuits")
    given = parser.parse_args()
    lines = [f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    sys.stdout.write("\n".join(lines) + "\n")
    found = []
    names = given.designs or list(DESIGNS | LARGE if given.large else DESIGNS)
    for row in rows(names, synthesis=not given.no_synthesis, unrolled=given.unrolled):
        sys.stdout.write(f"| {' | '.join(shown(row[column]) for column in COLUMNS)} |\n")
        sys.stdout.flush()
        found.append(row)
    for what in ("LUT", "FF"):
        pairs = [(row[f"{what} (estimate)"], row[f"{what} (yosys)"]) for row in found if row[f"{what} (yosys)"]]
        if len(pairs) > 2:
            known, mapped = np.array(pairs).T
            sys.stdout.write(f"\n{what}: mean error {np.mean(np.abs(known / mapped - 1)):.1%}, Spearman "
                             f"{spearmanr(known, mapped).statistic:.3f} over {len(pairs)} circuits\n")  # fmt: skip


if __name__ == "__main__":
    main()
