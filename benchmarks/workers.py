"""What more workers give, what the storage takes, and that nothing is lost.

    python benchmarks/workers.py --data lhc_jets_20k.npz [--trials 24] [--epochs 15] [--many 8]

Three measurements on the task jets, of random candidates so that every search trains the same ones:

- trials per hour of one and of two workers, from the first claim of a trial to the last result. The machine should have
  two cores and nothing else to do;
- what a trial costs beside its training (drawing, claiming, writing the study), from searches on the recorded table
  in which nothing is trained, as a share of a trial of five seconds;
- a search by many workers at once on one journal: the finished trials, and architectures trained twice.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from replay import replay
from rich.console import Console
from rich.table import Table

from nac.global_search import results
from nac.rundir import Run
from nac.study import load_study

TRIAL_S = 5.0
REPLAYED = 100


def search(data: Path, out: Path, workers: int, trials: int, epochs: int, *options: str) -> tuple[float, int, int]:
    """Trials per hour, finished trials, and architectures that were trained more than once."""
    settings = ("search.sampler=random", "search.baselines=false", f"search.trials={trials}", f"train.epochs={epochs}")
    command = [sys.executable, "-m", "nac.cli", "-q", "search", "jets", "--data", str(data), "--out", str(out)]
    command += ["--workers", str(workers), *options, *(word for text in settings for word in ("--set", text))]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    study = load_study(Run(out))
    finished = [trial for trial in study.get_trials() if trial.state.is_finished()]
    starts = [trial.datetime_start for trial in finished if trial.datetime_start is not None]
    ends = [trial.datetime_complete for trial in finished if trial.datetime_complete is not None]
    trained = [result.architecture.hash for result in results(study) if result.duplicate_of is None]
    hours = (max(ends) - min(starts)).total_seconds() / 3600
    return len(finished) / hours, len(finished), len(trained) - len(set(trained))


def overhead(sampler: str) -> float:
    """Seconds of a trial without its training."""
    began = time.perf_counter()
    replay(REPLAYED, seed=0, sampler=sampler)
    return (time.perf_counter() - began) / REPLAYED


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--many", type=int, default=8)
    arguments = parser.parse_args()
    data, trials, epochs = arguments.data.resolve(), arguments.trials, arguments.epochs
    rates = Table("workers", "trials", "trained twice", "trials per hour", "times one worker")
    shares = Table("sampler", "ms per trial beside training", f"share of a {TRIAL_S:g} s trial")
    one = 0.0
    with TemporaryDirectory() as folder:
        for workers in dict.fromkeys((1, 2, arguments.many)):
            rate, finished, twice = search(data, Path(folder) / str(workers), workers, trials, epochs)
            one = one or rate
            rates.add_row(*map(str, (workers, finished, twice)), f"{rate:,.0f}", f"{rate / one:.2f}")
    for sampler in ("random", "nsga2", "tpe"):
        seconds = overhead(sampler)
        shares.add_row(sampler, f"{1000 * seconds:.1f}", f"{seconds / TRIAL_S:.2%}")
    console = Console(width=100)
    console.print(rates)
    console.print(shares)


if __name__ == "__main__":
    main()
