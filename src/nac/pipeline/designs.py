"""What the verbs on one design do: synth, evaluate."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from nac.config import TargetConfig, validate
from nac.design import DESIGN_FAILURES, Design, more_saturated, record_failure
from nac.design.data import Input
from nac.errors import InputError
from nac.hardware import BACKENDS, ENGINES, HardwareReport, engine, outputs_sha256, synthesise
from nac.hardware.onnx.convert import NAME as QCDQ_FILE
from nac.hardware.onnx.convert import convert
from nac.hardware.onnx.export import circuit_of
from nac.hardware.report import random_inputs
from nac.hardware.rtl import RtlEngine
from nac.pipeline.context import as_started
from nac.pipeline.progress import teller
from nac.pipeline.request import unchanged
from nac.pipeline.robustness import Flips, Robustness, robustness
from nac.pipeline.steps import CHECKED_SAMPLES, check_inputs
from nac.report.collect import measured as columns
from nac.report.quantities import quantity
from nac.report.rows import beaten
from nac.rundir import DataFile, Run, data_files
from nac.tasks import Dataset, Estimate, Interval, Split, Task, constant_answer, intervals_of, make_task, values_of

logger = logging.getLogger(__name__)
LANGUAGES = ("verilog", "vhdl")


@dataclass(frozen=True)
class Evaluation:
    """Metrics of a design on some samples, their intervals, and the hash of its outputs as little-endian float64."""

    task: str
    design: str
    engine: str
    n: int
    metrics: dict[str, float]
    intervals: dict[str, Interval]
    predictions_sha256: str
    data: list[dict[str, str]]
    upsets: Robustness | None = None

    @property
    def rows(self) -> list[list[str]]:
        """One row per metric: its name, its value with one standard error, its 95 % interval."""
        return [
            [name, quantity(name).text(value, known.standard_error), quantity(name).between(known.low, known.high)]
            if (known := self.intervals.get(name)) else [name, quantity(name).text(value), "–"]
            for name, value in self.metrics.items()
        ]

    def to_json(self) -> dict[str, Any]:
        """As a plain mapping, `upsets` only where bits were flipped."""
        found = asdict(self)
        return found if self.upsets else {key: value for key, value in found.items() if key != "upsets"}


def evaluate_design(
    path: Path,
    files: Sequence[Path],
    engine_name: str,
    console: Console,
    *,
    simulate: bool = False,
    flips: Flips | None = None,
) -> Evaluation:
    """Predict every sample of the files (of the run's test split without any) with one engine and measure.

    With `simulate` the engine `rtl` is the Verilog in a simulator, its adder graph otherwise. With `flips` the circuit
    is computed with flipped bits as well.

    Raises:
        InputError: no design, unknown engine, data that does not fit, or another engine to `simulate`.
        WorkError: the engine cannot be built, or its outputs are not finite.
    """
    if engine_name not in ENGINES:
        raise InputError(f"--engine {engine_name}: expected one of {', '.join(ENGINES)}")
    if simulate and engine_name != "rtl":
        raise InputError(f"--simulate: the engine {engine_name} is no circuit, expected --engine rtl")
    design = Design.load(path)
    record = design.record
    split, sources = _samples(design, files)
    with console.status(f"{engine_name}: {len(split):,} samples"):
        predictor = RtlEngine(design, simulates=True) if simulate else engine(engine_name, design)
        x = design.quantised_input(design.inputs_of(split))
        outputs = predictor.predict(x)
    task, y = make_task(record.task), split.y.numpy()
    metrics = partial(task.metrics, preprocessing=record.preprocessing)
    measured = task.estimates(outputs, y, record.preprocessing)
    found = Evaluation(
        record.task.name, record.name, engine_name, len(split), values_of(measured), intervals_of(measured),
        outputs_sha256(outputs), sources,
    )  # fmt: skip
    if said := _no_better(task, measured, constant_answer(task, y, record.preprocessing)):
        logger.warning("%s: %s", record.name, said)
    if flips is None:
        return found
    with console.status(f"{flips.repeats} times with bits flipped"):
        return replace(found, upsets=robustness(circuit_of(design), x, y, metrics, found.metrics, flips))


def _no_better(task: Task, measured: Mapping[str, Estimate], constant: Mapping[str, Estimate]) -> str:
    """What is wrong with a design that is no better than a constant answer by the first metric that both have."""
    metric = next((name for name in task.metric_names if name in measured and name in constant), None)
    if metric is None:
        return ""
    rows = [
        columns({"validation": values_of(known)}, {"validation": intervals_of(known)})
        for estimates in (measured, constant)
        for known in [{metric: estimates[metric]}]
    ]
    return beaten(metric, rows[0], rows[1], "constant")


@dataclass(frozen=True)
class Synthesised:
    """What hardware a design became."""

    design: Design
    project: Path
    report: HardwareReport

    @property
    def rows(self) -> list[list[object]]:
        """One row per number: quantity, value, unit, kind, tool."""
        return [[n.name, n.value, n.unit, n.kind, f"{n.tool} {n.version}"] for n in self.report.numbers]

    @property
    def places(self) -> list[tuple[str, Path]]:
        """Labelled paths of what was written."""
        rtl = [("RTL", self.design.path / "rtl")] if self.report.rtl_samples else []
        return [("network", self.design.path / "model.onnx"), ("project", self.project), *rtl]

    @property
    def sentences(self) -> list[str]:
        """What was proven, what was skipped and what looks wrong."""
        checked, proof = self.report.verification, self.report.rtl_simulation
        said = [f"torch == QONNX{' == C simulation' if checked.hls_samples else ''} on {checked.samples:,} samples"]
        if self.report.rtl_samples:
            circuit = f"RTL == network on {self.report.rtl_samples:,} samples"
            said.append(f"{circuit} in {proof.tool}, {proof.rate}" if proof else f"{circuit} (adder graph)")
        if vhdl := self.report.rtl_vhdl:
            said.append(f"VHDL == network in {vhdl.tool}: {vhdl.said}")
        return [*said, *(f"skipped: {line}" for line in self.report.skipped),
                *self.report.notes,
                *(f"remark: {line}" for line in self.report.remarks)]  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """The report and where the project is."""
        return {"design": str(self.design.path), "project": str(self.project), **self.report.model_dump(mode="json")}


def synth_design(
    path: Path,
    *,
    backend: str | None,
    project: Path | None,
    files: Sequence[Path],
    console: Console,
    simulation: bool = True,
    synthesis: bool = True,
    placement: bool = False,
    implementation: bool = False,
    language: str = "verilog",
    fold: int | str | None = None,
    ii: int | None = None,
    rate_mhz: float | None = None,
    wait: int | None = None,
    recall: int | None = None,
) -> Synthesised:
    """Export, write the HLS project and the RTL, verify both bit for bit on samples of the test split, synthesise.

    Raises:
        InputError: no design, unknown backend or language, or a project folder that is not empty.
        WorkError: two engines disagree, or a tool failed.
    """
    if backend is not None and backend not in BACKENDS:
        raise InputError(f"--backend {backend}: expected one of {', '.join(BACKENDS)}")
    if language not in LANGUAGES:
        raise InputError(f"--language {language}: expected one of {', '.join(LANGUAGES)}")
    if fold not in (None, "all") and not (str(fold).isdecimal() and int(str(fold)) > 0):
        raise InputError(f"--fold {fold}: expected all, or how many positions a clock")
    design = Design.load(path)
    architecture = design.network.architecture  # weights that cannot be read are no failure of the firmware's
    paced: dict[str, int | str | float | None] = {"fold": fold, "ii": ii, "rate_mhz": rate_mhz}
    given = {"backend": backend, "wait": wait, "recall": recall}
    asked: dict[str, object] = {name: value for name, value in given.items() if value is not None}
    before = design.record.task.target.model_dump(exclude=set(paced if any(paced.values()) else asked))
    asked |= {name: value for name, value in paced.items() if value is not None}
    target = validate(TargetConfig, {**before, **asked}, "nac synth")
    if problem := target.fold_problem(architecture.input):
        raise InputError(f"{path}: {problem}")
    if project is not None and project.exists() and (not project.is_dir() or any(project.iterdir())):
        raise InputError(f"{project}: is not empty, expected a new folder for the project")
    inputs = _check_inputs(design, files)
    with console.status(design.record.name) as status:
        say = teller(console, status.update)
        try:
            report = synthesise(
                design, target, project_dir=project, check_inputs=inputs, simulation=simulation, synthesis=synthesis,
                placement=placement, implementation=implementation, vhdl=language == "vhdl",
                say=lambda what: say(f"{design.record.name}: {what}"),
            )  # fmt: skip
        except (*DESIGN_FAILURES, OSError) as error:  # the latter: a disk that is full
            record_failure(design.path, "synth", error)
            raise
    return Synthesised(design, project or design.path / "hls", report)


def convert_design(path: Path, *, file: Path | None, files: Sequence[Path], console: Console) -> tuple[Path, int]:
    """Write a design as plain ONNX, `qcdq.onnx` in its folder by default; where it is, and on how many samples equal.

    Raises:
        InputError: no design, or one that has no such form.
        WorkError: onnxruntime does not compute the same bits.
    """
    design = Design.load(path)
    target = file or design.path / QCDQ_FILE
    inputs = _check_inputs(design, files)
    with console.status(f"{design.record.name}: onnxruntime on {len(inputs):,} samples"):
        return target, convert(design, target, inputs)


def _check_inputs(design: Design, files: Sequence[Path]) -> NDArray[np.float32]:
    """Inputs that the engines are compared on: of the files, of the run that the design is in, or else at random."""
    if not files and not Run(design.path.resolve().parent.parent).config_file.is_file():
        logger.info("%s lies in no run: its engines are compared on random inputs", design.path)
        if design.record.staged:
            return random_inputs(design, CHECKED_SAMPLES)
        grid, random = Input.of(design.network), np.random.default_rng(0)
        shape = (CHECKED_SAMPLES, *design.record.architecture.input)
        return random.uniform(grid.low, grid.high, shape).astype(np.float32)
    if not files:
        return check_inputs(_dataset_of_run(design), design)
    split, _ = _samples(design, files)
    return design.inputs_of(split, CHECKED_SAMPLES)


def _samples(design: Design, files: Sequence[Path]) -> tuple[Split, list[dict[str, str]]]:
    """All samples of the files, or the test split of the run that the design is in; and their files' hashes.

    Warnings say when those of files are not like the training samples, or are these.
    """
    if not files:
        dataset = _dataset_of_run(design)
        return dataset.test, dataset.provenance["files"]
    listed, record = data_files(files), design.record
    split = make_task(record.task).read([file.path for file in listed], record.preprocessing, record.data)
    saturated = more_saturated(record.data, design.network, split.x.numpy(), record.preprocessing)
    for line in (*_trained_on(design, listed), *split.remarks, *saturated):
        logger.warning("%s: %s", ", ".join(map(str, files)), line)
    return split, [{"path": str(file.path), "sha256": file.sha256} for file in listed]


def _trained_on(design: Design, files: Sequence[DataFile]) -> list[str]:
    """One sentence for each of the files that the design was trained on, as its record or that of its run says."""
    known = set(design.record.data.files)
    if not known and (run := Run(design.path.resolve().parent.parent)).config_file.is_file():
        known = {file.sha256 for file in run.read().data}
    return [f"{design.record.name} was trained on a part of {file.path.name}, so that figures of all of it flatter; "
            "without --data those of the test split are given" for file in files if file.sha256 in known]


def _dataset_of_run(design: Design) -> Dataset:
    """What the run around a design was made with. Raises InputError when there is no such run."""
    run = Run(design.path.resolve().parent.parent)
    if not run.config_file.is_file():
        raise InputError(f"{design.path}: lies in no run whose data could be used, expected --data FILE")
    record = run.read()
    files = [file.path for file in unchanged(record, (), run)]
    return make_task(as_started(record)).load(files, record.task.seed, preprocessing=design.record.preprocessing)
