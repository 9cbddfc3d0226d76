"""What a network's outputs mean, and what leaves the firmware: the outputs' part of the interface sheet."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from nac.config import Model, TaskConfig
from nac.config.output import OutputConfig
from nac.errors import InputError
from nac.hardware.circuit import Circuit
from nac.tasks import Preprocessing
from nac.tasks.layouts import layout_of


class OutputSheet(Model):
    """What the outputs are: integers n of a common type, n * 2**-fraction.

    `answer`: "argmax" (the first of the largest), "sign" (positive is the second class), "values", each times its
    `scale` plus its `offset`, "scores" (the outputs `chosen`, by number), "threshold" (whether each of those is greater
    than `threshold`), or "logits": all of them as they are.
    """

    names: tuple[str, ...]
    type: str
    fraction: int
    answer: Literal["argmax", "sign", "values", "scores", "threshold", "logits"]
    classes: tuple[str, ...] = ()
    scale: tuple[float, ...] = ()
    offset: tuple[float, ...] = ()
    chosen: tuple[int, ...] = ()
    threshold: float = 0.0


def answer(sheet: OutputSheet, outputs: npt.NDArray[np.float64]) -> str:
    """What outputs (outputs,) say, in words."""
    if sheet.answer == "argmax":
        return sheet.classes[int(np.argmax(outputs))]
    if sheet.answer == "sign":
        return sheet.classes[int(outputs[0] > 0)]
    if sheet.answer == "values":
        outputs = outputs * np.array(sheet.scale) + np.array(sheet.offset)
    found = list(zip(sheet.names, map(float, outputs), strict=True))
    if sheet.answer in {"scores", "threshold"}:
        found = [found[k] for k in sheet.chosen]
    if sheet.answer == "threshold":
        return ", ".join(f"{name}: {'yes' if value > sheet.threshold else 'no'}" for name, value in found)
    return ", ".join(f"{name}: {value!r}" for name, value in found)


def output_sheet(task: TaskConfig, prep: Preprocessing, circuit: Circuit) -> OutputSheet:
    """The sheet of a network's outputs. Raises InputError where the target asks for one that there is not."""
    data = task.data
    type_, count = circuit.output.type, circuit.output.shape[0]
    if data.kind == "classification":
        all_ = count == len(data.classes)
        found = OutputSheet(
            names=tuple(data.classes) if all_ else ("score",), type=str(type_), fraction=circuit.output.span.fraction,
            answer="argmax" if all_ else "sign", classes=tuple(data.classes),
        )  # fmt: skip
        names: Sequence[str] = data.classes if all_ else data.classes[1:]  # one output is that of the second class
    else:
        found = OutputSheet(
            names=layout_of(data).target_texts, type=str(type_), fraction=circuit.output.span.fraction,
            answer="values", scale=prep.output_scale or (1.0,) * count, offset=prep.output_offset or (0.0,) * count,
        )  # fmt: skip
        names = layout_of(data).target_keys
    return _asked(found, task.target.output, names)


def _asked(sheet: OutputSheet, output: OutputConfig, names: Sequence[str]) -> OutputSheet:
    """What leaves the firmware as the target asks for it; `names` are those of the network's outputs in a task."""
    if output.kind == "answer":
        return sheet
    if unknown := [name for name in output.of if name not in names]:
        raise InputError(f"target.output.of: the network has no output {', '.join(unknown)}, "
                         f"expected some of {', '.join(names)}")
    return sheet.model_copy(update={
        "answer": output.kind, "chosen": tuple(names.index(name) for name in output.of), "threshold": output.threshold,
    })  # fmt: skip
