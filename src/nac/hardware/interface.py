"""What a firmware engineer must know of a network's ports: how physics becomes its input integers, and what comes out.

None of this is in the circuit: it begins with integers on the input's grid and ends with its raw outputs.
"""

import math
from collections.abc import Sequence

import numpy as np

from nac.design import DesignRecord
from nac.hardware.circuit import Circuit
from nac.tasks import Preprocessing

CONSTITUENT = ("pT [GeV]", "Δη", "Δφ")
TRANSFORMS = {"none": "x", "log2_1p": "log2(1 + x)", "sqrt": "sqrt(x)"}


def interface(record: DesignRecord, circuit: Circuit, *, channels_last: bool) -> str:
    """Markdown sections on inputs and outputs for a project's README.

    Args:
        record: of the design.
        circuit: of its exported network.
        channels_last: whether inputs are sent position by position with all features each (HLS), or feature by feature
            with all positions each (RTL).
    """
    sections = [
        "## From physical values to inputs", *_inputs(record, circuit, channels_last),
        "## From outputs to physics", *_outputs(record, circuit),
    ]  # fmt: skip
    if record.removal:
        sections += ["## What was removed", record.removal]
    return "\n\n".join(sections) + "\n\n"


def _inputs(record: DesignRecord, circuit: Circuit, channels_last: bool) -> list[str]:
    type_, span, prep = circuit.input.type, circuit.input.span, record.preprocessing
    low, high = span.low, span.high
    if prep.limit is not None:
        most = math.floor(prep.limit * 2.0**type_.fraction)
        low, high = max(low, -most), min(high, most)
    names = _features(record)
    rows = [f"| {index} | {name} | `{_formula(prep, index, type_.fraction)}` |" for index, name in enumerate(names)]
    return [
        _sample(record),
        _order(circuit.input.shape, channels_last),
        "\n".join(["| feature | x | input integer, before rounding |", "|---|---|---|", *rows]),
        f"Each is then rounded half to even and saturated to {low} ... {high}, as an `ap_{type_}` does with "
        f"`AP_RND_CONV, AP_SAT`: the integer n stands for n * 2**-{type_.fraction} in the network.",
        *_patch_division(prep),
        "None of this is in the circuit, and no LUT, cycle or nanosecond is counted for it.",
    ]  # fmt: skip


def _features(record: DesignRecord) -> Sequence[str]:
    """The names of the features, one per channel of the input."""
    data, channels = record.task.data, record.architecture.input[0]
    names: Sequence[str] = record.preprocessing.features
    if data.layout == "constituents":
        names = CONSTITUENT
    elif data.layout == "patches":
        names = ("pixel",)
    return names if len(names) == channels else [f"feature {index}" for index in range(channels)]


def _sample(record: DesignRecord) -> str:
    data = record.task.data
    if data.layout == "constituents":
        return (f"A sample is a jet: its {data.constituents} constituents of largest pT, the largest first, each with "
                "pT in GeV and Δη, Δφ from the jet's axis. Where there are fewer, the rest are constituents with "
                "x = 0 in all features, which go through the same formulas.")  # fmt: skip
    if data.layout == "patches":
        return (f"A sample is a patch of {data.patch_size} x {data.patch_size} pixels as the detector counts them, "
                "the peak in its central pixel.")  # fmt: skip
    shape = " x ".join(map(str, record.architecture.input))
    return f"A sample is an array of {shape} numbers in the units of the file that the network was trained on."


def _order(shape: tuple[int, ...], channels_last: bool) -> str:
    channels, positions = shape[0], math.prod(shape[1:])
    if len(shape) == 1:
        return "Element k is feature k."
    place = "position" if len(shape) == 2 else "position (row by row)"
    if channels == 1:
        return f"Element k is {place} k."
    if channels_last:
        return (f"Element k is feature k % {channels} of {place} k // {channels}: all features of the first position, "
                "then of the second, and so on.")  # fmt: skip
    return (f"Element k is feature k // {positions} of {place} k % {positions}: the first feature of all positions, "
            "then the second, and so on.")  # fmt: skip


def _formula(prep: Preprocessing, index: int, fraction: int) -> str:
    """The input as a number in steps of the input's type, not rounded."""
    if prep.scaling == "patch":
        return f"(x - min) / (max - min) * {2.0**fraction:g}"
    if not prep.scale:
        return f"x * {2.0**fraction:g}"
    value, offset = TRANSFORMS[prep.transform[index]], prep.offset[index]
    shifted = value if offset == 0 else f"({value} {'-' if offset > 0 else '+'} {_exact(abs(offset))})"
    return f"{shifted} * {_exact(prep.scale[index] * 2.0**fraction)}"


def _exact(value: float) -> str:
    """A number in as few digits as say it to float32, in which it is computed here."""
    return str(np.float32(value)).removesuffix(".0")


def _patch_division(prep: Preprocessing) -> list[str]:
    if prep.scaling != "patch":
        return []
    return ["min and max are the smallest and the largest pixel **of this patch**: the firmware in front has to find "
            "them and to divide by their difference (a patch with all pixels equal is all 0). A divider takes LUTs or "
            "DSPs and cycles of its own, which are in no figure here."]  # fmt: skip


def _outputs(record: DesignRecord, circuit: Circuit) -> list[str]:
    data, prep = record.task.data, record.preprocessing
    type_, count = circuit.output.type, circuit.output.shape[0]
    grid = f"An output integer n of a type with F bits after the point is n * 2**-F; all of them fit `{type_}`."
    if data.kind == "classification":
        rows = [f"| {index} | {name} |" for index, name in enumerate(data.classes)]
        decision = ("The class with the largest output is the answer; softmax would not change which that is."
                    if count == len(rows) else "The sign of the output is the answer.")  # fmt: skip
        return ["\n".join(["| output | class |", "|---|---|", *rows]), f"{decision} {grid}"]
    offset, scale = prep.output_offset or (0.0,) * count, prep.output_scale or (1.0,) * count
    rows = [
        f"| {index} | {name} | `output * {scale[index]!r} + {offset[index]!r}` |"
        for index, name in enumerate(_targets(record, count))
    ]
    return ["\n".join(["| output | quantity | physical value |", "|---|---|---|", *rows]), grid]


def _targets(record: DesignRecord, count: int) -> list[str]:
    """What the outputs of a regression are, with their unit."""
    data = record.task.data
    if data.layout == "patches":
        return ["column of the peak [pixels of the patch, 0 is the centre of the first]", "row of the peak [likewise]"]
    names = data.target_names
    names = names if len(names) == count else tuple(f"{names[0]}[{index}]" for index in range(count))
    return [f"{name} [in the unit of the training file]" for name in names]
