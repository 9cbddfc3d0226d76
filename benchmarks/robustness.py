"""The whole pipeline in short form, over seeds and all shipped tasks: does every run end, and is all firmware exact?

    python benchmarks/robustness.py [--seeds 0 1 2] [--cases jets qubit] [--data ../shared/data] [--out DIR] [--json]

Every run goes through all steps: data, search, local search, QONNX, HLS and RTL, report. Few samples and epochs, 2 to
8 bits and up to 95 % of the weights pruned make what breaks chains: dead channels, dead inputs, constant outputs, wide
biases. Seeds differ in widths, sparsities and pruners too; every fifth takes its Verilog through a simulator, every
twentieth through yosys as well.
Beside the designs that a run takes to hardware the circuits of all its others are built and compared with them on
random inputs (adder graph, bit for bit).

A run is good when it ends with status 0, or with status 1 naming every design that failed; when its report is there;
and when every firmware that there is equals its network. The exit status is 1 unless all are. Each run is a process of
its own: a crash is that run's.
"""

import argparse
import contextlib
import json
import logging
import multiprocessing
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import hls4ml  # noqa: F401 - what the runs need is loaded once, before their processes are forked
import numpy as np
import torch
from rich.console import Console
from rich.table import Table

import nac.pipeline.run  # noqa: F401
from nac.cli import main as command
from nac.design import DESIGN_FAILURES, Design
from nac.hardware.rtl import rtl_project
from nac.report import Front
from nac.rundir import Run

SHORT: Mapping[str, object] = {
    "data.limit": 1500, "search.trials": 5, "search.population": 3, "train.epochs": 2, "train.batch_size": 128,
    "compress.designs": 2, "compress.rounds": 1, "compress.train.epochs": 3, "compress.finetune.epochs": 2,
    "compress.synthesise": 1,
}  # fmt: skip
QUANTISED = {"search.quantise.epochs": 1, "search.fidelity": "null", "search.trials": 4}
BITS = ([8, 2], [6, 3], [5, 4], [7, 2], [3])
SPARSITY = ([0.0, 0.95], [0.5, 0.9], [0.8], [0.95], [0.9])
PRUNERS = ("gradual", "lamp", "global_magnitude", "synflow", "random")
SIMULATED, SYNTHESISED = 5, 20
"""Every so many seeds one whose Verilog is simulated, and one whose is synthesised (minutes), where the tools are."""
OPENML = ("zlogz", "c1_b0_mmdt", "c1_b1_mmdt", "c2_b1_mmdt", "c2_b2_mmdt", "d2_b1_mmdt", "d2_b2_mmdt", "d2_a1_b1_mmdt",
          "d2_a1_b2_mmdt", "m2_b1_mmdt", "m2_b2_mmdt", "n2_b1_mmdt", "n2_b2_mmdt", "mass_mmdt", "multiplicity", "extra")


