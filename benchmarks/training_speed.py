"""How fast candidates are trained, against the plain loop that the published code uses, in one run.

    python benchmarks/training_speed.py [--repeats 5] [--epochs 3] [--json]

Both ways do the same work: the same float network, optimiser, batch size, number of samples and epochs, the loss on
the validation split after every epoch, and the metric at the end. What differs is how samples reach the network.

- The plain loop is that of nac-opt (branch legacy, data/*.py and utils/processor.py): a `Dataset` whose `__getitem__`
  prepares one sample, and a `DataLoader` that collates them, with four worker processes that start anew in every
  epoch and torch's own choice of threads. The peak cleaning of its Bragg data set (a connected-component search for
  every sample) is left out, in favour of the plain loop.
- `no workers` is the same loop at its best on few cores: samples are prepared in the process itself, one thread.
- Ours holds the split in memory as tensors, a batch is a slice, one thread (`nac.train.fit`).

The three alternate, so that a busy machine slows all; a ratio is the median over the repeats. Values do not matter for
the time, so the samples are made up in the shapes of the real ones: 18,000 jets of 8 constituents, 18,000 patches.
"""

import argparse
import json
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from nac.arch import Network
from nac.config import TrainConfig, load_task
from nac.space import SearchSpace
from nac.tasks import Dataset, Task, make_task, simulate
from nac.train import evaluate, fit

SAMPLES = 20_000
PUBLISHED_WORKERS = 4


@dataclass(frozen=True)
class Case:
    """One task as the published code trains it (batch size and optimiser from its sources)."""

    name: str
    space: str
    baseline: str
    batch_size: int
    learning_rate: float
    optimiser: str


CASES = (
    Case("jets", "jets_nac", "medium", 4096, 3.2e-3, "adam"),
    Case("bragg", "bragg", "fine", 256, 1.5e-3, "rmsprop"),
)


@dataclass(frozen=True)
class Way:
    """One way to feed the network."""

    name: str
    workers: int = 0
    threads: int = 1
    ours: bool = False


WAYS = (
    Way("DataLoader, as published", PUBLISHED_WORKERS, torch.get_num_threads()),
    Way("DataLoader, no workers"),
    Way("nac", ours=True),
)


@dataclass(frozen=True)
class Result:
    """Medians over the repeats for one way. `speedup` is how many times faster nac was, pair by pair."""

    task: str
    way: str
    epoch_s: float
    trials_per_hour: float
    epoch_speedup: float
    trial_speedup: float


class PerSample(TorchDataset[tuple[Tensor, Tensor]]):
    """A data set in the published style: one sample is prepared at a time, in Python."""

    def __init__(self, x: NDArray[np.float32], y: NDArray[np.float32], patch: int = 0, shift: int = 0) -> None:
        self.x, self.y, self.patch, self.shift = x, y, patch, shift

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        x, y = self.x[index], self.y[index]
        if self.patch:
            margin = (x.shape[-1] - self.patch) // 2
            row = margin + (np.random.randint(-self.shift, self.shift + 1) if self.shift else 0)
            column = margin + (np.random.randint(-self.shift, self.shift + 1) if self.shift else 0)
            x = x[row : row + self.patch, column : column + self.patch]
            low, high = x.min(), x.max()
            x = ((x - low) / (high - low) if high > low else x)[np.newaxis]
            y = (y - np.array([column - margin, row - margin])).astype(np.float32)
        return torch.from_numpy(x), torch.from_numpy(y)


def plain_trial(
    network: nn.Module,
    train: TorchDataset[tuple[Tensor, Tensor]],
    validation: TorchDataset[tuple[Tensor, Tensor]],
    case: Case,
    epochs: int,
    workers: int,
) -> list[float]:
    """Train as the published `train` does; seconds of every epoch, and of the metric at the end."""
    size, ahead = case.batch_size, 2 if workers else None
    loader = DataLoader(train, size, shuffle=True, drop_last=True, num_workers=workers, prefetch_factor=ahead)
    judge = DataLoader(validation, size, num_workers=workers, prefetch_factor=ahead)
    optimisers = {"adam": torch.optim.Adam, "rmsprop": torch.optim.RMSprop}
    optimiser = optimisers[case.optimiser](network.parameters(), lr=case.learning_rate)
    criterion = nn.CrossEntropyLoss() if case.name == "jets" else nn.MSELoss()
    seconds = []
    for _ in range(epochs):
        start = time.perf_counter()
        network.train()
        for x, y in loader:
            optimiser.zero_grad()
            loss = criterion(network(x.float()), y.float())
            loss.backward()
            optimiser.step()
        network.eval()
        with torch.no_grad():
            sum(criterion(network(x.float()), y.float()).item() for x, y in judge)
        seconds.append(time.perf_counter() - start)
    start = time.perf_counter()
    with torch.no_grad():
        torch.cat([network(x.float()) for x, _ in judge])
    return [*seconds, time.perf_counter() - start]


