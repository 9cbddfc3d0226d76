"""Whether short trainings on few samples rank architectures as whole trainings on all of them do.

    python benchmarks/distilled_proxy.py JETS [--networks N] [--seed S]

JETS is a file with 20,000 jets (`nac data fetch lhc_jets_20k`). N architectures are drawn from the space of the task;
each is trained once on all real samples and once by every proxy: on 250 jets with soft labels (made once, with NAC's
Medium, for all of them), on as many random real ones, and on all real ones for as many steps. Printed: Spearman's rank
correlation of validation accuracy with that of the whole training (with its bootstrapped standard error), seconds of
CPU of a training, and the seconds of distillation.
"""

import argparse
import math
import time
from functools import partial
from pathlib import Path

import numpy as np
from distilled_tables import CASES
from scipy.stats import spearmanr

from nac.arch import initialised
from nac.compress.distillation import Distilling, distil
from nac.config import CompressConfig, DistilledDataConfig, load_task
from nac.pipeline.architectures import named_architecture
from nac.space import SearchSpace
from nac.tasks import make_task
from nac.train import evaluate, fit, measure_norms

WHOLE, RESAMPLED = "all real samples", 1000


def main() -> None:
    """Train, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("jets", type=Path)
    parser.add_argument("--networks", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    case = CASES[0]
    config = load_task(case.task, overrides=case.settings)
    task = make_task(config)
    dataset = task.load((given.jets,), given.seed)
    space = SearchSpace.load(config.space, task.input_shape, task.outputs)
    random = np.random.default_rng(given.seed)
    networks = [space.decode(space.repair(space.random(random))) for _ in range(given.networks)]
    few_train = CompressConfig().distilled_train
    steps = few_train.epochs * math.ceil(250 / few_train.batch_size)
    budgets = {WHOLE: (dataset, case.train)}
    made = {}
    for method in ("soft_labels", "random"):
        began = time.process_time()
        settings = DistilledDataConfig(method=method)
        make = partial(initialised, named_architecture(config, case.baseline))
        few = distil(Distilling(task, dataset, make, settings, given.seed))
        made[method] = time.process_time() - began
        budgets[method] = few.dataset(dataset, config), few_train
    epochs = max(1, round(steps / math.ceil(len(dataset.train) / case.train.batch_size)))
    budgets["all real, as many steps"] = dataset, case.train.model_copy(update={"epochs": epochs})
    found: dict[str, list[float]] = {}
    seconds: dict[str, float] = {}
    for name, (samples, budget) in budgets.items():
        began = time.process_time()
        for index, architecture in enumerate(networks):
            network = initialised(architecture, given.seed + index)
            fit(network, samples, task, budget, seed=given.seed)
            if samples is not dataset:
                measure_norms(network, dataset.train.cut(), given.seed)
            found.setdefault(name, []).append(evaluate(network, dataset.validation, task)["accuracy"])
        seconds[name] = (time.process_time() - began) / len(networks)
    whole = np.array(found[WHOLE])
    print(f"{len(networks)} networks of the space {config.space}")
    print("| trained on | Spearman | accuracy, % | CPU s each | CPU s once |")
    print("|---|---|---|---|---|")
    for name, values in found.items():
        rank, error = _spearman(np.array(values), whole, random)
        print(f"| {name} | {rank:.2f} ± {error:.2f} | {100 * np.mean(values):.1f} | {seconds[name]:.1f} | "
              f"{made.get(name, 0):.0f} |")  # fmt: skip


def _spearman(x: np.ndarray, y: np.ndarray, random: np.random.Generator) -> tuple[float, float]:
    draws = [random.integers(len(x), size=len(x)) for _ in range(RESAMPLED)]
    return float(spearmanr(x, y).statistic), float(np.nanstd([spearmanr(x[d], y[d]).statistic for d in draws]))


if __name__ == "__main__":
    main()
