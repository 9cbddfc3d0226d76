"""What the circuit computes, in plain Python and numpy: from `interface.json` and `network.json` to the same bits.

    python reference.py                     checks the vectors beside it
    python reference.py SAMPLES.npy         prints what the network answers to samples (N, *shape) in physical units

Values are integers in 64 bits. In a program:

    reference = Reference.load(folder)
    integers = reference.inputs(samples)    # (N, *shape), as the ports take them
    outputs = reference.outputs(integers)   # (N, outputs), in steps of 2**-fraction
    answers = reference.answers(outputs)    # classes by number, or physical values
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Numbers = dict[str, Any]


class Reference:
    """A network and its interface."""

    def __init__(self, sheet: dict[str, Any], network: dict[str, Any]) -> None:
        self.sheet = sheet
        self.operations: list[dict[str, Any]] = network["operations"]
        if unknown := sorted({node["op"] for node in self.operations} - OPERATIONS.keys()):
            raise ValueError(f"no reference for the operations {', '.join(unknown)}")

    @classmethod
    def load(cls, folder: Path) -> "Reference":
        """Read `interface.json` and `network.json` of a folder."""
        sheet, network = (json.loads((folder / f"{name}.json").read_bytes()) for name in ("interface", "network"))
        return cls(sheet, network)

    def inputs(self, samples: NDArray[Any]) -> Integers:
        """Input integers (N, *shape) of samples (N, *shape) in physical units. Raises ValueError for others."""
        known = self.sheet["input"]
        x = np.array(samples, dtype=np.float32)
        if [*x.shape[1:]] != known["shape"] or not np.isfinite(x).all():
            raise ValueError(f"expected finite samples (N, {', '.join(map(str, known['shape']))}), found {x.shape}")
        if known["by_patch"]:
            low, high = x.min(axis=(-2, -1), keepdims=True), x.max(axis=(-2, -1), keepdims=True)
            x = (x - low) / np.where(high > low, high - low, np.float32(1))
        for index, feature in enumerate(known["features"]):
            value = transformed(x[:, index], feature["transform"])
            x[:, index] = (value - np.float32(feature["offset"])) * np.float32(feature["scale"])
        x = np.clip(x, known["low"], known["high"])
        own = known["own"] or {"raised": 0, "low": known["low"], "high": known["high"], "down": False}
        raised, low, high = (np.reshape(own[name], -1) for name in ("raised", "low", "high"))
        flat = np.ldexp(x.reshape(len(x), -1), -raised)
        steps = (np.floor(flat) if own["down"] else np.rint(flat)).astype(np.int64)
        integers: Integers = np.clip(steps, low, high) << raised
        return integers.reshape(x.shape)

    def outputs(self, inputs: Integers) -> Integers:
        """Output integers (N, outputs) of input integers (N, *shape)."""
        values: dict[str, Integers] = {}
        for node in self.operations:
            operands = [values[name] for name in node["inputs"]] or [np.asarray(inputs, dtype=np.int64)]
            values[node["name"]] = OPERATIONS[node["op"]](node, *operands)
        return values[self.operations[-1]["name"]]

    def answers(self, outputs: Integers) -> NDArray[Any]:
        """Classes by number (N,), values (N, outputs) in physical units, or of chosen outputs (N, chosen)."""
        known = self.sheet["output"]
        if known["answer"] == "argmax":
            return np.asarray(outputs.argmax(axis=1))
        if known["answer"] == "sign":
            return (outputs[:, 0] > 0).astype(np.int64)
        values = np.ldexp(outputs.astype(np.float64), -known["fraction"])
        if known["answer"] == "threshold":
            return np.asarray(values[:, known["chosen"]] > known["threshold"], dtype=np.int64)
        if known["answer"] in ("scores", "logits"):
            return np.asarray(values[:, known["chosen"]] if known["chosen"] else values)
        return np.asarray(values * np.array(known["scale"]) + np.array(known["offset"]))


def transformed(x: NDArray[np.float32], kind: str) -> NDArray[np.float32]:
    """One feature of the samples, transformed."""
    if kind == "log2_1p":
        return np.log2(1 + np.maximum(x, np.float32(0)).astype(np.float64)).astype(np.float32)
    return np.sqrt(np.maximum(x, np.float32(0))) if kind == "sqrt" else x


OPERATIONS: dict[str, Callable[..., Integers]] = {}


def vectors(file: Path) -> Integers:
    """The rows of a file of integers, (N, numbers)."""
    return np.loadtxt(file, dtype=np.int64, ndmin=2)


def main(arguments: list[str]) -> int:
    """The command; returns its exit status."""
    folder = Path(__file__).parent
    reference = Reference.load(folder)
    if arguments:
        try:
            inputs = reference.inputs(np.load(arguments[0], allow_pickle=False))
        except (OSError, ValueError) as error:
            sys.stderr.write(f"{arguments[0]}: {error}\n")
            return 2
        for row in np.atleast_1d(reference.answers(reference.outputs(inputs))):
            sys.stdout.write(" ".join(map(str, np.atleast_1d(row).tolist())) + "\n")
        return 0
    inputs, expected = vectors(folder / "inputs.txt"), vectors(folder / "outputs.txt")
    outputs, meant = reference.outputs(inputs), np.loadtxt(folder / "answers.txt", ndmin=2)
    answers = np.reshape(reference.answers(outputs), meant.shape)
    different = int(((outputs != expected).any(axis=1) | (answers != meant).any(axis=1)).sum())
    sys.stdout.write(f"FAIL: {different} of {len(inputs)} results differ\n" if different
                     else f"PASS: {len(inputs)} results equal\n")  # fmt: skip
    return int(different > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
