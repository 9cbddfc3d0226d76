"""The interface sheet: what a firmware engineer must know of a network's ports, as numbers.

How physics becomes its input integers, in which order they are sent, what comes out, when, and what that means. It is
written as `interface.json`, and the same in words by `nac.hardware.interface_text`.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from nac.config import Model
from nac.design import Design, DesignRecord
from nac.hardware.circuit import Circuit, Types
from nac.hardware.circuit.evaluate import evaluate, to_integers
from nac.hardware.circuit.fixed import Fixed
from nac.hardware.circuit.output import OutputSheet, answer, output_sheet
from nac.tasks import Preprocessing
from nac.tasks.layouts import layout_of

FORMAT = 1


class Feature(Model):
    """One feature of the input: its integer is `(transform(x) - offset) * scale`, rounded half to even.

    x, the differences and the products are float32; log2 is computed in float64 and rounded to float32. `raw` is the
    type of the detector's own number, where the circuit begins with that.
    """

    name: str
    transform: Literal["none", "log2_1p", "sqrt"] = "none"
    offset: float = 0.0
    scale: float
    raw: str | None = None


class OwnTypes(Model):
    """Types of single elements, channels first: x / 2**raised is rounded (`down`, or half to even) and saturated at low
    and high, and times 2**raised the value in the steps of all.
    """

    raised: tuple[int, ...]
    low: tuple[int, ...]
    high: tuple[int, ...]
    down: bool = False


class InputSheet(Model):
    """From a sample (channels first, `shape`) to integers from `low` to `high`, at which they saturate.

    Where `own` is given they are then put on the coarser grids of their elements.

    An integer n stands for n * 2**-fraction of `type`. `by_patch`: x is replaced by (x - min) / (max - min) of its
    sample first. `stage`: the scaling that the circuit begins with, its inputs being raw integers. `padding` is the raw
    value of what is missing in a sample, `sample` says what one is.
    """

    layout: str
    sample: str = ""
    shape: tuple[int, ...]
    type: str
    fraction: int
    low: int
    high: int
    own: OwnTypes | None = None
    by_patch: bool = False
    features: tuple[Feature, ...]
    padding: float | None = None
    stage: str = ""


class Element(Model):
    """One element of a port: its `width` bits from bit `first` on, of `type`; no bits where nothing reads it."""

    first: int
    width: int
    type: str
    fraction: int


class AnswerPort(Model):
    """What leaves the module with the output stage: a class number, or physical values; and when."""

    latency_cycles: int
    axis_latency_cycles: int
    outputs: tuple[Element, ...]


class RtlSheet(Model):
    """The ports of the RTL: elements of the input channels first, the first in the lowest bits.

    Latencies are clock edges from an input at a port to its result at a port; `axis` is through both AXI4-Streams.
    A folded circuit takes a sample in `beats` of so many `positions`: `inputs` are those of a beat, latencies from the
    first of them.
    """

    top: str
    clock_period_ns: float
    latency_cycles: int
    axis_latency_cycles: int
    initiation_interval: int
    inputs: tuple[Element, ...]
    outputs: tuple[Element, ...]
    answer: AnswerPort | None = None
    beats: int = 1
    positions: int | None = None


class HlsSheet(Model):
    """The top function of the HLS project: channels last, every element of the input's type and of the output's.

    `answer` is the type of what leaves it, where it has the output stage.
    """

    top: str
    backend: str
    io_type: str
    clock_period_ns: float
    answer: str = ""


class Example(Model):
    """One sample with everything that is computed of it. Elements are channels first."""

    sample: tuple[float, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    answer: str


class Sheet(Model):
    """`interface.json`. `source` identifies the exported network."""

    format: int = FORMAT
    design: str
    task: str
    source: str = ""
    input: InputSheet
    output: OutputSheet
    rtl: RtlSheet | None = None
    hls: HlsSheet | None = None
    example: Example | None = None
    removal: str = ""


def sheet_of(record: DesignRecord, circuit: Circuit) -> Sheet:
    """What is known of a design without its projects."""
    return Sheet(
        design=record.name, task=record.task.name, input=_input(record, circuit),
        output=output_sheet(record.task, record.preprocessing, circuit), removal=record.removal,
    )  # fmt: skip


def elements(port: Sequence[Fixed]) -> tuple[Element, ...]:
    """The elements of a port side by side, the first in the lowest bits."""
    found, first = [], 0
    for type_ in port:
        found.append(Element(first=first, width=type_.width, type=str(type_), fraction=type_.fraction))
        first += type_.width
    return tuple(found)


def example(design: Design, circuit: Circuit, x: npt.NDArray[np.float32]) -> Example:
    """A sample worked through, from inputs (*input) as `Design.inputs_of` gives them."""
    prep = design.record.preprocessing
    raw = prep.raw_values(x[None].astype(np.int64)) if design.record.staged else _physical(prep, x[None])
    inputs = design.quantised_input(design.inputs(raw))
    outputs = evaluate(circuit, inputs)
    sheet = output_sheet(design.record.task, prep, circuit)
    return Example(
        sample=tuple(map(float, raw.ravel())), inputs=_whole(to_integers(inputs, circuit.input.type)),
        outputs=_whole(np.ldexp(outputs, sheet.fraction)), answer=answer(sheet, outputs[0]),
    )  # fmt: skip


def own_types(types: Types, shape: tuple[int, ...]) -> OwnTypes:
    """Types of single elements of a value of that shape, in steps of the type that covers all."""
    every = list(types.of(shape))
    return OwnTypes(
        raised=tuple(types.cover.fraction - own.fraction for own in every), low=tuple(own.low for own in every),
        high=tuple(own.high for own in every), down=types.down,
    )  # fmt: skip


def _whole(values: npt.NDArray[np.float64] | npt.NDArray[np.int64]) -> tuple[int, ...]:
    return tuple(int(value) for value in values.ravel())


def _physical(prep: Preprocessing, x: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Physical values that are near to what was preprocessed; of patches, counts up to 1000."""
    raw: npt.NDArray[np.float32] = prep.raw(torch.from_numpy(np.ascontiguousarray(x))).numpy()
    return np.rint(raw * 1000).astype(np.float32) if prep.scaling == "patch" else raw.round(4)


