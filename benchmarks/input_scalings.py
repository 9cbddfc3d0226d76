"""What a scaling of jets costs in accuracy: many small float networks trained side by side, so that the error is small.

    python benchmarks/input_scalings.py --data FILE [--seeds 12] [--folds 4] [--scaling log --scaling pseudo_log]...

One training of a quantised network says it to about a point, a hundred of them take hours. Here `seeds` Deep Sets
(12-12, mean, 24-16-8) on 8 constituents learn at once, on the inputs that a network behind each scaling sees, rounded
to 8 bits; every fold of the samples is held out once. Differences are paired: by sample, for the error that other
samples would make, and by network (its first weights and its fold), for that of other trainings; then both. One network
that learns nothing moves the mean of a hundred by 0.4 points, but not the median of the differences.
"""

import argparse
import math
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from torch.nn import functional

from nac.config import load_task
from nac.tasks.layouts import layout_of, open_sources
from nac.tasks.scaling import fit_preprocessing
from nac.tasks.sources import gather

WIDTHS = ((3, 12, 12), (12, 24, 16, 8, 5))
EPOCHS, BATCH, RATE, DECAY = 60, 512, 0.01, 0.01
INPUT_BITS, INPUT_FRACTION = 8, 5


class ManySets(nn.Module):
    """`count` Deep Sets, their weights side by side: (batch, 3, particles) to (count, batch, 5)."""

    def __init__(self, count: int, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)

        def layers(widths: tuple[int, ...]) -> nn.ParameterList:
            return nn.ParameterList([
                nn.Parameter(torch.cat([torch.randn(count, i, o, generator=generator) * (2 / i) ** 0.5,
                                        torch.zeros(count, 1, o)], dim=1)) for i, o in pairwise(widths)
            ])  # fmt: skip

        self.phi, self.rho = (layers(widths) for widths in WIDTHS)

    def forward(self, x: Tensor) -> Tensor:
        """Scores."""
        batch, features, particles = x.shape
        h = x.transpose(1, 2).reshape(1, batch * particles, features).expand(len(self.phi[0]), -1, -1)
        for weights in self.phi:
            h = functional.relu(torch.baddbmm(weights[:, -1:], h, weights[:, :-1]))
        h = h.view(len(h), batch, particles, -1).mean(dim=2)
        for index, weights in enumerate(self.rho):
            h = torch.baddbmm(weights[:, -1:], h, weights[:, :-1])
            h = functional.relu(h) if index + 1 < len(self.rho) else h
        return h


def trained(x: Tensor, y: Tensor, count: int, seed: int) -> ManySets:
    """Networks that learned the samples, all in the same order."""
    networks, generator = ManySets(count, seed), torch.Generator().manual_seed(seed)
    steps = EPOCHS * (len(x) // BATCH)
    optimiser = torch.optim.AdamW(networks.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x), generator=generator)[: len(x) // BATCH * BATCH].view(-1, BATCH):
            scores = networks(x[rows])
            loss = functional.cross_entropy(scores.flatten(0, 1), y[rows].repeat(count)) * count
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    return networks


def inputs(file: Path, scaling: str, train: NDArray[np.bool_]) -> tuple[Tensor, Tensor]:
    """What a network sees of all samples behind a scaling that was fitted to some, and their labels."""
    data = load_task("jets", "default", (f"data.scaling={scaling}",)).data
    samples = gather(open_sources(data, [file]), data, margin=0)
    layout = layout_of(data)
    prep = fit_preprocessing(layout.trimmed(samples.x[train], samples.margin), samples.y[train], data)
    x = prep.tensor(torch.from_numpy(samples.x))
    step, most = 2.0**-INPUT_FRACTION, 1 << (INPUT_BITS - 1)
    return (x / step).round().clamp(-most, most - 1) * step, torch.from_numpy(samples.y).long()


def folds(count: int, parts: int) -> Iterator[NDArray[np.bool_]]:
    """Which samples are held out, every one once."""
    part = np.random.default_rng(0).permutation(count) % parts
    yield from (part == index for index in range(parts))


class Right(NamedTuple):
    """Per cent of networks that are right on each sample (samples,), and of samples of each network (networks,)."""

    samples: NDArray[np.float64]
    networks: NDArray[np.float64]


def right(file: Path, scaling: str, seeds: int, parts: int) -> Right:
    """Of the networks behind a scaling, on samples that are held out."""
    with np.load(file) as known:
        samples = np.zeros(len(known["label"]))
    networks = []
    for index, held in enumerate(folds(len(samples), parts)):
        x, y = inputs(file, scaling, ~held)
        many = trained(x[torch.from_numpy(~held)], y[torch.from_numpy(~held)], seeds, index)
        test = torch.from_numpy(held)
        with torch.no_grad():
            hits = (many(x[test]).argmax(dim=2) == y[test]).double().numpy() * 100
        samples[held] = hits.mean(axis=0)
        networks.append(hits.mean(axis=1))
    return Right(samples, np.concatenate(networks))


def error_of(differences: NDArray[np.float64]) -> float:
    """Of their mean."""
    return float(differences.std(ddof=1) / len(differences) ** 0.5)


def main() -> None:
    """Train, compare with the first scaling and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--scaling", action="append", help="log, pseudo_log and log_table if none is given")
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--folds", type=int, default=4)
    given = parser.parse_args()
    scalings = given.scaling or ["log", "pseudo_log", "log_table"]
    found = {scaling: right(given.data, scaling, given.seeds, given.folds) for scaling in scalings}
    more = f"more than {scalings[0]}"
    table = Table("scaling", "accuracy [%]", more, "± of samples", "± of trainings", "±", "median", "worst network [%]")
    for scaling, values in found.items():
        differences = [own - first for own, first in zip(values, found[scalings[0]], strict=True)]
        errors = [*map(error_of, differences)]
        shown = (values.samples.mean(), *errors, math.hypot(*errors))
        accuracy, *rest = (f"{value:.2f}" for value in shown)
        middle, worst = np.median(differences[1]), values.networks.min()
        table.add_row(scaling, accuracy, f"{differences[0].mean():+.2f}", *rest, f"{middle:+.2f}", f"{worst:.1f}")
    Console(file=sys.stdout, width=120).print(table)


if __name__ == "__main__":
    main()
