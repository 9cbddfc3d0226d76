"""Convolutions over waveforms against dense networks of the same cost, on simulated calorimeter pulses.

    python benchmarks/waveforms.py [--seeds 11 12 13] [--budgets 80000 160000] [--trials 30] [--out DIR]

For every seed either space is searched alike: the same pulses of the task `pulses`, objectives, sampler and number of
trials, batch norm behind every layer, no network that costs more than the largest budget. For every budget the network
is taken whose two errors multiplied are the least on the validation split, and shown with its errors on the test split:
mean and standard deviation over seeds, which change pulses, search and weights. Nothing is chosen on the test split.

Task and spaces were chosen with the seed 900, which is not to be reported.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from math import prod
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

import nac
from nac.config import load_task
from nac.design import load_float
from nac.global_search import results
from nac.rundir import Run
from nac.study import load_study
from nac.tasks import make_task
from nac.train import evaluate

DENSE = nac.spaces.Dense(layers=[1, 2, 3, 4], width=[4, 6, 8, 12, 16, 24, 32, 48, 64], norm="batch")
METRICS = {"rmse@energy": "energy [GeV]", "rmse@time": "time [ns]"}
SETTINGS = (
    "data.simulate_without_file=12000", "data.split={train: 0.34, validation: 0.33, test: 0.33}", "train.epochs=40",
    "train.patience=40", "train.batch_size=128", "search.baselines=false",
)  # fmt: skip


def searched(space: str, seed: int, budget: float, trials: int, out: Path) -> Run:
    """A search for small errors and few bit operations, at most `budget`."""
    found = nac.search(
        "pulses", [*METRICS, f"bops<={budget:.0f}"], trials=trials, seed=seed, out=out,
        settings=[*SETTINGS, f"space={space}"], resume=True,
    )  # fmt: skip
    return Run(found.path)


def errors(run: Run, budgets: Sequence[float]) -> NDArray[np.float64]:
    """For every budget the errors (B, 2) on the test split of the network that validates best."""
    record = run.read()
    task = make_task(record.task)
    dataset = task.load([], record.task.seed)
    tried = results(load_study(run))
    found = []
    for budget in budgets:
        affordable = [t for t in tried if t.duplicate_of is None and t.feasible and t.values["bops"] <= budget]
        best = min(affordable, key=lambda trial: prod(trial.values[name] for name in METRICS))
        measured = evaluate(load_float(run.trial(best.number)), dataset.test, task)
        found.append([measured[name] for name in METRICS])
    return np.array(found)


def compared(budgets: list[float], seeds: list[int], trials: int, out: Path, say: Console) -> Table:
    """The table of all budgets and spaces."""
    table = Table(title=f"best of {trials} trials, seeds {', '.join(map(str, seeds))}, errors on the test split")
    for heading in ("bit operations", "space", *METRICS.values()):
        table.add_column(heading, justify="right")
    shape = load_task("pulses").data.shape
    dense = out / "dense.yaml"
    dense.write_text(yaml.safe_dump(DENSE.file(shape, len(METRICS)), sort_keys=False))
    found: dict[str, list[NDArray[np.float64]]] = {}
    for seed in seeds:
        for label, space in {"dense": str(dense), "1-D convolutions": "waveforms"}.items():
            run = searched(space, seed, max(budgets), trials, out / f"{label.replace(' ', '-')}-{seed}")
            found.setdefault(label, []).append(errors(run, budgets))
            say.log(f"seed {seed}, {label}: {found[label][-1].tolist()}")
    for k, budget in enumerate(budgets):
        for label, each in found.items():
            mean, spread = np.mean(each, axis=0)[k], np.std(each, axis=0, ddof=min(1, len(seeds) - 1))[k]
            shown = (f"{m:.3f} ± {s:.3f}" for m, s in zip(mean, spread, strict=True))
            table.add_row(f"{budget:,.0f}", label, *shown)
    return table


def main() -> None:
    """Parse the command line, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13])
    parser.add_argument("--budgets", type=float, nargs="+", default=[80_000, 160_000])
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--out", type=Path, help="folder of the runs, which are gone on with; a temporary one without")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        out = given.out or Path(work)
        out.mkdir(parents=True, exist_ok=True)
        say = Console(file=sys.stderr)
        Console().print(compared(given.budgets, given.seeds, given.trials, out, say))


if __name__ == "__main__":
    main()
