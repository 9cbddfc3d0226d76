"""Networks trained on few samples alone: learned ones beside as many real ones.

    python benchmarks/distilled_training.py JETS BRAGG [--methods METHOD...] [--cases NAME...] [--seeds N...]
        [--rows FILE]

JETS is a file with 20,000 jets (`nac data fetch lhc_jets_20k`), BRAGG one of ruby patches. Every distiller chooses or
makes as many samples of the training split (250 jets, 100 patches); three networks from other initial weights are then
trained on them by `compress.distilled_train`, their batch norms measured on the real training inputs, and tested on
a split that nothing was chosen by. `all real` has as many steps on all real samples; `soft_labels` are the random ones
with the probabilities that a network trained on all of them gives (of jets only): what labels are worth without learned
inputs. Gains over random real samples are paired by seed, which divides the data and draws everything, with their
standard error. One row per method and seed is appended to the rows file; a second call goes on.
"""

import argparse
import json
import time
from pathlib import Path
from statistics import fmean
from typing import Any

from distilled_pruning import Bench, distilled, samples
from distilled_tables import CASES, REAL_STEPS, Case, mean_and_error, spread

from nac.arch import initialised
from nac.compress.distillation import DISTILLERS
from nac.config import CompressConfig
from nac.train import evaluate, fit, measure_norms

CONTROL, ALL = "random", "all real, as many steps"
NETWORKS = 3
Row = dict[str, Any]


def measured(bench: Bench, method: str) -> Row:
    """The mean metric on the test split of networks trained on samples of a method, and the seconds of CPU."""
    task, dataset, train = bench.task, samples(bench), CompressConfig().distilled_train
    began = time.process_time()
    if method == ALL:
        few, train = bench.few(REAL_STEPS)
    else:
        few = distilled(bench, method).dataset(dataset, task.config)
    made, found = time.process_time() - began, []
    for index in range(NETWORKS):
        network = initialised(bench.architecture, 1000 * (bench.seed + 1) + index)
        fit(network, few, task, train, seed=index)
        if method != ALL:
            measure_norms(network, dataset.train.cut(), index)
        found.append(evaluate(network, dataset.test, task)[task.metric_names[0]])
    return {"case": bench.case.name, "seed": bench.seed, "method": method, "metric": fmean(found), "seconds": made}


def table(rows: list[Row], case: Case) -> str:
    """Markdown of one case."""
    mine = [row for row in rows if row["case"] == case.name]
    control = {row["seed"]: row["metric"] for row in mine if row["method"] == CONTROL}
    lines = [f"{case.name}, {case.unit}, {len(control)} seeds", "", "| trained on | test | gain over random | CPU s |",
             "|---|---|---|---|"]  # fmt: skip
    for method in dict.fromkeys(row["method"] for row in mine):
        those = [row for row in mine if row["method"] == method]
        values = [case.scale * row["metric"] for row in those]
        gains = [case.scale * (row["metric"] - control[row["seed"]]) for row in those if row["seed"] in control]
        seconds = fmean(row["seconds"] for row in those)
        lines.append(f"| {method} | {spread(values, case.digits)} | {mean_and_error(gains, case.digits)} | "
                     f"{seconds:.0f} |")  # fmt: skip
    return "\n".join(lines)


def main() -> None:
    """Measure what is missing, then print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("jets", type=Path)
    parser.add_argument("bragg", type=Path)
    parser.add_argument("--methods", nargs="+", default=[*DISTILLERS, ALL], metavar="METHOD")
    parser.add_argument("--cases", nargs="+", default=["jets medium", "bragg small"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--rows", type=Path, default=Path("distilled_training.jsonl"))
    given = parser.parse_args()
    files = {"jets": (given.jets,), "bragg": (given.bragg,)}
    rows = [json.loads(line) for line in given.rows.read_text().splitlines()] if given.rows.exists() else []
    done = {(row["case"], row["seed"], row["method"]) for row in rows}
    cases = [case for case in CASES if case.name in given.cases]
    for seed in given.seeds:
        for case in cases:
            bench = Bench(case, files[case.task], seed, given.rows.parent, CompressConfig().rewind)
            for method in given.methods:
                if (case.name, seed, method) not in done:
                    rows.append(measured(bench, method))
                    with given.rows.open("a") as file:
                        file.write(json.dumps(rows[-1]) + "\n")
    print("\n\n".join(table(rows, case) for case in cases))


if __name__ == "__main__":
    main()
