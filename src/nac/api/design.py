"""A design that is open: predict, measure, build."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from nac.api.console import console
from nac.arch import Architecture
from nac.design import Design as Folder
from nac.design import DesignRecord, load_float
from nac.errors import InputError
from nac.hardware import engine as engine_of
from nac.hardware.rtl import RtlEngine
from nac.pipeline.designs import Evaluation, Synthesised, convert_design, evaluate_design, synth_design
from nac.pipeline.kit import export_design
from nac.pipeline.robustness import Flips
from nac.report import hardware_frame
from nac.report.hardware import hardware_report
from nac.rundir import Run as RunFolder
from nac.tasks import make_task
from nac.train import predict

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

    def hardware_frame(self) -> pd.DataFrame:
        """The numbers of that report, with how well founded each is and the tool that gave it."""
        return hardware_frame(self.hardware)

    @cached_property
    def _input_shape(self) -> tuple[int, ...]:
        return make_task(self.record.task).input_shape

    def predict(
        self, x: npt.ArrayLike, *, engine: str = "torch", simulate: bool = False, prepared: bool = False
    ) -> npt.NDArray[np.float64]:
        """What the design answers to raw samples.

        Args:
            x: (N, ...) in the units of the data, as they were given for training or in the network's shape.
            engine: what computes, all of them the same bits: torch, qonnx, hls (the C simulation of the HLS project,
                made first where it is missing) or rtl.
            simulate: with rtl: the Verilog in a simulator instead of its adder graph.
            prepared: whether the samples are network inputs already, as those of `Run.samples`.

        Returns:
            (N, T) in the units of the targets, (N, C) scores of the classes (their largest is the answer).

        Raises:
            InputError: another number of values in a sample, or an unknown engine.
            WorkError: the engine cannot be built.
        """
        if simulate and engine != "rtl":
            raise InputError(f"simulate: the engine {engine} is no circuit, expected engine='rtl'")
        if prepared and self.record.staged:
            raise InputError(f"prepared: {self.name} begins with an input stage, expected raw samples")
        inputs = self._shaped(x) if prepared else self._folder.inputs(self._shaped(x))
        computes = RtlEngine(self._folder, simulates=True) if simulate else engine_of(engine, self._folder)
        return self.record.preprocessing.physical(computes.predict(self._folder.quantised_input(inputs)))

    def predict_float(self, x: npt.ArrayLike, *, prepared: bool = False) -> npt.NDArray[np.float64]:
        """What the float network answers that the design was made of; as `predict`.

        Raises InputError where the design lies in no run, or that network was not kept.
        """
        run, trial = RunFolder(self.path.resolve().parent.parent), self.record.origin.get("trial")
        folder = run.trial(int(trial)) if isinstance(trial, int) else run.path
        network = load_float(folder / "float" if (folder / "float").is_dir() else folder)
        inputs = self._shaped(x) if prepared else self.record.preprocessing.apply(self._shaped(x))
        return self.record.preprocessing.physical(predict(network, torch.from_numpy(inputs)).numpy())

    def _shaped(self, x: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Samples (N, *input)."""
        raw = np.asarray(x, dtype=np.float32)
        if raw.ndim == 0 or raw[:1].size != np.prod(self._input_shape) * len(raw[:1]):
            raise InputError(f"x: has shape {raw.shape}, expected (N, {', '.join(map(str, self._input_shape))})")
        return raw.reshape(len(raw), *self._input_shape)

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

    def export(self, to: str | PathLike[str]) -> Path:
        """Pack the kit for a firmware engineer into a new folder, once it is synthesised (`nac export`)."""
        export_design(self.path, Path(to), console())
        return Path(to)

    def synthesise(
        self, *, backend: str | None = None, project: str | PathLike[str] | None = None, data: Files = (),
        simulation: bool = True, synthesis: bool = True, place: bool = False, implement: bool = False,
        language: str = "verilog", fold: int | str | None = None, ii: int | None = None, rate_mhz: float | None = None,
        wait: int | None = None, recall: int | None = None,
    ) -> Synthesised:  # fmt: skip
        """QONNX, HLS project and RTL, simulated, verified bit for bit and synthesised (`nac synth`).

        Args:
            backend: of hls4ml, the task's by default.
            project: the folder of the HLS project, `hls` in the design's by default.
            data: files with samples to compare engines on, else the test split of the run that it is in.
            simulation: run the Verilog in a simulator.
            synthesis: map it to the part by yosys.
            place: also place and route on an ECP5 by nextpnr.
            implement: also by Vivado, where it is installed.
            language: `verilog`, or `vhdl` for both.
            fold: positions a clock that the RTL is for, or `all`; the task's by default.
            ii: instead, clocks between samples at most: the smallest circuit that keeps that.
            rate_mhz: instead, million samples a second at least.
            wait: clocks that dense layers behind the stream may share their logic over.
            recall: how many times as fast what waits for a sum over all positions may come again (attention).

        Raises:
            InputError: an unknown backend, or a project folder that is not empty.
            WorkError: two engines disagree, or a tool failed.
        """
        return synth_design(
            self.path, backend=backend, project=None if project is None else Path(project), files=paths(data),
            console=console(), simulation=simulation, synthesis=synthesis, placement=place, implementation=implement,
            language=language, fold=fold, ii=ii, rate_mhz=rate_mhz, wait=wait, recall=recall,
        )  # fmt: skip
