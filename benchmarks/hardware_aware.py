"""Prints what a hardware-aware search found, and compares it with a search for bit operations.

    python benchmarks/hardware_aware.py front RUN [--figure FILE]
    python benchmarks/hardware_aware.py compare LUT_RUN OTHER_RUN... [--synthesise N]

Networks are chosen on the validation split, by its samples that choose; accuracy is also shown on the test split, which
nothing was chosen by. LUTs are those of the adder graph, an estimate; yosys counts them for N designs of every run.

`front` is of searches of quantised networks (`search.quantise`). `compare` is of whole runs, up to their local search,
which should have had the same time at the same time:

    nac run jets_features --preset quantised --data FILE --out LUT_RUN &
    nac run jets_features --data FILE --out OTHER_RUN

For every accuracy it gives the LUTs of what each run hands over: of the front of its designs, in the search's own
objectives, the cheapest of at least that validation accuracy; and the LUTs at which that front reaches the accuracy on
the test split.
"""

import argparse
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.isotonic import IsotonicRegression

from nac.design import Design, load_quantised
from nac.global_search import TrialResult, front
from nac.hardware.rtl import estimate_network, rtl_project, synthesise_rtl
from nac.pareto import non_dominated
from nac.report import Front, plot_front
from nac.report.anchors import anchors_for
from nac.report.quantities import quantity, short
from nac.report.tables import markdown
from nac.rundir import Run
from nac.study import load_study
from nac.tasks import Estimate, Interval, intervals_of, make_task, values_of
from nac.train import estimate

LOWEST, STEP = 0.7, 0.005
"""The accuracies that are compared."""
COSTS = ("lut", "ff", "dsp", "latency_cycles", "latency_ns", "ii", "bops")


@dataclass(frozen=True)
class Found:
    """A network on the front of a search with its metrics on the test split."""

    trial: TrialResult
    test: dict[str, Estimate]


def found(run: Run) -> list[Found]:
    """The front of a run's search, the best in its first objective first."""
    record = run.read()
    task = make_task(record.task)
    dataset = task.load([file.path for file in record.data], record.task.seed)
    return [
        Found(trial, estimate(load_quantised(run.trial(trial.number)), dataset.test, task))
        for trial in front(load_study(run, record.options.get("storage")))
    ]


def texts(metrics: Mapping[str, float], intervals: Mapping[str, Interval]) -> list[str]:
    """Metrics with one standard error, where it is on record."""
    errors = {name: known.standard_error for name, known in intervals.items()}
    return [quantity(name).text(value, errors.get(name)) for name, value in metrics.items()]


def print_front(run: Run, figure: Path | None) -> None:
    """The table of one search and, where asked for, its figure with published results."""
    record = run.read()
    listed = found(run)
    metrics = list(listed[0].test)
    rows = [
        [f"{each.trial.number:04d}", each.trial.architecture.summary(), f"{100 * each.trial.compression.density:.0f} %",
         *texts(each.trial.metrics, each.trial.intervals), *texts(values_of(each.test), intervals_of(each.test)),
         *(short(each.trial.costs[name]) for name in COSTS)]
        for each in listed
    ]  # fmt: skip
    headings = ["trial", "network", "kept", *metrics, *(f"{name} (test)" for name in metrics), *COSTS]
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


@dataclass(frozen=True)
class Made:
    """A design of a local search: its accuracies, its cost in the search's own terms, and its LUTs."""

    design: Design
    validation: float
    test: float
    cost: float
    lut: float


def made(run: Run) -> list[Made]:
    """The designs on the front of a run by validation accuracy and its own cost, those of few LUTs first."""
    cost = run.read().task.search.objectives[1].name
    designs = [Design.load(path) for path in run.design_paths()]
    metrics = [design.record.metrics for design in designs]
    accuracies = [found.get("choice", found["validation"])["accuracy"] for found in metrics]
    costs = [design.record.costs[cost] for design in designs]
    chosen = non_dominated(np.array([accuracies, costs]).T, ["maximize", "minimize"])
    listed = []
    for design, accuracy, price in itertools.compress(zip(designs, accuracies, costs, strict=True), chosen):
        record = design.record
        lut = record.costs.get("lut") or estimate_network(design.network, record.task.target).lut
        listed.append(Made(design, accuracy, record.metrics["test"]["accuracy"], price, lut))
    return sorted(listed, key=lambda each: each.lut)


def luts_on_validation(listed: list[Made], accuracy: float) -> float:
    """LUTs of what is cheapest, in the search's own cost, among the designs of at least this validation accuracy."""
    good = [each for each in listed if each.validation >= accuracy]
    return min(good, key=lambda each: each.cost).lut if good else math.nan


def luts_on_test(listed: list[Made], accuracy: float) -> float:
    """LUTs at which the front reaches an accuracy on the test split, whose noise isotonic regression takes out."""
    logarithms = np.log([each.lut for each in listed])
    fitted = IsotonicRegression().fit_transform(logarithms, [each.test for each in listed])
    levels, first = np.unique(fitted, return_index=True)
    return float(np.exp(np.interp(accuracy, levels, logarithms[first], left=math.nan, right=math.nan)))


def print_comparison(runs: list[Run], synthesised: int) -> None:
    """LUTs at equal accuracy, one column per run; the first run's are the unit of the ratios."""
    fronts = [made(run) for run in runs]
    names = [run.path.name for run in runs]
    headings = [*(f"{name}, LUT" for name in names), *(f"{name} / {names[0]}" for name in names[1:])]
    for split, luts in (("validation", luts_on_validation), ("test", luts_on_test)):
        rows = []
        for accuracy in np.arange(LOWEST, 1, STEP):
            found = [luts(listed, accuracy) for listed in fronts]
            if not math.isnan(found[0]) and not all(math.isnan(lut) for lut in found[1:]):
                cells = [*(f"{lut:,.0f}" for lut in found), *(f"{lut / found[0]:.1f}" for lut in found[1:])]
                rows.append([f"{100 * accuracy:.1f} %", *(cell.replace("nan", "-") for cell in cells)])
        print(markdown([f"{split} accuracy", *headings], rows), end="\n\n")
    for run, listed in zip(runs, fronts, strict=True):
        print(f"{run.path.name}: {len(run.design_paths())} designs, {len(listed)} of them on the front")
    rows = []
    for run, listed in zip(runs, fronts, strict=True):
        for index in np.unique(np.linspace(0, len(listed) - 1, synthesised).round().astype(int)):
            each, record = listed[index], listed[index].design.record
            mapped = synthesise_rtl(rtl_project(each.design))
            rows.append([run.path.name, record.name, record.architecture.summary(), f"{100 * each.validation:.1f} %",
                         f"{100 * each.test:.1f} %", f"{each.lut:,.0f}", f"{mapped.lut:,}"])  # fmt: skip
    if rows:
        print()
        print(markdown(["run", "design", "network", "validation", "test", "LUT (estimate)", "LUT (yosys)"], rows))


def main() -> None:
    """Parse the arguments and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("front")
    one.add_argument("run", type=Path)
    one.add_argument("--figure", type=Path)
    several = verbs.add_parser("compare")
    several.add_argument("runs", type=Path, nargs="+")
    several.add_argument("--synthesise", type=int, default=0)
    asked = parser.parse_args()
    if asked.verb == "front":
        print_front(Run(asked.run), asked.figure)
    else:
        print_comparison([Run(path) for path in asked.runs], asked.synthesise)


if __name__ == "__main__":
    main()
