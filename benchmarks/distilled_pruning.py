"""Distilled pruning against pruning on real data: accuracy, time, stability.

    python benchmarks/distilled_pruning.py JETS BRAGG [--rows FILE] [--figure FILE] [--seconds S] [--cases NAME...]
        [--ways WAY...] [--seeds N...] [--sparsities S...] [--networks N] [--rewind EPOCHS]

JETS is a file with 20,000 jets (`nac data fetch lhc_jets_20k`), BRAGG one of ruby patches. Networks are baselines of
the shipped spaces, or, with --networks, so many drawn from the space for every seed. One row per measurement is
appended to the rows file as it is done, and distilled samples are kept beside it; a second call goes on where the first
one stopped (killed, or after --seconds) and then prints the tables.

For every network, seed and sparsity each pruner finds masks in the same number of rounds; then the network is trained
once on real data under them, from where every round starts, after the first epochs of a training on real data (gradual
pruning goes on from the weights that it has). Full trainings on real data all have the same budget. Metrics are those
on a test split that nothing else looks at (the best epoch of a training is chosen on the validation split). Seconds of
masks are those of one core's work, without the first epochs; those of gradual pruning and of soft labels are without
the training of the dense network, which a search has done and which every other training of it shares. Differences from
masks of as many random real samples are paired by seed and network, with their standard error; `paid after` says after
how many networks the seconds of a distillation are saved, beside the same criterion with all real samples.
"""

import argparse
import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from distilled_tables import (
    CASES,
    DISTILLED,
    REAL_STEPS,
    ROUNDS,
    STABILITY_SPARSITY,
    STABLE_WAYS,
    WAYS,
    Case,
    Row,
    pair_of,
    stability_rows,
    tables,
)

from nac.arch import Architecture, Network, copied, initialised
from nac.compress.distillation import Distilled, Distilling, distil, read_distilled, write_distilled
from nac.compress.mode_connectivity import along_rounds, stability
from nac.compress.pruners import Masks, Pruned, Pruning, prune, rewound
from nac.config import CompressConfig, TrainConfig, load_task
from nac.pipeline.architectures import named_architecture
from nac.report.barriers import DENSE, plot_connectivity
from nac.space import SearchSpace
from nac.tasks import Dataset, Task, TrainSplit, make_task
from nac.train import evaluate, fit


