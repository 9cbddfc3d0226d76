"""What compression costs: quantised, mixed, sparse and smaller networks against their float ones, over several seeds.

    python benchmarks/compression.py --jets FILE --bragg FILE --out DIR [--seeds N...] [--plans N...] [--only NAME]...
        [--print]

Networks: the baselines `medium` and `base` of the jets' space (8 constituents), `fine` and `small` of the Bragg space.
Every seed has its own split, initialisation and order of samples. Designs are kept in DIR: what is there is not made
again, so a run that was cut off goes on. Prints one Markdown table per network: means and standard deviations over the
seeds of the metric on a test split that no choice has seen, and of the difference from the float network of the same
seed, which was chosen by its validation loss, on the same samples. `4` has weights and activations of 4 bits, the input
keeps 8; `m4-s00` costs at most as many bit operations in widths of its own for every layer, and so does `m6-s75`, three
quarters of whose weights are gone. Weights go before quantisation where no other order is named. Half the channels
removed (`c50`) stands beside 95 % of the weights, which leaves about as many bit operations at 8 bits (26 to 31 % of
the dense ones).
"""

import argparse
import statistics
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from nac.compress import Winner, compress
from nac.config import CompressConfig, load_task, validate
from nac.design import Design
from nac.report.tables import markdown
from nac.rundir import Run
from nac.space import SearchSpace
from nac.tasks import make_task

SPLIT = ("data.split.train=0.75", "data.split.validation=0.1", "data.split.test=0.15")
JETS_TRAIN = {"optimiser": "adamw", "learning_rate": 0.01, "epochs": 50, "batch_size": 512, "patience": 50}
JETS_FINETUNE = {"optimiser": "adamw", "learning_rate": 0.01, "epochs": 80, "batch_size": 512, "patience": 80}
BRAGG_TRAIN = {"optimiser": "adamw", "learning_rate": 0.005, "epochs": 15, "batch_size": 512, "patience": 15}
BRAGG_FINETUNE = {"optimiser": "adamw", "learning_rate": 0.003, "epochs": 30, "batch_size": 512, "patience": 30}
BRAGG_DATA = ("data.simulate=8000", "data.repeat=10")


@dataclass(frozen=True)
class Case:
    """A network with its task and the budgets."""

    name: str
    task: str
    baseline: str
    metric: str
    train: dict[str, Any]
    finetune: dict[str, Any]
    overrides: tuple[str, ...] = ()


CASES = (
    Case("jets-medium", "jets", "medium", "accuracy", JETS_TRAIN, JETS_FINETUNE, SPLIT),
    Case("jets-base", "jets", "base", "accuracy", JETS_TRAIN, JETS_FINETUNE, SPLIT),
    Case("bragg-fine", "bragg", "fine", "distance_px", BRAGG_TRAIN, BRAGG_FINETUNE, BRAGG_DATA),
    Case("bragg-small", "bragg", "small", "distance_px", BRAGG_TRAIN, BRAGG_FINETUNE, BRAGG_DATA),
)  # fmt: skip
PLANS: tuple[dict[str, object], ...] = (
    {"bits": [8, 6, 4], "sparsity": [0.0]},
    {"bits": [6], "sparsity": [0.8]},
    {"bits": [8], "sparsity": [0.95]},
    {"bits": [8], "sparsity": [0.0], "structured": [0.5]},
    {"bits": [4], "mixed": [4], "sparsity": [0.0]},
    {"bits": [6], "mixed": [6], "sparsity": [0.75]},
    {"bits": [6], "sparsity": [0.8], "order": "joint"},
    {"bits": [6], "sparsity": [0.8], "order": "quantise_then_prune"},
)
"""Settings of the local search, most important first; designs that two of them share are made once."""
DEFAULT_ORDER = str(CompressConfig().order)
TRAININGS = {"prune_then_quantise": 1, "joint": 2, "quantise_then_prune": 6}
"""How many quantised trainings an order needs in five rounds; together they have the epochs of `finetune`."""


