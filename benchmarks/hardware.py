"""Trained designs of both tasks through the whole hardware step, and how far estimates are from the synthesiser.

    python benchmarks/hardware.py JETS.npz BRAGG.npz --out FOLDER [--only NAME]...

Small networks are trained with small budgets, quantised to 3 to 8 bits and pruned up to 90 %. Each goes through
QONNX, HLS C simulation, RTL, the RTL's simulation and yosys, timed as a whole. What is done is kept in FOLDER (one JSON
file per design), so that an interrupted run goes on. Printed are a Markdown table of the designs and the agreement of
the estimates: rank correlation, and the mean and largest error relative to the synthesised LUTs.
"""

import argparse
import json
import logging
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nac.arch import Architecture, workload
from nac.compress import Winner, compress
from nac.config import CompressConfig, TaskConfig, load_task
from nac.design import Design
from nac.hardware import HardwareReport, synthesise
from nac.hardware.analytic import model_of
from nac.hardware.onnx.export import circuit_of
from nac.hardware.rtl import estimate
from nac.report.quantities import quantity
from nac.report.tables import markdown
from nac.rundir import Run, write_atomic
from nac.tasks import make_task

logger = logging.getLogger(__name__)


def _dense(*widths: int) -> list[dict[str, Any]]:
    return [{"block": "dense", "width": width, "norm": "batch"} for width in widths]


def _conv(*channels: int) -> list[dict[str, Any]]:
    return [{"block": "conv", "channels": count, "norm": "batch"} for count in channels]


NETWORKS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "tiny": ("jets", [*_dense(12), {"block": "aggregate"}, *_dense(16, 8)]),
    "small": ("jets", [*_dense(8, 8), {"block": "aggregate", "kind": "max"}, *_dense(16)]),
    "wide": ("jets", [*_dense(16, 16), {"block": "aggregate"}, *_dense(16, 16)]),
    "shallow": ("bragg", [*_conv(2), {"block": "pool"}, {"block": "flatten"}, *_dense(8)]),
    "deep": ("bragg", [*_conv(3, 3), {"block": "pool"}, {"block": "flatten"}, *_dense(8)]),
}
"""Task and blocks by name."""
MADE: tuple[tuple[str, int, float], ...] = (
    ("tiny", 8, 0.9), ("tiny", 6, 0.8), ("tiny", 4, 0.5), ("tiny", 3, 0.0), ("tiny", 6, 0.0),
    ("small", 8, 0.7), ("small", 6, 0.5), ("small", 4, 0.0), ("small", 3, 0.5), ("wide", 5, 0.8), ("wide", 4, 0.6),
    ("shallow", 8, 0.9), ("shallow", 6, 0.6), ("shallow", 4, 0.4), ("shallow", 3, 0.0),
    ("deep", 6, 0.8), ("deep", 4, 0.6), ("deep", 3, 0.0),
)  # fmt: skip
"""Network, bits of weights and activations, share of zeros."""
SETTINGS = {
    "jets": ["train.epochs=12"],
    "bragg": ["train.epochs=4", "data.simulate=8000", "data.repeat=8"],
}
BUDGET = {"optimiser": "adamw", "learning_rate": 0.01, "epochs": 6, "batch_size": 256, "patience": 6}


@dataclass(frozen=True)
class Row:
    """One design: where it is, its metric, its report, and what the step took."""

    name: str
    design: Design
    report: HardwareReport
    wall_s: float
    cpu_s: float

    def value(self, quantity: str, kind: str) -> float:
        """A number of the report. Raises StopIteration when the step was skipped."""
        return next(n.value for n in self.report.numbers if (n.name, n.kind) == (quantity, kind))

    @property
    def exact(self) -> bool:
        """Whether every engine and the simulated Verilog agreed; the step raises where one does not."""
        return self.report.verification.equal and self.report.rtl_simulation is not None


def name_of(network: str, bits: int, sparsity: float) -> str:
    """The name of a design in the table."""
    return f"{network}-w{bits}-s{round(100 * sparsity):02d}"


def train(network: str, bits: int, sparsity: float, data: Path, run: Run) -> Design:
    """The design of a network at so many bits and so sparse; kept in the run's folder."""
    task_name, blocks = NETWORKS[network]
    config: TaskConfig = load_task(task_name, overrides=SETTINGS[task_name])
    task = make_task(config)
    dataset = task.load([data], seed=0)
    architecture = Architecture.model_validate(
        {"input": task.input_shape, "blocks": blocks, "outputs": task.outputs,
         "bits": {"input": 8, "weights": 8, "activations": 8}}
    )  # fmt: skip
    settings = CompressConfig.model_validate(
        {"bits": [bits], "sparsity": [sparsity], "rounds": 1, "train": config.train.model_dump(), "finetune": BUDGET}
    )
    winner = Winner(list(NETWORKS).index(network), architecture)
    (design,) = compress([winner], task, dataset, run, settings, seed=0)
    return design


