"""A design that is open: predict, measure, build."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nac.api.console import console
from nac.arch import Architecture
from nac.design import Design as Folder
from nac.design import DesignRecord
from nac.errors import InputError
from nac.hardware import engine as engine_of
from nac.hardware.rtl import RtlEngine
from nac.pipeline.designs import Evaluation, Synthesis, convert_design, evaluate_design, synth_design
from nac.pipeline.robustness import Flips
from nac.report.hardware import hardware_report
from nac.tasks import make_task

Files = str | PathLike[str] | Sequence[str | PathLike[str]]


def paths(files: Files) -> list[Path]:
    """One or several files as a list."""
    return [Path(files)] if isinstance(files, str | PathLike) else [Path(file) for file in files]


class Design:
    """One quantised network with its weights, its costs and, once it is synthesised, its firmware."""

    def __init__(self, path: str | PathLike[str]) -> None:
        """Open the folder of a design. Raises InputError when it is none."""
        self.path = Path(path)
        self._folder = Folder.load(self.path)

    def __repr__(self) -> str:
        return f"<nac design {self.path}: {self.architecture.summary()}>"

    @property
    def name(self) -> str:
        """What it is called in its run."""
        return self.record.name

    @property
    def record(self) -> DesignRecord:
        """All that `design.json` says."""
        return self._folder.record

    @property
    def architecture(self) -> Architecture:
        """What was built."""
        return self.record.architecture

    @property
    def metrics(self) -> Mapping[str, Mapping[str, float]]:
        """By split, then by name."""
        return self.record.metrics

    @property
    def costs(self) -> Mapping[str, float]:
        """By name."""
        return self.record.costs

    @property
    def hardware(self) -> Mapping[str, Any]:
        """The report of the last `synthesise`; empty before it."""
        return hardware_report(self.path)

    @cached_property
    def _input_shape(self) -> tuple[int, ...]:
        return make_task(self.record.task).input_shape

    def predict(self, x: npt.ArrayLike, *, engine: str = "torch", simulate: bool = False) -> npt.NDArray[np.float64]:
        """What the design answers to raw samples.

        Args:
            x: (N, ...) in the units of the data, as they were given for training or in the network's shape.
            engine: what computes, all of them the same bits: torch, qonnx, hls (the C simulation of the HLS project,
                made first where it is missing) or rtl.
            simulate: with rtl: the Verilog in a simulator instead of its adder graph.

        Returns:
            (N, T) in the units of the targets, (N, C) scores of the classes (their largest is the answer).

        Raises:
            InputError: another number of values in a sample, or an unknown engine.
            WorkError: the engine cannot be built.
        """
        if simulate and engine != "rtl":
            raise InputError(f"simulate: the engine {engine} is no circuit, expected engine='rtl'")
        raw = np.asarray(x, dtype=np.float32)
        if raw.ndim == 0 or raw[:1].size != np.prod(self._input_shape) * len(raw[:1]):
            raise InputError(f"x: has shape {raw.shape}, expected (N, {', '.join(map(str, self._input_shape))})")
        inputs = self.record.preprocessing.apply(raw.reshape(len(raw), *self._input_shape))
        computes = RtlEngine(self._folder, simulates=True) if simulate else engine_of(engine, self._folder)
        return self.record.preprocessing.physical(computes.predict(self._folder.quantised_input(inputs)))

    def evaluate(
        self, data: Files = (), *, engine: str = "torch", simulate: bool = False, flips: Flips | None = None
    ) -> Evaluation:
        """Its metrics on files, or on the test split of the run that it is in (`nac evaluate`)."""
        return evaluate_design(self.path, paths(data), engine, console(), simulate=simulate, flips=flips)

    def convert(self, file: str | PathLike[str] | None = None, *, data: Files = ()) -> Path:
        """Write it as plain ONNX that onnxruntime computes bit for bit, and return the path (`nac convert`).

        Args:
            file: `qcdq.onnx` in the design's folder by default.
            data: files with samples to compare on, else the test split of the run that it is in.

        Raises:
            WorkError: onnxruntime differs, as where a sum needs more than the 24 bits of float32.
        """
        target = None if file is None else Path(file)
        return convert_design(self.path, file=target, files=paths(data), console=console())[0]

    def synthesise(
        self, *, backend: str | None = None, project: str | PathLike[str] | None = None, data: Files = (),
        simulation: bool = True, synthesis: bool = True, place: bool = False, implement: bool = False,
    ) -> Synthesis:  # fmt: skip
        """QONNX, HLS project and RTL, simulated, verified bit for bit and synthesised (`nac synth`).

        Args:
            backend: of hls4ml, the task's by default.
            project: the folder of the HLS project, `hls` in the design's by default.
            data: files with samples to compare engines on, else the test split of the run that it is in.
            simulation: run the Verilog in a simulator.
            synthesis: map it to the part by yosys.
            place: also place and route on an ECP5 by nextpnr.
            implement: also by Vivado, where it is installed.

        Raises:
            InputError: an unknown backend, or a project folder that is not empty.
            WorkError: two engines disagree, or a tool failed.
        """
        return synth_design(
            self.path, backend=backend, project=None if project is None else Path(project), files=paths(data),
            console=console(), simulation=simulation, synthesis=synthesis, placement=place, implementation=implement,
        )  # fmt: skip
