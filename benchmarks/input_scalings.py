"""What a scaling of jets costs in accuracy: many small float networks trained side by side, so that the error is small.

    python benchmarks/input_scalings.py --data FILE [--seeds 12] [--folds 4] [--scaling log --scaling pseudo_log]...

One training of a quantised network says it to about a point, a hundred of them take hours. Here `seeds` Deep Sets
(12-12, mean, 24-16-8) on 8 constituents learn at once, on the inputs that a network behind each scaling sees, rounded
to 8 bits; every fold of the samples is held out once. Differences are paired by sample and fold: their error is that of
the mean over all samples, with that of the trainings in it.
"""

import argparse
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

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


def right(file: Path, scaling: str, seeds: int, parts: int) -> NDArray[np.float64]:
    """The share of the networks that are right on each sample, held out."""
    with np.load(file) as known:
        count = len(known["label"])
    found = np.zeros(count)
    for index, held in enumerate(folds(count, parts)):
        x, y = inputs(file, scaling, ~held)
        networks = trained(x[torch.from_numpy(~held)], y[torch.from_numpy(~held)], seeds, index)
        test = torch.from_numpy(held)
        with torch.no_grad():
            found[held] = (networks(x[test]).argmax(dim=2) == y[test]).double().mean(dim=0).numpy()
    return found


def main() -> None:
    """Train, compare with the first scaling and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--scaling", action="append", help="log, pseudo_log and log_table if none is given")
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--folds", type=int, default=4)
    given = parser.parse_args()
    scalings = given.scaling or ["log", "pseudo_log", "log_table"]
    found = {scaling: right(given.data, scaling, given.seeds, given.folds) * 100 for scaling in scalings}
    table = Table("scaling", "accuracy [%]", f"more than {scalings[0]}", "± of the mean")
    for scaling, values in found.items():
        difference = values - found[scalings[0]]
        error = difference.std(ddof=1) / len(values) ** 0.5
        table.add_row(scaling, f"{values.mean():.2f}", f"{difference.mean():+.2f}", f"{error:.2f}")
    Console(file=sys.stdout, width=100).print(table)


if __name__ == "__main__":
    main()
