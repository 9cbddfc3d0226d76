"""What an input stage in the firmware costs: accuracy from raw integers, LUTs and cycles, beside a float scaling.

    python benchmarks/input_stages.py --data FILE --keep DIR [--network small] [--seed 0]... [--members 16]
        [--circuits 2] [--scaling log --scaling pseudo_log]... [--beta 2e-7 1.5e-6] [--epochs 40]

For every scaling, half of the samples and seed, `members` networks of the task's search space learn side by side from
weights of their own, with widths that they learn as the local search's do, at prices that spread their sizes; the same
first weights, prices and order of samples for every scaling. The networks of the last epoch, as firmware computes them,
are measured on the other half: nothing was chosen by it. Differences from the first scaling are paired, by sample and
by network; their errors are of both, and their intervals (95 %) twice that.

Of some members along the sizes the circuit is made, with the stages and without (scalings that are no stage leave the
first one to somebody else): LUTs and cycles are estimates from adder graphs, and the classes that the circuit gives for
raw integers are held against the network's.
"""

import argparse
import json
import math
import sys
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import torch
from input_scalings import error_of, folds
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from nac.arch import Architecture, Network
from nac.compress.constants import without_constants
from nac.compress.learned.cost import adder_bits
from nac.compress.learned.front import Prices, learnable
from nac.compress.learned.settle import settled
from nac.compress.learned.several import Several, for_each
from nac.config import LearnedConfig, TrainConfig, load_task
from nac.errors import WorkError
from nac.hardware import read_circuit
from nac.hardware.circuit.evaluate import evaluate
from nac.hardware.onnx.export import export_network
from nac.hardware.rtl.estimation import estimate, with_stages
from nac.rundir import write_atomic
from nac.space import SearchSpace
from nac.tasks import Dataset, Split, Task, make_task
from nac.train import fit, predict
from nac.train.norms import measure_norms

CHECKED = 2000
"""Samples whose raw integers a circuit gets."""


class Result(NamedTuple):
    """Of networks trained side by side: which samples were held out, which are right (members, held), some costs."""

    held: NDArray[np.bool_]
    right: NDArray[np.float64]
    circuits: list[dict[str, float]]



def networks(task: Task, dataset: Dataset, architecture: Architecture, given: argparse.Namespace,
             seed: int) -> list[Network]:  # fmt: skip
    """Trained side by side from weights of their own, as firmware computes them."""
    torch.manual_seed(seed)
    floats = [Network(architecture) for _ in range(given.members)]
    for network in floats:
        measure_norms(network, dataset.train, seed)  # so that all layers begin at the scale of their inputs
    starts = [learnable(network, dataset) for network in floats]
    several = Several(starts)
    learned = LearnedConfig(together=given.members, cost="adders", beta=tuple(given.beta))
    prices = Prices(learned, range(given.members))

    def price(network: Network, progress: float) -> torch.Tensor:
        return (prices.at(progress) * adder_bits(network)).mean()

    train = TrainConfig(learning_rate=0.006, epochs=given.epochs, patience=given.epochs, batch_size=250)
    last: dict[str, torch.Tensor] = {}
    fit(several, dataset, for_each(task, given.members), train, seed=seed, penalties=[price],
        on_epoch=lambda epoch, figures: last.update(several.state_dict()))  # fmt: skip
    several.load_state_dict(last)  # of the end, not of the epoch that validation liked best
    for member, network in enumerate(starts):
        network.load_state_dict(several.state_of(member))
    return [without_constants(settled(network))[0] for network in starts]


def costs(network: Network, task: Task, split: Split) -> dict[str, float]:
    """LUTs and cycles of its circuit with the stages and without, and whether raw integers lead to its classes."""
    alone = read_circuit(export_network(network))
    whole, prep = with_stages(alone, task.config, split.preprocessing), split.preprocessing
    found: dict[str, float] = {}
    for name, circuit in (("", whole), ("network_", alone)):
        figures = estimate(circuit, task.config.target)
        found |= {f"{name}lut": figures.lut, f"{name}cycles": figures.latency_cycles}
    if prep.stages:
        classes = predict(network, split.x[:CHECKED]).argmax(dim=1).numpy()
        found["equal"] = float((evaluate(whole, split.ports(CHECKED).numpy())[:, 0] == classes).all())
    return found


