"""The interface sheet in words: sections of the projects' READMEs, and INTERFACE.md."""

import math
from collections.abc import Sequence

import numpy as np

from nac.hardware.circuit.output import OutputSheet
from nac.hardware.interface import AnswerPort, Element, Example, InputSheet, RtlSheet, Sheet

TRANSFORMS = {"none": "x", "log2_1p": "log2(1 + x)", "sqrt": "sqrt(x)"}
SHOWN = 24
"""Elements of an example that are written out."""


def sections(sheet: Sheet, *, channels_last: bool) -> str:
    """Markdown sections on inputs and outputs for a project's README.

    Args:
        sheet: of the design.
        channels_last: whether inputs are sent position by position with all features each (HLS), or feature by feature
            with all positions each (RTL).
    """
    return "\n\n".join(_meaning(sheet, _order(sheet.input.shape, channels_last))) + "\n\n"


def interface_md(sheet: Sheet) -> str:
    """The whole of INTERFACE.md."""
    shape = sheet.input.shape
    orders = [f"**{where}**: {_order(shape, last)}" for where, last in (("RTL", False), ("HLS", True))]
    order = orders[0].removeprefix("**RTL**: ") if _order(shape, True) == _order(shape, False) else "\n\n".join(orders)
    parts = [
        f"# Interface of {sheet.design}",
        f"Task {sheet.task}, network {sheet.source}. `interface.json` holds the same as numbers.",
        *_meaning(sheet, order),
        *(_rtl(sheet.rtl) if sheet.rtl else []),
        *(_answer(sheet.rtl.top, sheet.rtl.answer, sheet.output) if sheet.rtl and sheet.rtl.answer else []),
        *([f"## Ports of the HLS project\n\nTop function `{sheet.hls.top}` ({sheet.hls.backend}, {sheet.hls.io_type}, "
           f"clock {sheet.hls.clock_period_ns:g} ns): every input element is an `ap_{sheet.input.type}`, every "
           + (f"element of the answer an `ap_{sheet.hls.answer}`." if sheet.hls.answer else
              f"output an `ap_{sheet.output.type}`.")] if sheet.hls else []),
        *(_example(sheet, sheet.example) if sheet.example else []),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _meaning(sheet: Sheet, order: str) -> list[str]:
    return [
        "## From physical values to inputs", *_inputs(sheet.input, order),
        "## From outputs to physics", *_outputs(sheet.output),
        *(["## What was removed", sheet.removal] if sheet.removal else []),
    ]  # fmt: skip


def _inputs(sheet: InputSheet, order: str) -> list[str]:
    return _raw_inputs(sheet, order) if sheet.stage else _scaled_inputs(sheet, order)


def _raw_inputs(sheet: InputSheet, order: str) -> list[str]:
    """Of a circuit that begins with an input stage."""
    own = sheet.own
    assert own is not None
    each = len(own.low) // len(sheet.features)
    rows = [f"| {index} | {known.name} | `{known.raw}` | `x * {_exact(known.scale)}` | {own.low[index * each]} ... "
            f"{own.high[index * each]} |" for index, known in enumerate(sheet.features)]  # fmt: skip
    return [
        sheet.sample,
        order,
        "\n".join(["| feature | x | raw type | raw integer, before rounding | saturated to |", "|---|---|---|---|---|",
                   *rows]),
        "The raw integer, the detector's own number without its point, is what the ports take. A value in physical "
        "units becomes one as the table says, rounded half to even in floats of 32 bits.",
        f"All that follows is in the circuit, and counted: the input stage (`{sheet.stage}`), and rounding and "
        "saturation to what the network sees.",
    ]  # fmt: skip


def _scaled_inputs(sheet: InputSheet, order: str) -> list[str]:
    """Of a circuit that is the network alone."""
    rows = [f"| {index} | {known.name} | `{_formula(sheet, index)}` |" for index, known in enumerate(sheet.features)]
    return [
        sheet.sample,
        order,
        "\n".join(["| feature | x | input integer, before rounding |", "|---|---|---|", *rows]),
        f"Each is then rounded half to even and saturated to {sheet.low} ... {sheet.high}, as an `ap_{sheet.type}` "
        f"does with `AP_RND_CONV, AP_SAT`: the integer n stands for n * 2**-{sheet.fraction} in the network.",
        *_own(sheet),
        *_patch_division(sheet),
        "None of this is in the circuit, and no LUT, cycle or nanosecond is counted for it.",
    ]  # fmt: skip


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


def _formula(sheet: InputSheet, index: int) -> str:
    """The input as a number in steps of the input's type, not rounded."""
    feature = sheet.features[index]
    if sheet.by_patch:
        return f"(x - min) / (max - min) * {_exact(feature.scale)}"
    value, offset = TRANSFORMS[feature.transform], feature.offset
    shifted = value if offset == 0 else f"({value} {'-' if offset > 0 else '+'} {_exact(abs(offset))})"
    return f"{shifted} * {_exact(feature.scale)}"


def _exact(value: float) -> str:
    """A number in as few digits as say it to float32, in which it is computed."""
    return str(np.float32(value)).removesuffix(".0")


def _own(sheet: InputSheet) -> list[str]:
    if sheet.own is None:
        return []
    rows = ["| element, feature by feature | steps it keeps | saturated to |", "|---|---|---|"]
    every = zip(sheet.own.raised, sheet.own.low, sheet.own.high, strict=True)
    rows += [f"| {k} | {2**raised} | {low * 2**raised} ... {high * 2**raised} |"
             for k, (raised, low, high) in enumerate(every)]  # fmt: skip
    how = "rounded down" if sheet.own.down else "rounded half to even"
    return [f"Elements have types of their own: the integer is {how} to a multiple of so many steps.", "\n".join(rows)]


def _patch_division(sheet: InputSheet) -> list[str]:
    if not sheet.by_patch:
        return []
    return ["min and max are the smallest and the largest pixel **of this patch**: the firmware in front has to find "
            "them and to divide by their difference (a patch with all pixels equal is all 0). A divider takes LUTs or "
            "DSPs and cycles of its own, which are in no figure here."]  # fmt: skip


def _outputs(sheet: OutputSheet) -> list[str]:
    grid = f"An output integer n of a type with F bits after the point is n * 2**-F; all of them fit `{sheet.type}`."
    if sheet.scale:
        rows = [f"| {index} | {name} | `output * {scale!r} + {offset!r}` |"
                for index, (name, scale, offset) in enumerate(zip(sheet.names, sheet.scale, sheet.offset, strict=True))]
        return ["\n".join(["| output | quantity | physical value |", "|---|---|---|", *rows]), grid]
    rows = [f"| {index} | {name} |" for index, name in enumerate(sheet.classes)]
    decision = "The sign of the output is the answer: positive is class 1."
    if len(sheet.names) == len(sheet.classes):
        decision = ("The class with the largest output is the answer, of equal ones the first; softmax would not "
                    "change which that is.")  # fmt: skip
    return ["\n".join(["| output | class |", "|---|---|", *rows]), f"{decision} {grid}"]


def _rtl(sheet: RtlSheet) -> list[str]:
    top, clock, folded = sheet.top, sheet.clock_period_ns, sheet.positions is not None
    ports = "`clk`, `rst` (synchronous, high), `in_valid`, `in_data`, `out_valid`, `out_data`"
    modules = [f"| `{top}` | {ports}: no back-pressure |"] if folded else [
        f"| `{top}` | `clk`, `model_inp`, `model_out`: no reset, no handshake |",
        f"| `{top}_valid` | {ports}: {sheet.latency_cycles} edges, no back-pressure |",
    ]  # fmt: skip
    sample = f"one sample in {sheet.beats} beats, tlast of the last" if folded else "one sample a beat"
    return [
        "## Ports of the RTL",
        f"{_enters(sheet)} {sheet.latency_cycles} clock edges later ({sheet.latency_cycles * clock:g} ns at {clock:g} "
        "ns). Elements lie side by side, the first in the lowest bits; `fixed<W,I>` has W bits, I of them before the "
        "point, two's complement; `ufixed` has no sign.",
        "\n".join([
            "| module | ports |", "|---|---|", *modules,
            f"| `{top}_axis` | `aclk`, `aresetn` (synchronous, low), `s_axis_*`, `m_axis_*` (tdata, tvalid, tready, "
            f"tlast), {sample}, tdata filled up to whole bytes: {sheet.axis_latency_cycles} edges where nobody waits |",
        ]),
        "\n".join(["| input element | bits | type |", "|---|---|---|", *element_rows(sheet.inputs)]),
        "\n".join(["| output element | bits | type |", "|---|---|---|", *element_rows(sheet.outputs)]),
    ]  # fmt: skip


def _enters(sheet: RtlSheet) -> str:
    if sheet.positions is None:
        return ("One sample may enter with every clock (initiation interval "
                f"{sheet.initiation_interval}); its result is there")  # fmt: skip
    return (f"A sample enters in {sheet.beats} beats, of {sheet.positions} position(s) each with all of their features "
            "(feature by feature), row by row. A beat may come with every clock, or later, the next sample at once "
            f"(initiation interval {sheet.initiation_interval}). Where beats come without gaps, the result is there, "
            "counted from the first of them,")  # fmt: skip


def _answer(top: str, known: AnswerPort, output: OutputSheet) -> list[str]:
    """The modules with the output stage."""
    said = {"argmax": "the number of the class with the largest output, of equal ones the first",
            "sign": "the number of the class", "values": "the physical values",
            "scores": f"the outputs {', '.join(map(str, output.chosen))}",
            "threshold": f"a bit for each of the outputs {', '.join(map(str, output.chosen))}, 1 where it is greater "
                         f"than {output.threshold!r}"}[output.answer]  # fmt: skip
    return [
        f"With the output stage behind the network, in one pipeline: `{top}_answer`, `{top}_answer_valid` and "
        f"`{top}_answer_axis` have the same inputs and give {said}, after {known.latency_cycles} edges "
        f"({known.axis_latency_cycles} through both AXI4-Streams).",
        "\n".join(["| answer element | bits | type |", "|---|---|---|", *element_rows(known.outputs)]),
    ]  # fmt: skip


def element_rows(port: Sequence[Element]) -> list[str]:
    """Runs of equal elements as Markdown rows: elements, bits, type."""
    rows, first = [], 0
    for index, element in enumerate(port):
        if index + 1 == len(port) or port[index + 1].type != element.type:
            which = f"{first}" if first == index else f"{first} to {index}"
            high, low = element.first + element.width - 1, port[first].first
            place, kind = (f"{high}:{low}", element.type) if element.width else ("none", "not used")
            rows.append(f"| {which} | {place} | {kind} |")
            first = index + 1
    return rows


def _example(sheet: Sheet, known: Example) -> list[str]:
    return [
        "## A sample, worked through",
        "Elements are feature by feature with all positions each, as the RTL takes them.",
        "\n".join([
            "| | |", "|---|---|",
            f"| sample | {_listed([f'{value:g}' for value in known.sample])} |",
            f"| input integers | {_listed([str(value) for value in known.inputs])} |",
            f"| output integers, in steps of 2**-{sheet.output.fraction} | "
            f"{_listed([str(value) for value in known.outputs])} |",
            f"| answer | {known.answer} |",
        ]),
    ]  # fmt: skip


def _listed(values: list[str]) -> str:
    more = f" ... ({len(values)} in all, see interface.json)" if len(values) > SHOWN else ""
    return ", ".join(values[:SHOWN]) + more