@dataclass(frozen=True)
class Bench:
    """One case at one seed, which divides the data, initialises the network and orders the samples."""

    case: Case
    files: tuple[Path, ...]
    seed: int
    folder: Path
    rewind: int
    number: int | None = None
    """Of a network drawn from the space in place of the baseline."""

    @property
    def key(self) -> Row:
        """What its rows have in common."""
        return {"case": self.case.name, "seed": self.seed, "network": self.number, "rewind": self.rewind}

    @property
    def architecture(self) -> Architecture:
        """The baseline of the case, or the network of this number."""
        config = self.task.config
        if self.number is None:
            return named_architecture(config, self.case.baseline)
        space = SearchSpace.load(config.space, self.task.input_shape, self.task.outputs)
        random = np.random.default_rng((self.seed, self.number))
        return space.decode(space.repair(space.random(random)))

    @property
    def task(self) -> Task:
        """The task of the case."""
        return make_task(load_task(self.case.task, overrides=self.case.settings))

    def pruning(self, way: str, sparsity: float) -> Pruning:
        """What a pruner is given; distilled samples and the dense network are made before its clock starts."""
        task, dataset = self.task, samples(self)
        start = rewound(
            initialised(self.architecture, self.seed), self.rewind, task, dataset, self.case.train, self.seed
        )  # fmt: skip
        few, train = self.few(way)
        trained = dense(self) if way == "gradual" else start
        return Pruning(
            task, dataset, lambda: copied(start), self.case.train, sparsity, ROUNDS[sparsity], self.seed, lambda: few,
            train, lambda: copied(trained),
        )  # fmt: skip

    def few(self, way: str) -> tuple[Dataset, TrainConfig]:
        """The samples that masks are found on, and the budget of a training on them."""
        task, dataset, train = self.task, samples(self), CompressConfig().distilled_train
        if way in DISTILLED:
            return distilled(self, DISTILLED[way]).dataset(dataset, task.config), train
        if way != REAL_STEPS:
            return dataset, self.case.train
        steps = train.epochs * math.ceil(len(distilled(self, "random")) / train.batch_size)
        epochs = math.ceil(steps / math.ceil(len(dataset.train) / train.batch_size))
        part = fewer(dataset, steps * train.batch_size // epochs, self.seed)
        return part, train.model_copy(update={"epochs": epochs})

    def final(self, network: Network, masks: Masks | None) -> Network:
        """The network after one training on real data under masks."""
        fit(network, samples(self), self.task, self.case.train, seed=self.seed + 1000, masks=masks)
        return network

    def metric(self, network: Network) -> float:
        """The first metric on the test split."""
        return evaluate(network, samples(self).test, self.task)[self.task.metric_names[0]]


def samples(bench: Bench) -> Dataset:
    """The samples of a bench, split by its seed."""
    return _loaded(bench.case, bench.files, bench.seed)


@cache
def _loaded(case: Case, files: tuple[Path, ...], seed: int) -> Dataset:
    return make_task(load_task(case.task, overrides=case.settings)).load(files, seed)


def fewer(dataset: Dataset, count: int, seed: int) -> Dataset:
    """The data set with `count` of its training samples, drawn at random, or all where there are no more."""
    generator = torch.Generator().manual_seed(seed)
    train = dataset.train
    rows = torch.randperm(len(train), generator=generator)[:count]
    part = TrainSplit.prepared(train.raw[rows], train.physical[rows], train.config, dataset.preprocessing)
    return replace(dataset, train=part)


@cache
def dense(bench: Bench) -> Network:
    """The dense network of a bench, trained."""
    return bench.final(initialised(bench.architecture, bench.seed), None)


@cache
def distilled(bench: Bench, method: str) -> Distilled:
    """Few samples of a bench, as many by every method."""
    settings = bench.task.config.compress.distilled_data.model_copy(update={"method": method})
    task, dataset = bench.task, samples(bench)
    named = bench.case.name.replace(" ", "-") + ("" if bench.number is None else f"-{bench.number}")
    file = bench.folder / f"{named}-{bench.seed}-{method}.npz"
    if not file.exists():
        make = partial(initialised, bench.architecture)
        reference = partial(dense, bench)
        distilling = Distilling(task, dataset, make, settings, bench.seed, reference=reference)
        write_distilled(file, distil(distilling), task.config.data)
    return read_distilled(file, task.config.data, dataset.preprocessing)


def measurements(
    benches: Sequence[Bench], ways: Sequence[str], sparsities: Sequence[float]
) -> Iterator[tuple[Row, Bench]]:
    """What is to be measured, identified by its row without results; what the tables are about comes first."""
    for sparsity in sparsities:
        for bench in benches:
            yield {**bench.key, "way": DENSE, "sparsity": 0.0}, bench
            yield from (({**bench.key, "way": way, "sparsity": sparsity}, bench) for way in ways)
    for bench in benches:
        if bench.case is CASES[0] and bench.number is None and STABILITY_SPARSITY in sparsities:
            yield from (
                ({**bench.key, "way": way, "stability": STABILITY_SPARSITY}, bench) for way in (DENSE, *STABLE_WAYS)
            )  # fmt: skip


def measured(row: Row, bench: Bench) -> Row:
    """The row with its results."""
    way = row["way"]
    name = way.split(",")[0]
    if "stability" in row:
        pruning = bench.pruning(way, STABILITY_SPARSITY)
        task, dataset = pruning.task, pruning.dataset
        found = (
            [(0.0, stability(pruning.start, None, dataset, task, pruning.train, seed=bench.seed))]
            if way == DENSE else along_rounds(pruning, every_second(prune(name, pruning)))
        )  # fmt: skip
        return {**row, "rounds": [[sparsity, each.ends, each.barrier] for sparsity, each in found]}
    if way == DENSE:
        return {**row, "metric": bench.metric(dense(bench)), "points": len(samples(bench).train)}
    pruning = bench.pruning(way, row["sparsity"])
    began = time.process_time()
    pruned = prune(name, pruning)
    seconds = time.process_time() - began
    network = bench.final(pruning.final_start(pruned.rounds[-1]), pruned.masks)
    row |= {"metric": bench.metric(network), "seconds": seconds, "guarded": pruned.guarded, "idle": pruned.idle}
    if way in DISTILLED:
        few = distilled(bench, DISTILLED[way])
        row |= {"points": len(few), "of": len(pruning.dataset.train), "distil_seconds": few.provenance["seconds"]}
    return row


def every_second(pruned: Pruned) -> Pruned:
    """Every second round, the last included."""
    return replace(pruned, rounds=pruned.rounds[::-1][::2][::-1])


def read_rows(path: Path) -> list[Row]:
    """The rows measured so far, each measurement once; a line cut off by a kill does not count."""
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    rows = (json.loads(line) for line in lines if line.endswith("}\n"))
    return list({key_of(row): row for row in rows}.values())


def key_of(row: Row) -> tuple[Any, ...]:
    """What identifies a measurement."""
    return *pair_of(row), row["case"], row["rewind"], row["way"], row.get("sparsity"), row.get("stability")


def main() -> None:
    """Measure what is missing, then print the tables and draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("jets", type=Path)
    parser.add_argument("bragg", type=Path)
    parser.add_argument("--rows", type=Path, default=Path("distilled_pruning.jsonl"))
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="start nothing new after this time")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument(
        "--rewind", type=int, default=CompressConfig().rewind, metavar="EPOCHS",
        help="after which every round and the final training start (0: at initialisation)",
    )  # fmt: skip
    parser.add_argument("--cases", nargs="+", default=[case.name for case in CASES])
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS, metavar="WAY", help=", ".join(WAYS))
    parser.add_argument("--sparsities", type=float, nargs="+", choices=ROUNDS, default=list(ROUNDS), metavar="S")
    parser.add_argument("--networks", type=int, metavar="N", help="drawn from the space, in place of the baselines")
    given = parser.parse_args()
    files = {"jets": (given.jets,), "bragg": (given.bragg,)}
    benches = [
        Bench(case, files[case.task], seed, given.rows.parent, given.rewind, number)
        for seed in given.seeds for case in CASES if case.name in given.cases
        for number in ([None] if given.networks is None else range(given.networks))
    ]  # fmt: skip
    began, done = time.monotonic(), {key_of(row) for row in read_rows(given.rows)}
    for row, bench in measurements(benches, given.ways, given.sparsities):
        if time.monotonic() - began > given.seconds:
            break
        if key_of(row) not in done:
            found = measured(row, bench)
            with given.rows.open("a") as file:
                file.write(json.dumps(found) + "\n")
    rows = [row for row in read_rows(given.rows) if row["rewind"] == given.rewind]
    print("\n".join(tables(rows)))
    if given.figure is not None and (barriers := stability_rows(rows)):
        plot_connectivity(barriers, given.figure, metric="accuracy")


if __name__ == "__main__":
    main()