def _input(record: DesignRecord, circuit: Circuit) -> InputSheet:
    type_, span, prep = circuit.input.type, circuit.input.span, record.preprocessing
    low, high, grid = span.low, span.high, 2.0**type_.fraction
    if prep.limit is not None and not record.staged:
        most = math.floor(prep.limit * grid)
        low, high = max(low, -most), min(high, most)
    features = _raw_features(record) if record.staged else _scaled_features(record, grid)
    layout = layout_of(record.task.data)
    return InputSheet(
        layout=layout.name, sample=layout.sample_text, shape=circuit.input.shape, type=str(type_),
        fraction=type_.fraction, low=low, high=high,
        own=own_types(types, circuit.input.shape) if (types := circuit.input.types) else None,
        by_patch=prep.scaling == "patch", features=tuple(features), padding=0.0 if layout.padded else None,
        stage=prep.scaling if record.staged else "",
    )  # fmt: skip


def _raw_features(record: DesignRecord) -> list[Feature]:
    """What raw integers are, where an input stage begins with them."""
    types = record.preprocessing.raw_types
    return [Feature(name=name, scale=float(np.float32(1 / type_.step)), raw=type_.type)
            for name, type_ in zip(_features(record), types, strict=True)]  # fmt: skip


def _scaled_features(record: DesignRecord, grid: float) -> list[Feature]:
    """What the host computes of physical values, where the circuit is the network alone."""
    prep, names = record.preprocessing, _features(record)
    scaled: Mapping[str, Sequence[float]] = {}
    if prep.scale and prep.scaling != "patch":
        scaled = {"offset": prep.offset, "scale": prep.scale}
    return [
        Feature(name=name, transform=prep.transform[i], offset=scaled["offset"][i],
                scale=float(np.float32(scaled["scale"][i])) * grid)
        if scaled else Feature(name=name, scale=grid)
        for i, name in enumerate(names)
    ]  # fmt: skip


def _features(record: DesignRecord) -> Sequence[str]:
    """The names of the features, one per channel of the input."""
    channels = len(record.preprocessing.raw_types) if record.staged else record.architecture.input[0]
    names = layout_of(record.task.data).feature_texts or record.preprocessing.features
    return names if len(names) == channels else [f"feature {index}" for index in range(channels)]