def measured(train: Path, held: Path, scaling: str, seed: int, given: argparse.Namespace) -> dict[str, Any]:
    """Which networks are right on which of the samples held out (members, N), and what some of them cost."""
    config = load_task("jets", "default", (
        f"data.scaling={scaling}", "data.split.train=0.98", "data.split.validation=0.01", "data.split.test=0.01",
        *given.set,
    ))  # fmt: skip
    task = make_task(config)
    space = SearchSpace.load(config.space, task.input_shape, task.outputs)
    dataset = task.load([train], 0)
    found = networks(task, dataset, space.decode(space.baselines[given.network]), given, seed)
    split = task.read([held], dataset.preprocessing)
    right = np.stack([(predict(network, split.x).argmax(dim=1) == split.y).numpy() for network in found])
    chosen = np.linspace(0, len(found) - 1, given.circuits).round().astype(int)
    return {"right": right.astype(int).tolist(), "circuits": [costs(found[member], task, split) for member in chosen]}


def halves(file: Path, folder: Path) -> Iterator[tuple[int, Path, Path, NDArray[np.bool_]]]:
    """Which half is held out, files of both, and its samples."""
    with np.load(file) as arrays:
        known = {name: arrays[name] for name in ("constituents", "label")}
    for fold, held in enumerate(folds(len(known["label"]), 2)):
        train, test = folder / f"train{fold}.npz", folder / f"held{fold}.npz"
        for path, rows in ((train, ~held), (test, held)):
            np.savez(path, **{name: values[rows] for name, values in known.items()})
        yield fold, train, test, held


def results(given: argparse.Namespace) -> dict[str, list[Result]]:
    """By scaling, of every half and seed; kept from an earlier call where they are."""
    found: dict[str, list[Result]] = {scaling: [] for scaling in given.scaling}
    given.keep.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        for (fold, train, test, held), seed in product([*halves(given.data, Path(folder))], given.seed):
            for scaling, known in found.items():
                kept = given.keep / f"{scaling}-{seed}-{fold}.json"
                if not kept.exists():
                    write_atomic(kept, json.dumps(measured(train, test, scaling, 2 * seed + fold, given)))
                row = json.loads(kept.read_text())
                known.append(Result(held, np.array(row["right"]) * 100.0, row["circuits"]))
                print(f"half {fold}, seed {seed}, {scaling}: {known[-1].right.mean():.2f} %", *row["circuits"],
                      file=sys.stderr, flush=True)  # fmt: skip
    return found


def by_sample_and_network(own: Sequence[Result]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Per cent of networks that are right on each sample (samples,), and of samples of each network (networks,)."""
    samples = np.zeros(len(own[0].held))
    for held in {result.held.tobytes(): result.held for result in own}.values():
        same = [result.right for result in own if (result.held == held).all()]
        samples[held] = np.concatenate(same).mean(axis=0)
    return samples, np.concatenate([result.right.mean(axis=1) for result in own])


def main() -> None:
    """Train, measure, compare with the first scaling and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--keep", type=Path, required=True, help="a folder for the results of single trainings")
    parser.add_argument("--network", default="small", help="a baseline of the search space")
    parser.add_argument("--scaling", action="append", help="log, pseudo_log and log_table if none is given")
    parser.add_argument("--seed", type=int, action="append", help="0 and 1 if none is given")
    parser.add_argument("--members", type=int, default=16)
    parser.add_argument("--circuits", type=int, default=2)
    parser.add_argument("--beta", type=float, nargs=2, default=(2e-7, 1.5e-6), help="prices of a LUT, rising")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--set", action="append", default=[], help="as of nac run")
    given = parser.parse_args()
    given.scaling, given.seed = given.scaling or ["log", "pseudo_log", "log_table"], given.seed or [0, 1]
    found = results(given)
    first = by_sample_and_network(found[given.scaling[0]])
    table = Table("scaling", "accuracy [%]", f"more than {given.scaling[0]}", "± of samples", "± of trainings", "±",
                  "median", "LUT", "network alone", "stages [%]", "cycles", "network alone")  # fmt: skip
    for scaling, own in found.items():
        samples, networks = by_sample_and_network(own)
        apart = samples - first[0], networks - first[1]
        errors = [*map(error_of, apart)]
        circuits = [circuit for result in own for circuit in result.circuits]
        means = {name: fmean(circuit[name] for circuit in circuits) for name in circuits[0]}
        added = [100 * (circuit["lut"] / circuit["network_lut"] - 1) for circuit in circuits]
        table.add_row(
            scaling, f"{samples.mean():.2f}", f"{apart[0].mean():+.2f}",
            *(f"{error:.2f}" for error in (*errors, math.hypot(*errors))), f"{np.median(apart[1]):+.2f}",
            f"{means['lut']:,.0f}", f"{means['network_lut']:,.0f}", f"{min(added):.1f} to {max(added):.1f}",
            f"{means['cycles']:.1f}", f"{means['network_cycles']:.1f}",
        )  # fmt: skip
        if not all(circuit.get("equal", True) for circuit in circuits):
            raise WorkError(f"{scaling}: raw integers lead a circuit to other classes than its network")
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