def our_trial(network: Network, dataset: Dataset, task: Task, case: Case, epochs: int) -> list[float]:
    """The same with `nac.train`: seconds of every epoch, and of the metrics at the end."""
    settings = TrainConfig.model_validate(
        {"optimiser": case.optimiser, "learning_rate": case.learning_rate, "schedule": "constant", "epochs": epochs,
         "batch_size": case.batch_size, "patience": epochs}
    )
    marks = [time.perf_counter()]
    fit(network, dataset, task, settings, seed=0, on_epoch=lambda *_: marks.append(time.perf_counter()))
    start = time.perf_counter()
    evaluate(network, dataset.validation, task)
    return [*np.diff(marks).tolist(), time.perf_counter() - start]


def load(case: Case, folder: Path, samples: int = SAMPLES) -> tuple[Task, Dataset, PerSample, PerSample]:
    """Made-up samples of a case, for both ways: training split and validation split in each."""
    overrides = ["data.split={train: 0.9, validation: 0.05, test: 0.05}", "data.simulate=0", "data.repeat=1"]
    overrides.append("data.augment=[]" if case.name == "jets" else "data.augment=[shift]")
    config = load_task(case.name, overrides=overrides)
    file = folder / f"{case.name}.npz"
    if case.name == "jets":
        rng = np.random.default_rng(0)
        jets = rng.exponential(50, (samples, 8, 3)).astype(np.float32)
        jets[..., 0] = -np.sort(-jets[..., 0], axis=1)
        np.savez(file, constituents=jets, label=rng.integers(0, 5, samples))
    else:
        simulate(config.data, samples, 0, file)
    task = make_task(config)
    dataset = task.load([file], seed=0)
    if case.name == "jets":
        return task, dataset, *(
            PerSample(split.x.numpy(), np.eye(5, dtype=np.float32)[split.y.numpy()])
            for split in (dataset.train, dataset.validation)
        )  # type: ignore[return-value]
    raw = dataset.train.raw.numpy().reshape(len(dataset.train), *dataset.train.raw.shape[-2:])
    train = PerSample(raw, dataset.train.physical.numpy(), config.data.patch_size, 1)
    x = dataset.validation.x[:, 0].numpy()
    return task, dataset, train, PerSample(x, dataset.validation.y.numpy(), config.data.patch_size)


def compare(
    case: Case, folder: Path, epochs: int, repeats: int, say: Callable[[str], None], samples: int = SAMPLES
) -> list[Result]:
    """Alternate the ways, their order turned in every repeat, and take medians."""
    task, dataset, train, validation = load(case, folder, samples)
    space = SearchSpace.load(case.space, input_shape=task.input_shape, outputs=task.outputs)
    architecture = space.decode(space.baselines[case.baseline])

    def run(way: Way) -> list[float]:
        torch.set_num_threads(way.threads)
        network = Network(architecture)
        if way.ours:
            return our_trial(network, dataset, task, case, epochs)
        return plain_trial(network, train, validation, case, epochs, way.workers)

    run(WAYS[-1])  # warm up
    seconds: dict[str, list[list[float]]] = {way.name: [] for way in WAYS}
    for k in range(repeats):
        for way in WAYS if k % 2 == 0 else WAYS[::-1]:
            seconds[way.name].append(run(way))
        say(f"{case.name}, {architecture.summary()}, batch {case.batch_size}: repeat {k + 1} of {repeats}")
    epoch = {name: [statistics.median(run[:-1]) for run in runs] for name, runs in seconds.items()}
    trial = {name: [sum(run) for run in runs] for name, runs in seconds.items()}

    def speedup(values: dict[str, list[float]], name: str) -> float:
        return statistics.median(a / b for a, b in zip(values[name], values[WAYS[-1].name], strict=True))

    return [
        Result(case.name, name, statistics.median(epoch[name]), 3600 / statistics.median(trial[name]),
               speedup(epoch, name), speedup(trial, name))
        for name in seconds
    ]  # fmt: skip


def table(results: Sequence[Result], epochs: int) -> Table:
    """The results for people."""
    shown = Table(title=f"Training; a trial is {epochs} epochs and its metrics", title_justify="left")
    for k, heading in enumerate(("task", "way", "s / epoch", "nac is faster", "trials / h", "nac is faster")):
        shown.add_column(heading, justify="left" if k < 2 else "right")
    for r in results:
        times = ("", "") if r.way == WAYS[-1].name else (f"{r.epoch_speedup:.1f} x", f"{r.trial_speedup:.1f} x")
        shown.add_row(r.task, r.way, f"{r.epoch_s:.4f}", times[0], f"{r.trials_per_hour:,.0f}", times[1])
    return shown


def main() -> None:
    """Parse the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", choices=[case.name for case in CASES], help="only this one")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--samples", type=int, default=SAMPLES, help="made up per task, nine tenths to train")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    arguments = parser.parse_args()
    console = Console(stderr=True, quiet=arguments.json)
    warnings.filterwarnings("ignore", message="This DataLoader will create")
    cases = [case for case in CASES if arguments.task in {None, case.name}]
    with TemporaryDirectory() as folder:
        results = [
            result
            for case in cases
            for result in compare(
                case, Path(folder), arguments.epochs, arguments.repeats, console.print, arguments.samples
            )
        ]
    if arguments.json:
        print(json.dumps({"epochs": arguments.epochs, "results": [asdict(result) for result in results]}))
    else:
        Console().print(table(results, arguments.epochs))


if __name__ == "__main__":
    main()
