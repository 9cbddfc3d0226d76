"""Inputs and answers as plain text: a sample a line, integers with spaces between, channels first."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nac.hardware.circuit import Circuit, Integers
from nac.hardware.circuit.answer import answers
from nac.hardware.circuit.evaluate import evaluate_all, to_integers, to_values
from nac.hardware.circuit.output import OutputSheet
from nac.rundir import write_atomic

FOLDER = "vectors"
INPUTS, OUTPUTS, ANSWERS = "inputs.txt", "outputs.txt", "answers.txt"


def write_vectors(folder: Path, circuit: Circuit, sheet: OutputSheet, x: npt.NDArray[np.float32]) -> None:
    """Write inputs (N, *input) on the circuit's grid, its outputs in their steps, and what these mean in decimals."""
    inputs = to_integers(x, circuit.input.type)
    outputs = evaluate_all(circuit, inputs)[circuit.output.name]
    meaning = answers(sheet, to_values(outputs, sheet.fraction))
    for name, values in ((INPUTS, inputs), (OUTPUTS, outputs), (ANSWERS, meaning)):
        write_atomic(folder / name, _text(values))


def read_vectors(file: Path) -> Integers:
    """The integers (N, numbers) of a file."""
    return np.loadtxt(file, dtype=np.int64, ndmin=2)


def _text(values: npt.NDArray[Any]) -> str:
    return "".join(" ".join(map(str, row)) + "\n" for row in values.reshape(len(values), -1).tolist())
