"""What few bits everywhere cost: uniform designs of one float network, over baselines, parts of a file and seeds.

    python benchmarks/few_bits.py --data lhc_jets_20k.npz [--task jets] [--baseline small]... [--bits 4]... [--fold 0]
        [--parts 4] [--seed 0]... [--set compress.finetune.epochs=80]... [--json]

Every network is trained as the task's local search trains references and designs, without pruning, on what is left
when a part of the file is held out, and judged on that part, which chooses nothing. Without 8 bits among `--bits` these
are made as well: losses are against them, of the same reference and budget. Networks whose values are means have two
lines: as designs are, with the digits of the sums, and with means rounded like everything else (`rounded means`).
"""

import json
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from at_accuracy import arguments, files, one_line
from rich.console import Console
from rich.table import Table

from nac.arch import Architecture, initialised
from nac.compress import Winner, recipes
from nac.compress.quantisation import quantised_start, teacher_of
from nac.compress.teachers import named
from nac.config import CompressConfig, TeacherConfig, load_task
from nac.tasks import Dataset, Split, Task, make_task
from nac.train import evaluate, fit, validation_loss

WIDE = 8
"""Bits that all others are compared with."""


def widths(architecture: Architecture, task: Task, bits: list[int]) -> Iterator[tuple[str, Architecture]]:
    """What is trained, and how it is called."""
    settings = CompressConfig(bits=(WIDE, *bits), sparsity=(0.0,), input_bits=task.config.compress.input_bits)
    for recipe in recipes([Winner(0, architecture)], settings):
        yield f"{recipe.bits} bits", recipe.architecture
        if (rounded := recipe.architecture.with_bits()) != recipe.architecture:
            yield f"{recipe.bits} bits, rounded means", rounded


def trained(baseline: str, task: Task, dataset: Dataset, held: Split, bits: list[int], seed: int) -> Iterator[Any]:
    """A row for the float network and for every design of it."""
    settings = task.config.compress
    architecture = named(TeacherConfig(space=task.config.space, baseline=baseline), task)
    reference = initialised(architecture, seed)
    metric = task.metric_names[0]
    for name, target in [("float", None), *widths(architecture, task, bits)]:
        begun = time.process_time()
        network = reference if target is None else quantised_start(reference, dataset, target)
        teacher = None if target is None else teacher_of(reference, settings)
        budget = settings.train if target is None else settings.finetune
        fit(network, dataset, task, budget, seed=seed, teacher=teacher)
        yield {
            "baseline": baseline, "seed": seed, "network": name, metric: evaluate(network, held, task)[metric],
            "loss": validation_loss(network, held, task), "seconds": time.process_time() - begun,
        }  # fmt: skip


def main() -> None:
    """Print every network as soon as it is there, then means over all, and what they lost against 8 bits."""
    parser = arguments(__doc__)
    parser.add_argument("--baseline", action="append")
    parser.add_argument("--bits", type=int, action="append")
    parser.set_defaults(task="jets")
    given = parser.parse_args()
    values: dict[str, list[float]] = defaultdict(list)
    with one_line(), files(given.data, given.held, given.fold, given.parts) as (data, unseen):
        task = make_task(load_task(given.task, "default", given.overrides))
        for seed in given.seed or [0]:
            dataset = task.load([data], seed)
            held = task.read([unseen], dataset.preprocessing)
            for baseline in given.baseline or ["small", "light", "middle"]:
                for row in trained(baseline, task, dataset, held, given.bits or [4], seed):
                    values[row["network"]].append(row[task.metric_names[0]])
                    print(json.dumps(row), flush=True)
    if given.json:
        return
    table = Table("network", task.metric_names[0], f"against {WIDE} bits", "networks")
    for name, found in values.items():
        change = [value - wide for value, wide in zip(found, values[f"{WIDE} bits"], strict=True)]
        error = statistics.stdev(change) / len(change) ** 0.5 if len(change) > 1 else float("nan")
        table.add_row(name, f"{statistics.fmean(found):.4f}", f"{statistics.fmean(change):+.4f} \u00b1 {error:.4f}",
                      str(len(found)))  # fmt: skip
    Console().print(table)


if __name__ == "__main__":
    main()