@dataclass(frozen=True)
class Case:
    """A task with a preset, what is set beside SHORT, and its data file: made from the shared data, or simulated."""

    task: str
    preset: str = "default"
    settings: Mapping[str, object] = field(default_factory=dict)
    data: Callable[[Path, Path], Path] | None = None

    @property
    def name(self) -> str:
        """What the table calls it."""
        return self.task if self.preset == "default" else f"{self.task} {self.preset}"

    def values(self, seed: int) -> dict[str, object]:
        """Every key that is set, by seed."""
        own: dict[str, object] = {
            "compress.simulate_rtl": str(seed % SIMULATED == SIMULATED - 1).lower(),
            "compress.synthesise_rtl": str(seed % SYNTHESISED == SYNTHESISED - 1).lower(),
        }
        if self.preset == "default":
            own |= {"compress.bits": BITS[seed % 5], "compress.sparsity": SPARSITY[seed // 5 % 5],
                    "compress.pruner": PRUNERS[(seed + seed // 5) % 5]}  # fmt: skip
        return {**SHORT, **own, **self.settings}


def jets(shared: Path, _: Path) -> Path:
    """20,000 jets with constituents and features."""
    return shared / "jets" / "lhc_jets_20k.npz"


def qubit(shared: Path, folder: Path) -> Path:
    """The task's file from shots per state, as its header says."""
    shots, file = np.load(shared / "qubit" / "iq_two_state.npy"), folder / "qubit.npz"
    np.savez(file, iq=shots.reshape(-1, 2), state=np.repeat([0, 1], shots.shape[1]))
    return file


def openml(_: Path, folder: Path) -> Path:
    """A made-up table with OpenML's columns: classes are shifted, features have very different units."""
    random, file = np.random.default_rng(0), folder / "openml.csv"
    label = random.integers(0, 5, 3000)
    x = random.normal(size=(3000, 16)) + 0.8 * random.normal(size=(5, 16))[label]
    values = x * 10.0 ** random.integers(-3, 4, 16)
    rows = [",".join([*(f"{value:.6g}" for value in row), "gqtwz"[k]]) for row, k in zip(values, label, strict=True)]
    file.write_text("\n".join([",".join([*OPENML, "class"]), *rows]) + "\n")
    return file


CASES = (
    Case("jets", data=jets, settings={  # networks that g++ compiles in seconds
        "search.objectives": "[{name: accuracy}, {name: bops, max: 100000}]"}),
    Case("jets_features", data=jets),
    Case("jets_openml", data=openml, settings={"data.classes": "[g, q, w, z, t]"}),
    Case("bragg", settings={"data.simulate_without_file": 1500,
         "search.objectives": "[{name: distance_px}, {name: bops, max: 400000}]"}),
    Case("qubit", data=qubit),
    Case("jets", "hardware", {**QUANTISED, "compress.digits": [0.5], "compress.digits_train.epochs": 1,
         "search.objectives": "[{name: accuracy}, {name: lut, max: 15000}]"}, jets),
    Case("jets_features", "hardware", {**QUANTISED, "compress.digits": [0.4], "compress.digits_train.epochs": 1,
         "search.objectives": "[{name: accuracy}, {name: lut}]"}, jets),
    Case("jets_features", "bit_operations", QUANTISED, jets),
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """How one run ended. `circuits` are those built of designs beside the run's own, `refused` those that failed."""

    case: str
    seed: int
    status: int
    last_words: str
    seconds: float
    failed: Mapping[str, str] = field(default_factory=dict)
    report: bool = False
    designs: int = 0
    exact: int = 0
    inexact: int = 0
    circuits: int = 0
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def named(self) -> bool:
        """Whether the end of the command names every design that failed, and nothing else ended it."""
        return bool(self.failed) and all(name in self.last_words for name in self.failed)

    @property
    def good(self) -> bool:
        """Whether the run holds what this project promises."""
        ended = self.status == 0 or (self.status == 1 and self.named)
        return ended and self.report and self.inexact == 0 and not self.refused


def run_one(case: Case, seed: int, data: Path | None, out: Path) -> Outcome:
    """The command in a child of this process, and what it left."""
    log = out.with_suffix(".log")
    arguments = ["run", case.task, "--preset", case.preset, "--out", str(out), "--seed", str(seed)]
    arguments += [word for key, value in case.values(seed).items() for word in ("--set", f"{key}={value}")]
    arguments += ["--data", str(data)] if data else []
    began = time.monotonic()
    child = multiprocessing.get_context("fork").Process(target=_child, args=(arguments, log))
    child.start()
    child.join()
    seconds = time.monotonic() - began
    said = log.read_text(errors="replace").strip().splitlines()
    status = child.exitcode if child.exitcode is not None else -1
    return _outcome(Outcome(case.name, seed, status, said[-1] if said else "", round(seconds, 1)), Run(out))


def _child(arguments: list[str], log: Path) -> None:
    with log.open("w", buffering=1) as file, contextlib.redirect_stdout(file), contextlib.redirect_stderr(file):
        command(arguments)


def _outcome(ended: Outcome, run: Run) -> Outcome:
    """What is in the run's folder, after building the circuits that the run did not."""
    if not run.config_file.is_file():
        return ended
    table = Front.read(run).of("design")
    exact, circuits, refused = list(table["exact"]), 0, {}
    for path in run.design_paths():
        if not (path / "rtl").is_dir() and path.name not in ended.last_words:
            try:
                circuits += bool(rtl_project(Design.load(path)))
            except DESIGN_FAILURES as error:
                refused[path.name] = f"{type(error).__name__}: {error}"
    failed = table[table["failure"].notna()]
    return Outcome(**{
        **asdict(ended), "failed": dict(zip(failed["name"], failed["failure"], strict=True)),
        "report": run.report.is_file(), "designs": len(table), "exact": exact.count(True),
        "inexact": exact.count(False), "circuits": circuits, "refused": refused,
    })  # fmt: skip


def tabulated(outcomes: Sequence[Outcome]) -> Table:
    """One row per case."""
    headings = ("case", "runs", "status 0", "designs", "failed, named", "reports", "firmware exact", "circuits exact",
                "good", "s a run")  # fmt: skip
    table = Table(*headings)
    for name in dict.fromkeys(outcome.case for outcome in outcomes):
        found = [outcome for outcome in outcomes if outcome.case == name]
        failed = sum(len(outcome.failed) for outcome in found)
        named = sum(len(outcome.failed) for outcome in found if outcome.named)
        exact, inexact = sum(o.exact for o in found), sum(o.inexact for o in found)
        circuits, refused = sum(o.circuits for o in found), sum(len(o.refused) for o in found)
        table.add_row(
            name, str(len(found)), str(sum(o.status == 0 for o in found)), str(sum(o.designs for o in found)),
            f"{failed}, {named}", str(sum(o.report for o in found)), f"{exact} of {exact + inexact}",
            f"{circuits} of {circuits + refused}", str(sum(o.good for o in found)),
            f"{np.mean([o.seconds for o in found]):.0f}",
        )  # fmt: skip
    return table


def main() -> None:
    """Run everything and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(20)))
    parser.add_argument("--cases", nargs="+", help="names as in the table, e.g. 'jets hardware'; all by default")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with jets/ and qubit/")
    parser.add_argument("--out", type=Path, default=Path("runs/robustness"))
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    arguments.out.mkdir(parents=True, exist_ok=True)
    cases = [case for case in CASES if not arguments.cases or case.name in arguments.cases]
    console, outcomes = Console(stderr=True), []
    for case in cases:
        data = case.data(arguments.data, arguments.out) if case.data else None
        for seed in arguments.seeds:
            out = arguments.out / f"{case.name.replace(' ', '-')}-{seed:02d}"
            outcomes.append(found := run_one(case, seed, data, out))
            console.print(f"{case.name}, seed {seed}: {'good' if found.good else 'BAD'}, status {found.status}, "
                          f"{found.seconds:.0f} s", *found.failed.items(), *found.refused.items(), markup=False)
            if not found.good:
                console.print(found.last_words, markup=False)
    if arguments.json:
        json.dump([asdict(outcome) for outcome in outcomes], sys.stdout, indent=1)
    else:
        Console(width=120).print(tabulated(outcomes))
    raise SystemExit(not all(outcome.good for outcome in outcomes))


if __name__ == "__main__":
    main()
