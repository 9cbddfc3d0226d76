"""Inputs and answers as plain text: a sample a line, integers with spaces between, channels first."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from nac.hardware.circuit import Circuit, Integers
from nac.hardware.circuit.evaluate import evaluate_all, to_integers
from nac.rundir import write_atomic

FOLDER = "vectors"
INPUTS, OUTPUTS = "inputs.txt", "outputs.txt"


def write_vectors(folder: Path, circuit: Circuit, x: npt.NDArray[np.float32]) -> None:
    """Write inputs (N, *input) on the circuit's grid, and what it answers in steps of its output."""
    inputs = to_integers(x, circuit.input.type)
    outputs = evaluate_all(circuit, inputs)[circuit.output.name]
    for name, values in ((INPUTS, inputs), (OUTPUTS, outputs)):
        write_atomic(folder / name, _text(values))


def read_vectors(file: Path) -> Integers:
    """The integers (N, numbers) of a file."""
    return np.loadtxt(file, dtype=np.int64, ndmin=2)


def _text(values: Integers) -> str:
    return "".join(" ".join(map(str, row)) + "\n" for row in values.reshape(len(values), -1).tolist())
