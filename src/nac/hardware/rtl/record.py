"""What is known about a written RTL project, and its adder graph."""

import operator
import re
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from alkaid.types import CombLogic
from pydantic import Field, ValidationError

from nac.config import Model
from nac.config.base import explained
from nac.errors import InputError
from nac.hardware.circuit.answer import answers
from nac.hardware.circuit.fixed import Fixed
from nac.hardware.circuit.output import OutputSheet
from nac.hardware.rtl.fold import StreamPart
from nac.hardware.rtl.names import IDENTIFIER
from nac.hardware.rtl.ports import pack
from nac.hardware.rtl.running import run_graph

RECORD = "project.json"
GRAPH, ANSWER_GRAPH = Path("model") / "comb.json.gz", Path("model") / "answer.json.gz"
LAYOUT = 4
"""Which files a project has; it is written anew where one of before has others."""


class FoldRecord(Model):
    """How a circuit is folded: so many `positions` a clock, an inference in so many `beats`, by these parts.

    `tail_cycles` are clock edges from the last beat at the port to the result at the port. `notes` say what was chosen.
    `wait` are the clocks that later dense layers were allowed, `recall` how much faster beats may have come again.
    """

    positions: int
    beats: int
    tail_cycles: int
    parts: tuple[StreamPart, ...]
    notes: tuple[str, ...] = ()
    wait: int = Field(0, exclude_if=operator.not_)
    recall: int = Field(1, exclude_if=(1).__eq__)


class AnswerRecord(Model):
    """The circuit with the output stage: its outputs, and what that adds to latency, LUTs and flip-flops.

    Which may be less than nothing, where only some of the outputs are asked for. `sheet` says what was asked for.
    """

    outputs: tuple[Fixed, ...]
    latency_cycles: int
    cost_lut: float
    register_bits: int
    sheet: OutputSheet | None = None
    fold: FoldRecord | None = None

    def gives(self, outputs: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The answers (N, answers) to outputs (N, outputs) of the network."""
        assert self.sheet is not None, "of an earlier layout, which is written anew before it is used"
        return answers(self.sheet, outputs)


class RtlRecord(Model):
    """What `project.json` holds. Ports list every element from the lowest bits up.

    `latency_cycles` counts clock edges from an input at the port to its output at the port, both registers included.
    `cost_lut` and `register_bits` are estimates from the adder graph; `delay_levels` is the deepest stage in its unit.
    `layout` is `LAYOUT` when it was written. `answer` is the output stage of the module `TOP_answer`, which no other
    figure here counts.

    Where it is folded (`fold`), the input port has one beat, and the latency is that of an inference without gaps, from
    its first beat.
    """

    top: str = Field(pattern=IDENTIFIER)
    source: str
    part: str
    clock_period_ns: float
    input_shape: tuple[int, ...]
    inputs: tuple[Fixed, ...]
    outputs: tuple[Fixed, ...]
    stages: int
    latency_cycles: int
    initiation_interval: int = 1
    cost_lut: float
    register_bits: int
    delay_levels: float
    operations: int
    tool: str = "alkaid"
    version: str
    layout: int = 0
    answer: AnswerRecord | None = None
    fold: FoldRecord | None = None

    @property
    def beats(self) -> int:
        """Beats in which an inference comes."""
        return self.fold.beats if self.fold else 1

    @property
    def modules(self) -> "list[tuple[RtlRecord, str]]":
        """The circuits that are written, and what the vectors of their results are called."""
        found = self.answering
        return [(self, "outputs"), *([(found, "answers")] if found else [])]

    @property
    def whole(self) -> "RtlRecord":
        """The record of the module that is the firmware: with the output stage, where there is one."""
        return self.answering or self

    @property
    def answering(self) -> "RtlRecord | None":
        """The record of the module with the output stage in it, where there is one."""
        if (stage := self.answer) is None:
            return None
        return self.model_copy(update={
            "top": f"{self.top}_answer", "outputs": stage.outputs, "answer": None,
            "latency_cycles": self.latency_cycles + stage.latency_cycles,
            "stages": self.stages + stage.latency_cycles, "cost_lut": round(self.cost_lut + stage.cost_lut, 2),
            "register_bits": self.register_bits + stage.register_bits, "fold": stage.fold,
        })  # fmt: skip


@dataclass(frozen=True)
class RtlProject:
    """A written project: its folder and record."""

    path: Path
    record: RtlRecord

    @classmethod
    def load(cls, path: Path) -> "RtlProject":
        """Read a project's folder. Raises InputError when it is none."""
        file = path / RECORD
        try:
            return cls(path, RtlRecord.model_validate_json(file.read_bytes()))
        except OSError as error:
            raise InputError(f"{path}: is no RTL project: {RECORD} cannot be read ({error.strerror})") from error
        except ValidationError as error:
            raise InputError(explained(error, file)) from error

    @property
    def whole(self) -> "RtlProject":
        """The same, for the module with the output stage where there is one; its graph is still that without it."""
        return RtlProject(self.path, self.record.whole)

    @cached_property
    def answer_graph(self) -> CombLogic:
        """The adder graph of the circuit with its output stage. Raises InputError when its file cannot be read."""
        return self._read(ANSWER_GRAPH)

    @cached_property
    def graph(self) -> CombLogic:
        """The adder graph that the Verilog was printed from. Raises InputError when its file cannot be read."""
        return self._read(GRAPH)

    def _read(self, name: Path) -> CombLogic:
        try:
            return CombLogic.load(self.path / name)
        except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError, zlib.error) as error:
            raise InputError(f"{self.path / name}: is no adder graph ({error})") from error

    @property
    def sources(self) -> list[Path]:
        """The Verilog files, without test bench. Raises InputError for a name that a tool's script would take apart."""
        found = sorted([*(self.path / "src").glob("*.v"), *(self.path / "src" / "static").glob("*.v")])
        if strange := [file for file in found if not re.fullmatch(IDENTIFIER, file.stem)]:
            raise InputError(f"{strange[0]}: expected Verilog files named by letters, digits and underscores")
        return found

    def predict(self, x: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Outputs (N, outputs) of inputs (N, *input) on the input's grid, from the adder graph, bit for bit."""
        if x.shape[1:] != self.record.input_shape:
            raise InputError(f"inputs of shape {x.shape[1:]}, expected {self.record.input_shape}")
        if (fold := self.record.fold) is None:
            return run_graph(self.graph, x)
        values = in_beats(x, fold.positions)
        for part in fold.parts:
            values = part.run(values, self.path / GRAPH.parent)
        return values[:, 0]

    def predict_answers(self, x: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """The same with the output stage: answers (N, answers)."""
        return run_graph(self.answer_graph, x) if self.record.fold is None else self.whole.predict(x)

    def words(self, x: npt.NDArray[Any]) -> list[str]:
        """Inputs (N, *input) as numbers in hexadecimal, one for every beat."""
        values = in_beats(np.asarray(x, dtype=np.float64), self.record.fold.positions if self.record.fold else 0)
        return pack(values.reshape(-1, values.shape[-1]), self.record.inputs)


def in_beats(x: npt.NDArray[Any], positions: int) -> npt.NDArray[np.float64]:
    """Inputs (N, channels, *space) as beats (N, beats, channels * positions); (N, 1, elements) without positions."""
    if not positions:
        return np.asarray(x.reshape(len(x), 1, -1), dtype=np.float64)
    channels = x.shape[1] if x.ndim > 2 else 1
    values = x.reshape(len(x), channels, -1, positions).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(values.reshape(len(x), values.shape[1], -1), dtype=np.float64)
