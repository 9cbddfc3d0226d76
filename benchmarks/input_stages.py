"""What an input stage in the firmware costs: accuracy, LUTs and cycles beside the same network behind a float scaling.

    python benchmarks/input_stages.py --task jets --data train.npz --test held_out.npz [--network light] [--seeds 3]
        [--scaling log --scaling pseudo_log]... [--bits 6] [--sparsity 0.5] [--set KEY=VALUE]...

One network of the task's search space is trained as the local search does it, for every scaling and every seed, on the
same samples, and measured on others. Figures of circuits are estimates from adder graphs: of the network alone, and
with the stage, which scalings that are no stage leave to somebody else.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from nac.compress import Winner, compress
from nac.config import load_task
from nac.hardware.rtl import estimate_network
from nac.rundir import Run
from nac.space import SearchSpace
from nac.tasks import make_task
from nac.train import evaluate

FIGURES = ("lut", "network_lut", "latency_cycles", "network_latency_cycles")


def measured(given: argparse.Namespace, scaling: str, seed: int) -> dict[str, Any]:
    """One training: the metric on the samples held out, and what the circuits cost."""
    config = load_task(given.task, "default", (
        f"data.scaling={scaling}", f"compress.bits=[{given.bits}]", f"compress.sparsity=[{given.sparsity}]",
        *given.set,
    ))  # fmt: skip
    task = make_task(config)
    space = SearchSpace.load(config.space, task.input_shape, task.outputs)
    dataset = task.load([given.data], 0)
    winner = Winner(0, space.decode(space.baselines[given.network]))
    with TemporaryDirectory() as folder:
        (design,) = compress([winner], task, dataset, Run(Path(folder)), config.compress, seed=seed)
        network, prep = design.network, design.record.preprocessing
    found: Mapping[str, float] = evaluate(network, task.read([given.test], prep), task)
    whole = estimate_network(network, config.target, task=config, preprocessing=prep).costs()
    alone = estimate_network(network, config.target).costs()
    return {"scaling": scaling, "seed": seed, **found, "lut": whole["lut"], "network_lut": alone["lut"],
            "latency_cycles": whole["latency_cycles"], "network_latency_cycles": alone["latency_cycles"]}  # fmt: skip


def main() -> None:
    """Train, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--task", default="jets")
    parser.add_argument("--data", type=Path, required=True, help="samples to train on")
    parser.add_argument("--test", type=Path, required=True, help="samples to measure on")
    parser.add_argument("--network", default="light", help="a baseline of the search space")
    parser.add_argument("--scaling", action="append", help="log, pseudo_log and log_table if none is given")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--bits", type=int, default=6)
    parser.add_argument("--sparsity", type=float, default=0.5)
    parser.add_argument("--set", action="append", default=[], help="as of nac run")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rows = []
    for seed in range(given.seeds):
        for scaling in given.scaling or ["log", "pseudo_log", "log_table"]:
            rows.append(measured(given, scaling, seed))
            if given.json:
                json.dump(rows[-1], sys.stdout)
                print(flush=True)
    if given.json:
        return
    metric = next(name for name in rows[0] if name not in {"scaling", "seed"})
    table = Table("scaling", metric, "± of the mean", "LUT", "network alone", "cycles", "network alone")
    for scaling in dict.fromkeys(row["scaling"] for row in rows):
        own = [row for row in rows if row["scaling"] == scaling]
        values = np.array([row[metric] for row in own])
        error = values.std(ddof=1) / len(values) ** 0.5 if len(values) > 1 else float("nan")
        costs = [float(np.mean([row[name] for row in own])) for name in FIGURES]
        table.add_row(scaling, f"{values.mean():.4f}", f"{error:.4f}", f"{costs[0]:,.0f}", f"{costs[1]:,.0f}",
                      f"{costs[2]:.1f}", f"{costs[3]:.1f}")  # fmt: skip
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
