"""hls4ml projects on disk: opened, compiled with g++, simulated."""

import logging
import operator
import re
import shutil
import subprocess
import sys
import tempfile
import time
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationError

from nac.config import Model, TargetConfig
from nac.errors import InputError, WorkError
from nac.hardware.circuit import Circuit
from nac.hardware.circuit.answer import with_answer
from nac.hardware.circuit.output import OutputSheet
from nac.hardware.hls.backends import BACKENDS, Backend
from nac.hardware.hls.order import to_channels_last
from nac.hardware.hls.readme import UNVERIFIED, project_readme
from nac.rundir import write_atomic

logger = logging.getLogger(__name__)
RECORD = "nac.json"
STILL_S = 60.0
"""How often a compilation says that it still goes on."""


class HlsAnswer(Model):
    """The output stage in a top function: what it was made from, and the type and number of its answers.

    The C simulation shows the network's outputs as well.
    """

    sheet: OutputSheet
    type: str
    count: int

    @classmethod
    def of(cls, sheet: OutputSheet, circuit: Circuit) -> "HlsAnswer":
        """Of a sheet behind a network."""
        last = with_answer(circuit, sheet).output
        return cls(sheet=sheet, type=str(last.type), count=last.shape[0])


class ProjectRecord(Model):
    """`nac.json` in a project: what it was made from, and what a caller of its top function must know."""

    title: str
    top: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,79}$")  # part of file names and of scripts
    source: str
    target: TargetConfig
    part: str
    input_shape: tuple[int, ...]
    outputs: int
    answer: HlsAnswer | None = Field(None, exclude_if=operator.not_)
    interface: str = Field("", exclude_if=operator.not_)
    verification: str = UNVERIFIED


class HlsProject:
    """A project on disk."""

    def __init__(self, path: Path, record: ProjectRecord) -> None:
        self.path = path
        self.record = record

    @classmethod
    def open(cls, path: Path) -> "HlsProject":
        """Raises InputError when the folder holds no project that nac wrote."""
        file = path / RECORD
        try:
            return cls(path, ProjectRecord.model_validate_json(file.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, ValidationError) as error:
            raise InputError(f"{path}: is no project written by nac ({RECORD} is missing or wrong)") from error

    @property
    def backend(self) -> Backend:
        """What is known of the project's backend."""
        return BACKENDS[self.record.target.backend]

    @cached_property
    def library(self) -> Path:
        """Where the compiled C simulation lies."""
        stamp = re.search(r"^LIB_STAMP=(\w+)$", self._build_script().read_text(), re.MULTILINE)
        if stamp is None:
            raise WorkError(f"{self.path}: build_lib.sh does not say its LIB_STAMP")
        return self.path / "firmware" / f"{self.record.top}-{stamp[1]}.so"

    def _build_script(self) -> Path:
        if not self.backend.simulates:
            raise WorkError(f"the C simulation of {self.backend.name} needs {self.backend.tool}, not g++ alone")
        return self.path / "build_lib.sh"

    def compile(self) -> Path:
        """Compile the C simulation where that was not done. Returns the library. Raises WorkError with g++'s words."""
        if self.library.is_file():
            return self.library
        if shutil.which("g++") is None:
            raise WorkError("g++ is not installed; the C simulation needs it")
        status, said = self._build()
        if status != 0 or not self.library.is_file():
            errors = [line for line in said.splitlines() if "error" in line] or said.splitlines()[-3:]
            raise WorkError(f"{self.path}: the C simulation does not compile: {' '.join(errors[:3])}")
        return self.library

    def _build(self) -> tuple[int, str]:
        """Run the build script, which takes minutes for wide layers; its status and what it said of errors."""
        logger.info("%s: g++ compiles the C simulation", self.record.title)
        start = time.monotonic()
        with subprocess.Popen(
            ["bash", self._build_script().name], cwd=self.path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, errors="replace",
        ) as script:  # fmt: skip
            try:
                while True:
                    try:
                        _, said = script.communicate(timeout=STILL_S)
                    except subprocess.TimeoutExpired:
                        logger.info("%s: g++ is at it since %.0f s", self.record.title, time.monotonic() - start)
                    else:
                        return script.returncode, said
            except BaseException:
                script.kill()
                raise

    def predict(self, x: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Run the C simulation.

        Args:
            x: (N, *input) channels first, on the grid of the input.

        Returns:
            (N, outputs) of the network, exact.
        """
        return self.run(x)[0]

    def run(self, x: npt.NDArray[Any]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """The network's outputs, as `predict`, and what leaves the top function: the answers where it gives them."""
        shape = self.record.input_shape
        if x.shape[1:] != shape:
            raise InputError(f"inputs have shape {x.shape[1:]}, the network takes {shape}")
        symbol = f"{self.record.top}_double"
        width, stage = self.record.outputs, self.record.answer
        with tempfile.TemporaryDirectory() as work:
            files = [f"{work}/in.npy", f"{work}/out.npy"]
            inside = [f"{work}/inside.npy", str(width)] if stage else []
            np.save(files[0], to_channels_last(x).astype(np.float64))
            command = [
                sys.executable, "-P", str(Path(__file__).with_name("simulate.py")), str(self.compile().resolve()),
                symbol, *files, str(stage.count if stage else width), *inside,
            ]  # fmt: skip
            done = subprocess.run(command, cwd=self.path, capture_output=True, text=True, errors="replace", check=False)
            if done.returncode != 0 or not Path(files[1]).is_file():
                said = " ".join((done.stderr or done.stdout).split())[-300:]
                raise WorkError(f"{self.path}: the C simulation ended with status {done.returncode}: {said}")
            results: npt.NDArray[np.float64] = np.load(files[1])
            return (np.load(inside[0]), results) if stage else (results, results)

    def record_verification(self, text: str, circuit: Circuit) -> None:
        """Say in `nac.json` and in the README what was verified."""
        self.record = self.record.model_copy(update={"verification": text})
        write_atomic(self.path / RECORD, self.record.model_dump_json(indent=1) + "\n")
        write_atomic(self.path / "README.md", _readme(self.record, circuit))

    def specific_files(self) -> list[Path]:
        """Files that belong to this network, relative to the project; the rest is the same in every project."""
        wanted = [RECORD, "README.md", "hls4ml_config.yml", "project.tcl", *(f"firmware/{self.record.top}.{e}" for e in
                  ("cpp", "h")), "firmware/defines.h", "firmware/parameters.h"]  # fmt: skip
        weights = sorted(path.relative_to(self.path) for path in (self.path / "firmware" / "weights").iterdir())
        return [Path(name) for name in wanted if (self.path / name).is_file()] + weights


def whole_of(circuit: Circuit, stage: HlsAnswer | None) -> Circuit:
    """A network's circuit with the output stage that a project has."""
    return with_answer(circuit, stage.sheet if stage else None)


def _readme(record: ProjectRecord, circuit: Circuit) -> str:
    return project_readme(
        record.title, whole_of(circuit, record.answer), record.target, BACKENDS[record.target.backend], top=record.top,
        part=record.part, source=record.source, interface=record.interface, verification=record.verification,
    )  # fmt: skip
