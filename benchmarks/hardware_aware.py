"""Prints what a hardware-aware search found, and compares it with a search for bit operations.

    python benchmarks/hardware_aware.py front RUN [--figure FILE]
    python benchmarks/hardware_aware.py compare LUT_RUN OTHER_RUN...

Runs are those of tasks whose search is of quantised networks (`search.quantise`). Networks are chosen on the validation
split; accuracy is also shown on the test split, which nothing was chosen by. LUTs are those of the adder graph
(an estimate; `nac synth` lets yosys count them).

`compare`: for every accuracy, the fewest LUTs on the front of the first run, and the LUTs of what another search would
have handed over: of its own front, in its own objectives, the cheapest network of at least that accuracy.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

from nac.design import load_quantised
from nac.report import Front, plot_front
from nac.report.anchors import anchors_for
from nac.report.quantities import quantity, short
from nac.report.tables import markdown
from nac.rundir import Run
from nac.search import TrialResult, front
from nac.study import load_study
from nac.tasks import make_task
from nac.train import evaluate

STEP = 0.005
COSTS = ("lut", "ff", "dsp", "latency_cycles", "latency_ns", "ii", "bops")


@dataclass(frozen=True)
class Found:
    """A network on the front of a search with its metrics on the test split."""

    trial: TrialResult
    test: dict[str, float]


def found(run: Run) -> list[Found]:
    """The front of a run's search, the best in its first objective first."""
    record = run.read()
    task = make_task(record.task)
    dataset = task.load([file.path for file in record.data], record.task.seed)
    return [
        Found(trial, evaluate(load_quantised(run.trial(trial.number)), dataset.test, task))
        for trial in front(load_study(run, record.options.get("storage")))
    ]


def print_front(run: Run, figure: Path | None) -> None:
    """The table of one search and, where asked for, its figure with published results."""
    record = run.read()
    listed = found(run)
    metrics = list(listed[0].test)
    rows = [
        [f"{each.trial.number:04d}", each.trial.architecture.summary(), f"{100 * each.trial.sparsity:.0f} %",
         *(quantity(name).text(split[name]) for split in (each.trial.metrics, each.test) for name in metrics),
         *(short(each.trial.costs[name]) for name in COSTS)]
        for each in listed
    ]  # fmt: skip
    headings = ["trial", "network", "pruned", *metrics, *(f"{name} (test)" for name in metrics), *COSTS]
    print(markdown(headings, rows))
    anchors = anchors_for(record)
    published = [
        [anchor.label, *(quantity(name).text(anchor.values.get(name)) for name in (*metrics, *COSTS)), anchor.note]
        for anchor in anchors
        if "lut" in anchor.values
    ]
    if published:
        print()
        print(markdown(["published", *metrics, *COSTS, "note"], published))
    if figure is not None:
        plot_front(Front.read(run), figure, x="lut", anchors=anchors)


def handed_over(listed: list[Found], accuracy: float, cost: str) -> Found | None:
    """The network that is cheapest in `cost` among those of at least this accuracy on the validation split."""
    good = [each for each in listed if each.trial.metrics["accuracy"] >= accuracy]
    return min(good, key=lambda each: each.trial.costs[cost]) if good else None


def print_comparison(runs: list[Run]) -> None:
    """LUTs at equal accuracy, one column per search; the first run's are the unit of the ratios."""
    listed = [found(run) for run in runs]
    costs = [run.read().task.search.objectives[1].name for run in runs]
    best = max(each.trial.metrics["accuracy"] for each in listed[0])
    low = max(min(each.trial.metrics["accuracy"] for each in networks) for networks in listed)
    rows = []
    accuracy = STEP * round(low / STEP)
    while accuracy <= best:
        chosen = [handed_over(networks, accuracy, cost) for networks, cost in zip(listed, costs, strict=True)]
        if all(each is not None for each in chosen):
            luts = [each.trial.costs["lut"] for each in chosen if each is not None]
            tests = [each.test["accuracy"] for each in chosen if each is not None]
            rows.append([f"{100 * accuracy:.1f} %", *(f"{short(lut)} ({100 * test:.1f} %)" for lut, test in
                         zip(luts, tests, strict=True)), *(f"{lut / luts[0]:.2f}" for lut in luts[1:])])  # fmt: skip
        accuracy += STEP
    names = [f"{run.path.name} (accuracy, {cost})" for run, cost in zip(runs, costs, strict=True)]
    print(markdown(["at least", *names, *(f"{run.path.name} / {runs[0].path.name}" for run in runs[1:])], rows))
    print("\nLUTs, and in brackets the accuracy on the test split.")
    for run in runs:
        trials = len(load_study(run, run.read().options.get("storage")).trials)
        print(f"- {run.path.name}: {trials} trials, space {run.read().task.space}")


def main() -> None:
    """Parse the arguments and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("front")
    one.add_argument("run", type=Path)
    one.add_argument("--figure", type=Path)
    several = verbs.add_parser("compare")
    several.add_argument("runs", type=Path, nargs="+")
    asked = parser.parse_args()
    if asked.verb == "front":
        print_front(Run(asked.run), asked.figure)
    else:
        print_comparison([Run(path) for path in asked.runs])


if __name__ == "__main__":
    main()
