"""Measures how much the validation metrics of chosen designs flatter them, and prints the table.

    python benchmarks/optimism.py FILE --work DIR [--seeds 0 1 2] [--jets 8000]

So many jets of FILE go to a run in short settings, drawn anew for every seed; all others are held out from it and tell
how good its networks are. Optimism is the accuracy that is shown minus that on the jets held out, in points, as a mean
over the chosen designs: those on the front by the samples that choose, and the best of them (`--best accuracy`).

The two rules are compared on the same designs. `naive` shows the metric of the samples that chose epochs, trials and
designs; `rescored` that of as many samples that chose nothing. Whatever is shown of a few hundred jets is also wrong by
their chance difficulty, alike for all networks: most of `raw`. `net` is less that, taken from all trials of the search
(on the front or not) on the same jets: what is left is what a choice adds.
"""

import argparse
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from nac.arch import Network
from nac.design import Design, load_float
from nac.pareto import non_dominated
from nac.pipeline.context import Context
from nac.pipeline.request import Request
from nac.pipeline.run import run_task
from nac.report.tables import markdown
from nac.rundir import Run
from nac.search import results
from nac.study import load_study
from nac.tasks import Split
from nac.train import predict

# As many jets choose as in the default split; as many more are kept from choices.
SETTINGS = (
    "data.split.train=0.825", "data.split.validation=0.15", "data.split.test=0.025", "data.split.rescore=0.5",
    "search.trials=24", "search.population=8", "train.epochs=6", "compress.designs=4", "compress.bits=[8,6]",
    "compress.sparsity=[0.0,0.5]", "compress.rounds=1", "compress.train.epochs=8", "compress.finetune.epochs=6",
)  # fmt: skip


@dataclass(frozen=True)
class Optimism:
    """Points of accuracy shown too much, and the standard error: as it is, and less the chance difficulty."""

    raw: float
    raw_error: float
    net: float
    net_error: float


def hits(networks: Sequence[Network], split: Split) -> NDArray[np.float64]:
    """Which samples (networks, N) are classified rightly, as 0 and 1."""
    return np.stack([(predict(network, split.x).argmax(1) == split.y).double().numpy() for network in networks])


def optimism(chosen: tuple[NDArray[np.float64], ...], others: tuple[NDArray[np.float64], ...]) -> Optimism:
    """That of `chosen` networks: hits (networks, N) on the samples shown and on those held out, and those of others."""
    found = []
    for scores in ([part.mean(0) for part in chosen],
                   [part.mean(0) - other.mean(0) for part, other in zip(chosen, others, strict=True)]):
        shown, true = scores
        error = np.sqrt(shown.var() / len(shown) + true.var() / len(true))
        found += [100 * float(shown.mean() - true.mean()), 100 * float(error)]
    return Optimism(*found)


def run_files(file: Path, folder: Path, jets: int, seed: int) -> tuple[Path, Path]:
    """Two files in `folder`: `jets` jets for the run, and all others."""
    with np.load(file) as arrays:
        held = {name: arrays[name] for name in ("constituents", "label")}
    order = np.random.default_rng([seed, 17]).permutation(len(held["label"]))
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / "run.npz", folder / "held_out.npz"
    for path, rows in zip(written, (order[:jets], order[jets:]), strict=True):
        np.savez(path, **{name: values[rows] for name, values in held.items()})
    return written


def measure(file: Path, folder: Path, jets: int, seed: int) -> dict[tuple[str, str], Optimism]:
    """The optimism of one run by what is chosen and by rule."""
    own, rest = run_files(file, folder, jets, seed)
    run = Run(folder / "run")
    request = Request("jets", data=(own,), overrides=SETTINGS, seed=seed)
    run_task(request, run.path, resumed=run.path.exists(), stop="compress", console=Console(stderr=True))
    context = Context(run, run.read(), Console(quiet=True))
    dataset = context.dataset
    trials = [load_float(run.trial(found.number)) for found in results(load_study(run)) if found.duplicate_of is None]
    designs = [Design.load(path) for path in run.design_paths()]
    by = np.array([[each.record.metrics["choice"]["accuracy"], each.record.costs["bops"]] for each in designs])
    front = np.flatnonzero(non_dominated(by, ["maximize", "minimize"]))
    picked = {"front": front, "best": front[[int(np.argmax(by[front, 0]))]]}
    held = context.task.read([rest], dataset.preprocessing)
    of_trials, of_designs = hits(trials, held), hits([each.network for each in designs], held)
    found = {}
    for rule, split in (("naive", dataset.validation), ("rescored", dataset.judging)):
        shown, others = hits([each.network for each in designs], split), hits(trials, split)
        for name, rows in picked.items():
            found[name, rule] = optimism((shown[rows], of_designs[rows]), (others, of_trials))
    return found


def mean(found: Sequence[Optimism]) -> Optimism:
    """Of several seeds."""
    values = np.array([[each.raw, each.raw_error, each.net, each.net_error] for each in found])
    errors = np.sqrt((values**2).sum(axis=0)) / len(values)
    return Optimism(float(values[:, 0].mean()), float(errors[1]), float(values[:, 2].mean()), float(errors[3]))


def main() -> None:
    """Run all seeds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--jets", type=int, default=8000)
    given = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    found = {str(seed): measure(given.file, given.work / f"seed{seed}", given.jets, seed) for seed in given.seeds}
    found["mean"] = {key: mean([each[key] for each in found.values()]) for key in next(iter(found.values()))}
    rows = [
        [seed, name, rule, f"{each.raw:+.2f} ± {each.raw_error:.2f}", f"{each.net:+.2f} ± {each.net_error:.2f}"]
        for seed, known in found.items()
        for (name, rule), each in known.items()
    ]
    print(markdown(["seed", "designs", "rule", "raw", "net"], rows))


if __name__ == "__main__":
    main()