def measure(name: str, design: Design, data: Path, folder: Path) -> Row:
    """The hardware step of a design, or what is on file about it."""
    file = folder / f"{name}.json"
    if not file.is_file():
        task = make_task(design.record.task)
        x = task.load([data], seed=0, preprocessing=design.record.preprocessing).test.x[:1000].numpy()
        began, before = time.perf_counter(), _cpu_s()
        report = synthesise(design, design.record.task.target, check_inputs=x)
        told = {"design": str(design.path), "wall_s": time.perf_counter() - began, "cpu_s": _cpu_s() - before,
                "report": report.model_dump(mode="json")}  # fmt: skip
        write_atomic(file, json.dumps(told, indent=1))
    told = json.loads(file.read_text(encoding="utf-8"))
    return Row(name, design, HardwareReport.model_validate(told["report"]), told["wall_s"], told["cpu_s"])


def _cpu_s() -> float:
    """Seconds of CPU of this process and the tools it has started."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def table(rows: Sequence[Row], estimates: Sequence[float]) -> str:
    """The designs as a Markdown table."""
    headings = ["design", "network", "kept", "test metric", "exact", "samples in RTL", "LUT estimate", "LUT yosys",
                "FF yosys", "DSP", "cycles", "step, s", "CPU s"]  # fmt: skip
    lines = []
    for row, estimated in zip(rows, estimates, strict=True):
        record = row.design.record
        metric, value = next(iter(record.metrics["test"].items()))
        known = record.intervals.get("test", {}).get(metric)
        measured = quantity(metric).text(value, known.standard_error if known else None)
        simulated = row.report.rtl_simulation
        lines.append(
            [row.name, record.architecture.summary(), f"{1 - record.sparsity:.0%}",
             f"{metric} {measured}", "yes" if row.exact else "no", f"{simulated.samples if simulated else 0:,}",
             f"{estimated:,.0f}", f"{row.value('lut', 'synthesis'):,.0f}", f"{row.value('ff', 'synthesis'):,.0f}",
             f"{row.value('dsp', 'synthesis'):.0f}", f"{row.value('latency_cycles', 'simulation'):.0f}",
             f"{row.wall_s:.0f}", f"{row.cpu_s:.0f}"]
        )  # fmt: skip
    return markdown(headings, lines)


def instant(rows: Sequence[Row]) -> list[float]:
    """LUTs by the model that sees the architecture, bits and density alone."""
    model, found = model_of(), []
    for row in rows:
        record = row.design.record
        found.append(model.predict(workload(record.architecture, 1 - record.sparsity), row.report.target)["lut"])
    return found


def agreement(what: str, predicted: Sequence[float], synthesised: Sequence[float]) -> str:
    """How far predictions are from the synthesised LUTs."""
    errors = np.asarray(predicted) / np.asarray(synthesised) - 1
    ranks = [np.argsort(np.argsort(values)) for values in (predicted, synthesised)]  # no two are equal
    spearman = np.corrcoef(ranks[0], ranks[1])[0, 1]
    return (
        f"- {what}: Spearman {spearman:.3f}, mean error {np.abs(errors).mean():.1%} (mean signed {errors.mean():+.1%}, "
        f"from {errors.min():+.1%} to {errors.max():+.1%}) over {len(errors)} designs"
    )


def main() -> None:
    """Train, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jets", type=Path)
    parser.add_argument("bragg", type=Path)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--only", action="append", metavar="NAME", help="this design, repeatable; all by default")
    arguments = parser.parse_args()
    data = {"jets": arguments.jets, "bragg": arguments.bragg}
    arguments.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for network, bits, sparsity in MADE:
        name = name_of(network, bits, sparsity)
        if arguments.only and name not in arguments.only:
            continue
        samples = data[NETWORKS[network][0]]
        design = train(network, bits, sparsity, samples, Run(arguments.out))
        row = measure(name, design, samples, arguments.out)
        rows.append(row)
        print(f"{name}: {row.value('lut', 'synthesis'):,.0f} LUT, {row.wall_s:.0f} s", file=sys.stderr, flush=True)
    if not rows:
        parser.error(f"--only: expected some of {', '.join(name_of(*made) for made in MADE)}")
    estimates = [estimate(circuit_of(row.design), row.report.target).lut for row in rows]
    print(table(rows, estimates), end="\n\n")
    synthesised = [row.value("lut", "synthesis") for row in rows]
    predictions = {"in-search estimate (adder graph)": estimates, "instant model (architecture)": instant(rows)}
    for what, predicted in predictions.items():
        print(agreement(what, predicted, synthesised))
        for task in data:
            chosen = [k for k, row in enumerate(rows) if row.design.record.task.name == task]
            if len(chosen) > 1:
                pairs = [[values[k] for k in chosen] for values in (predicted, synthesised)]
                print(agreement(f"{what}, {task} alone", *pairs))


if __name__ == "__main__":
    main()
