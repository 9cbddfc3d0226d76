"""Trains every member of a small space, and writes the table that samplers and fidelities are compared on.

    python benchmarks/record_search.py --data lhc_jets_20k.npz [--epochs 15]

The result is benchmarks/recorded/jets.csv: one row per architecture of benchmarks/recorded/jets.yaml with its genes,
the validation accuracy after every epoch (that of the epoch with the lowest loss so far: what a training that stopped
there would have returned) and the seconds of an epoch. It takes about twenty minutes of one core, goes on where it was
stopped, and the seeds are those of a search with seed 0: the rows are what that search would have trained.
"""

import argparse
import csv
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch

from nac.arch import Architecture, Network
from nac.config import TaskConfig, load_task
from nac.global_search.candidate import training_seed
from nac.space import Genotype, SearchSpace
from nac.tasks import Dataset, Task, make_task
from nac.train import evaluate, fit

FOLDER = Path(__file__).resolve().parent / "recorded"
SEED = 0


def members(space: SearchSpace) -> Iterator[Genotype]:
    """Every genotype of a space that builds another network, inactive genes at their first choice."""
    genes = space.genes
    seen = set()
    for values in itertools.product(*genes.values()):
        genotype = space.canonical(dict(zip(genes, values, strict=True)))
        architecture = space.decode(genotype)
        if architecture.hash not in seen:
            seen.add(architecture.hash)
            yield genotype


def train(architecture: Architecture, task: Task, dataset: Dataset, epochs: int) -> dict[str, str]:
    """One row of results: accuracy after every epoch, and seconds per epoch."""
    seed = training_seed(SEED, architecture)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Network(architecture)
    best = float("inf")
    found: list[float] = []

    def measure(_: int, figures: Mapping[str, float]) -> None:
        nonlocal best
        if figures["validation_loss"] < best or not found:
            best = figures["validation_loss"]
            found.append(evaluate(network, dataset.validation, task)["accuracy"])
        else:
            found.append(found[-1])

    settings = task.config.train.model_copy(update={"epochs": epochs, "patience": epochs})
    result = fit(network, dataset, task, settings, seed=seed, on_epoch=measure)
    row = {f"accuracy_{epoch}": f"{value:.6f}" for epoch, value in enumerate(found, start=1)}
    return {**row, "seconds_per_epoch": f"{result.seconds / epochs:.4f}"}


def main() -> None:
    """Record what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=15)
    arguments = parser.parse_args()
    config: TaskConfig = load_task("jets", "default", ())
    task = make_task(config)
    dataset = task.load([arguments.data], config.seed)
    space = SearchSpace.load(FOLDER / "jets.yaml", task.input_shape, task.outputs)
    file = FOLDER / "jets.csv"
    genes = [name for name, choices in space.genes.items() if len(choices) > 1]
    done = set()
    if file.exists():
        with file.open(newline="") as lines:
            done = {tuple(row[name] for name in genes) for row in csv.DictReader(lines)}
    results = [*(f"accuracy_{epoch}" for epoch in range(1, arguments.epochs + 1)), "seconds_per_epoch"]
    with file.open("a", newline="") as lines:
        writer = csv.DictWriter(lines, [*genes, *results], lineterminator="\n")
        if not done:
            writer.writeheader()
        for genotype in members(space):
            row = {name: str(genotype[name]) for name in genes}
            if tuple(row.values()) not in done:
                writer.writerow({**row, **train(space.decode(genotype), task, dataset, arguments.epochs)})
                lines.flush()


if __name__ == "__main__":
    main()
