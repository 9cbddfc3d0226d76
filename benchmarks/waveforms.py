"""Convolutions over waveforms against dense networks of the same cost, on simulated calorimeter pulses.

    python benchmarks/waveforms.py [--seeds 3] [--budgets 80000 160000] [--candidates 4] [--epochs 10]

For every budget of bit operations, random members of either space that cost 70 to 100 % of it are trained on the same
samples. The one with the least error on the validation split is shown with its errors on the test split, as mean and
standard deviation over seeds, which change samples, members and weights. Nothing is chosen on the test split.
"""

import argparse
import sys
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from nac.arch import Architecture, initialised, workload
from nac.config import load_task
from nac.cost import bops
from nac.space import SearchSpace, Unbuildable
from nac.tasks import Dataset, Split, Task, make_task
from nac.train import evaluate, fit

SPACES = {"dense": "jets_mlp", "1-D convolutions": "waveforms"}
SHARE = 0.7


def members(name: str, task: Task, budget: float, generator: np.random.Generator) -> Iterator[Architecture]:
    """Random members of a space that cost no more than the budget, and not much less."""
    space = SearchSpace.load(name, task.input_shape, task.outputs)
    while True:
        try:
            member = space.decode(space.repair(space.random(generator)))
        except Unbuildable:
            continue
        if SHARE * budget <= bops(workload(member)) <= budget:
            yield member


def errors(candidates: list[Architecture], task: Task, dataset: Dataset, epochs: int, seed: int) -> NDArray[np.float64]:
    """Root mean square errors (energy, time) on the test split of the candidate that validates best."""
    settings = task.config.train.model_copy(update={"epochs": epochs, "patience": epochs})
    networks = [initialised(candidate, seed) for candidate in candidates]
    for network in networks:
        fit(network, dataset, task, settings, seed=seed)
    best = min(networks, key=lambda network: evaluate(network, dataset.validation, task)["rmse"])
    with torch.no_grad():
        predicted = physical(dataset.test, best.eval()(dataset.test.x))
    missed = predicted - physical(dataset.test, dataset.test.y)
    return np.asarray(np.sqrt(np.mean(missed**2, axis=0)))


def physical(split: Split, outputs: torch.Tensor) -> NDArray[np.float64]:
    """Outputs of a network as energy [GeV] and time [ns]."""
    return split.preprocessing.physical(outputs.numpy())


def compared(budgets: list[float], seeds: int, candidates: int, epochs: int, say: Console) -> Table:
    """The table of all budgets and spaces."""
    table = Table(title=f"best of {candidates} members of {epochs} epochs, {seeds} seeds, errors on the test split")
    for heading in ("bit operations", "space", "energy [GeV]", "time [ns]"):
        table.add_column(heading, justify="right")
    found: dict[tuple[float, str], list[NDArray[np.float64]]] = {}
    for seed in range(seeds):
        task = make_task(load_task("pulses", "default"))
        dataset = task.load([], seed)
        for budget in budgets:
            for label, name in SPACES.items():
                drawn = members(name, task, budget, np.random.default_rng(seed))
                result = errors([next(drawn) for _ in range(candidates)], task, dataset, epochs, seed)
                found.setdefault((budget, label), []).append(result)
                say.log(f"seed {seed}, {budget:,.0f}, {label}: {result[0]:.3f} GeV, {result[1]:.3f} ns")
    for (budget, label), results in found.items():
        mean, spread = np.mean(results, axis=0), np.std(results, axis=0, ddof=min(1, seeds - 1))
        table.add_row(f"{budget:,.0f}", label, *(f"{m:.3f} ± {s:.3f}" for m, s in zip(mean, spread, strict=True)))
    return table


def main() -> None:
    """Parse the command line, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--budgets", type=float, nargs="+", default=[80_000, 160_000])
    parser.add_argument("--candidates", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=10)
    given = parser.parse_args()
    table = compared(given.budgets, given.seeds, given.candidates, given.epochs, Console(file=sys.stderr))
    Console().print(table)


if __name__ == "__main__":
    main()