def make(case: Case, plan: dict[str, object], seed: int, files: Sequence[Path], out: Path) -> list[Design]:
    """The designs of one plan, made or read."""
    config = load_task(case.task, "default", case.overrides)
    task = make_task(config)
    dataset = task.load(files, seed)
    space = SearchSpace.load(config.space, task.input_shape, task.outputs)
    architecture = space.decode(space.baselines[case.baseline])
    order = str(plan.get("order", DEFAULT_ORDER))
    epochs = round(int(case.finetune["epochs"]) / TRAININGS[order])
    finetune = {**case.finetune, "epochs": epochs, "patience": epochs}
    settings = {"train": case.train, "finetune": finetune, "rounds": 5, "distil": 0.5, **plan}
    return compress(
        [Winner(0, architecture)], task, dataset, run_of(case, seed, out, order),
        validate(CompressConfig, settings, "benchmark"), seed=seed,
    )  # fmt: skip


def run_of(case: Case, seed: int, out: Path, order: str) -> Run:
    """Where designs are kept; those of another order than the default one would have the same names."""
    return Run(out / (f"{case.name}-{seed}" + ("" if order == DEFAULT_ORDER else f"-{order}")))


def table(case: Case, seeds: Sequence[int], out: Path) -> str:
    """Means and standard deviations over the seeds as Markdown."""
    designs: dict[str, dict[int, Design]] = {}
    for order in TRAININGS:
        for seed in seeds:
            for path in run_of(case, seed, out, order).design_paths():
                name = path.name.removeprefix("t0000-") + ("" if order == DEFAULT_ORDER else f", {order}")
                designs.setdefault(name, {})[seed] = Design.load(path)
    if not designs:
        return ""
    scale, unit, digits = (100.0, "%", 2) if case.metric == "accuracy" else (1.0, "px", 4)
    floats = {
        seed: scale * design.record.origin["float"]["test"][case.metric]
        for found in designs.values() for seed, design in found.items()
    }  # fmt: skip
    rows = [["float", spread(list(floats.values()), digits), "", "", "", str(len(floats))]]
    for name, found in sorted(designs.items(), key=lambda item: -mean(item[1].values(), "bops")):
        values = {seed: scale * design.record.metrics["test"][case.metric] for seed, design in found.items()}
        change = [value - floats[seed] for seed, value in values.items()]
        made = found.values()
        rows.append([
            name, spread(list(values.values()), digits), spread(change, digits, sign="+"), f"{mean(made, 'bops'):,.0f}",
            f"{mean(made, 'macs'):,.0f}", str(len(found)),
        ])  # fmt: skip
    headings = ["design", f"{case.metric} [{unit}]", "against float", "BOPs", "MACs", "seeds"]
    return f"### {case.name}\n\n" + markdown(headings, rows)


def mean(designs: Collection[Design], cost: str) -> float:
    """A cost over the designs of all seeds."""
    return statistics.fmean(design.record.costs[cost] for design in designs)


def spread(values: Sequence[float], digits: int, *, sign: str = "") -> str:
    """Mean and standard deviation."""
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.fmean(values):{sign}.{digits}f} ± {deviation:.{digits}f}"


def main() -> None:
    """Make what is missing, print what is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jets", type=Path, required=True)
    parser.add_argument("--bragg", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--only", action="append", choices=[case.name for case in CASES])
    parser.add_argument(
        "--plans", type=int, nargs="+", choices=range(len(PLANS)), default=range(len(PLANS)), metavar="N",
        help=f"which of the {len(PLANS)} plans are made, from 0",
    )  # fmt: skip
    parser.add_argument("--print", action="store_true", help="only print the tables of what is there")
    asked = parser.parse_args()
    console = Console(stderr=True)
    cases = [case for case in CASES if asked.only is None or case.name in asked.only]
    files = {"jets": [asked.jets], "bragg": [asked.bragg]}
    for number in [] if asked.print else asked.plans:
        for seed in asked.seeds:
            for case in cases:
                for design in make(case, PLANS[number], seed, files[case.task], asked.out):
                    test = design.record.metrics["test"][case.metric]
                    console.print(f"{case.name} seed {seed} {design.record.name}: {test:.4f}")
    for case in cases:
        Console(width=200).print(table(case, asked.seeds, asked.out))


if __name__ == "__main__":
    main()
