"""The input stage: from raw integers to what the network's first quantiser reads, a program for each channel."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from alkaid.trace import FVariable

from nac.hardware.circuit import CIRCUIT_OPERATIONS, CircuitOperation, Node, Numbers, Operand
from nac.hardware.circuit.fixed import Fixed, Span
from nac.hardware.hls import stage as hls_stage
from nac.hardware.hls.layers import HlsWriter
from nac.hardware.rtl.arithmetic import Variables, constant, largest, negative, round_down, select, smallest, tree
from nac.hardware.rtl.lowering import AdderWriter
from nac.tasks.stages import StageProgram
from nac.tasks.stages.program import REDUCING, staged


class Staged(CircuitOperation):
    """Attributes: `programs`, one for each channel, and `raw`, the ends of the raw integers, of as many or more.

    It is read from no ONNX operation: `nac.hardware.circuit.front` puts it in front of a network.
    """

    name = "stage"
    own_layer = True
    compute = staticmethod(staged)

    def numbers(self, node: Node, sources: Sequence[Node]) -> Numbers:
        """A program for each of the `channels`: `steps` of [operation, numbers of earlier values, constants].

        0 are the raw integers, k what the k-th step gave; the last one times 2**shift is the result. `raw` are the
        ends of the raw integers.
        """
        return {"channels": [
            {"raw": list(raw), "shift": node.span.fraction - program.fraction, "steps": program.listed}
            for program, raw in _programs(node)
        ]}  # fmt: skip

    def cpp(self, known: Numbers, operands: Sequence[Operand], name: str) -> str:
        """A function of its own, a block for every channel."""
        count, channels = math.prod(known["shape"]), known["channels"]
        positions = count // len(channels)
        lines = [f"[](const Values<{math.prod(operands[0].shape)}> &x) {{", f"Values<{count}> y{{}};"]
        for channel, part in enumerate(channels):
            program, first = StageProgram(steps=part["steps"], fraction=0), channel * positions
            lines += [
                "{", f"const Integer *v0 = x.data() + {first};",
                *printed(program, part["raw"], positions, lambda _: "Integer"),
                f"for (int i = 0; i < {positions}; i++) y[{first} + i] = "
                f"{_last(program)} * (Integer(1) << {part['shift']});", "}",
            ]  # fmt: skip
        return "\n    ".join([*lines, "return y;", f"}}({operands[0].name})"])

    def rtl(self, node: Node, adders: AdderWriter) -> Variables:
        """Additions, multiplexers and tables."""
        (x,) = adders.operands(node)
        channels = x.reshape(len(x), -1)
        found = [_lowered(program, channels[k:]) for k, (program, _) in enumerate(_programs(node))]
        result: Variables = np.stack(found).reshape(node.shape)
        return result

    def hls(self, node: Node, layers: HlsWriter) -> None:
        """A layer of our own."""
        hls_stage.put(node, layers, _body(node, layers.source(node).shape[0]))

    def pointwise(self, node: Node) -> bool:
        """Unless a program reads all positions."""
        return not any(program.reduces for program, _ in _programs(node))


def _programs(node: Node) -> list[tuple[StageProgram, tuple[int, int]]]:
    return list(zip(node.attributes["programs"], node.attributes["raw"], strict=False))


def _last(program: StageProgram) -> str:
    """The result at position i in C++."""
    return f"v{len(program.steps)}[{'0' if program.scalars()[-1] else 'i'}]"


_JOINED = {
    "least": "if ({one} < {all}) {all} = {one};",
    "most": "if ({one} > {all}) {all} = {one};",
    "union": "{all} = {all} | {one};",
}
_TEXTS = {
    "beside": "{t}(v0[{at} + i])",
    "offset": "{t}({a} + ({n}))",
    "add": "{t}({a} + {b})",
    "subtract": "{t}({a} - {b})",
    "low": "{t}({a} & {mask})",
    "reaches": "{t}({a} >= {power} ? 1 : 0)",
    "select": "{a} != 0 ? {t}({b}) : {t}({c})",
    "table": "{t}(table{k}[int({a})])",
    "clip": "{a} < ({n}) ? {t}({n}) : {a} > ({m}) ? {t}({m}) : {t}({a})",
}


def printed(
    program: StageProgram, raw: Sequence[int], positions: int, named: Callable[[Fixed], str], *, unrolled: bool = False
) -> Iterator[str]:
    """Lines of C++ that compute arrays v1, v2, ... of v0, the raw integers; the last one is the result.

    Args:
        program: of one channel.
        raw: the ends of the raw integers.
        positions: of the channel; what is one for all positions is an array of one. Behind so many of v0 are those of
            the features after this one.
        named: the type of a value that is an integer of these bits.
        unrolled: whether loops are unrolled by HLS.
    """
    ends, single = program.ends((raw[0], raw[1])), program.scalars()
    pragma = ["  #pragma HLS UNROLL"] if unrolled else []
    for k, (op, inputs, numbers) in enumerate(program.steps, start=1):
        type_, size = named(Span(*ends[k], 0).fixed), 1 if single[k] else positions
        if op == "table":
            yield f"static const int table{k}[] = {{{', '.join(map(str, numbers))}}};"
        yield f"{type_} v{k}[{size}];"
        if op in REDUCING:
            (source,) = inputs
            places = numbers or range(1 if single[source] else positions)
            if numbers:
                yield f"static const int at{k}[] = {{{', '.join(map(str, numbers))}}};"
            at = f"at{k}[i]" if numbers else "i"
            yield f"v{k}[0] = v{source}[{places[0]}];"
            yield from (f"for (int i = 1; i < {len(places)}; i++) {{", *pragma,
                        f"  {_JOINED[op].format(all=f'v{k}[0]', one=f'v{source}[{at}]')}", "}")  # fmt: skip
            continue
        operands = dict(zip("abc", (f"v{j}[{'0' if single[j] else 'i'}]" for j in inputs), strict=False))
        known = dict(zip("nm", numbers, strict=False)) | {"at": positions * numbers[0] if op == "beside" else 0}
        yield from (f"for (int i = 0; i < {size}; i++) {{", *pragma,
                    f"  v{k}[i] = {_text(op, type_, k, operands, known)};", "}")  # fmt: skip


def _text(op: str, type_: str, k: int, operands: dict[str, str], known: dict[str, int]) -> str:
    if op == "shift":
        by = known["n"]
        return f"{type_}({type_}({operands['a']}) << {by})" if by >= 0 else f"{type_}({operands['a']} >> {-by})"
    if op in ("low", "reaches"):
        known |= {"power": 1 << known["n"], "mask": (1 << known["n"]) - 1}
    return _TEXTS[op].format(t=type_, k=k, **operands, **known)


def _body(node: Node, features: int) -> list[str]:
    """What the layer of hls4ml computes of so many features, a block for every channel; values are channels last."""
    channels, positions = node.shape[0], math.prod(node.shape[1:])
    lines: list[str] = []
    for channel, (program, raw) in enumerate(_programs(node)):
        low, high = program.ends(raw)[-1]
        last = Span(low, high, program.fraction).fixed
        lines += [
            "{", f"{hls_stage.integer(Span(*raw, 0).fixed)} v0[{positions * (1 + program.reach)}];",
            *hls_stage.loop(positions, *(f"v0[{positions * by} + i] = data[i * {features} + {channel + by}];"
                                         for by in range(1 + program.reach))),
            *printed(program, raw, positions, hls_stage.integer, unrolled=True),
            *hls_stage.loop(positions, f"ap_{last} y;", f"y.range({last.width - 1}, 0) = "
                            f"{_last(program)}.range({last.width - 1}, 0);", f"res[i * {channels} + {channel}] = y;"),
            "}",
        ]  # fmt: skip
    return lines


def _lowered(program: StageProgram, features: Variables) -> Variables:
    """The values (positions,) of one channel, whose feature is the first of these (features, positions)."""
    x = features[0]
    values = [x]
    for op, inputs, numbers in program.steps:
        operands = [values[k] for k in inputs]
        if op == "beside":
            values.append(features[numbers[0]])
        elif op in _REDUCTIONS:
            chosen = operands[0][list(numbers)] if numbers else operands[0]
            values.append(np.array([_REDUCTIONS[op](list(chosen))], dtype=object))
        else:
            each = np.vectorize(lambda *given, op=op, numbers=numbers: _EACH[op](*given, *numbers), otypes=[object])
            values.append(each(*operands))
    return np.broadcast_to(values[-1] * 2.0**-program.fraction, x.shape)


def _union(values: Sequence[FVariable]) -> FVariable:
    return tree(values, lambda a, b: a | b)


def _shift(x: FVariable, by: int) -> FVariable:
    moved = x * 2.0**by
    return moved if by >= 0 else round_down(moved, 0)


def _low(x: FVariable, bits: int) -> FVariable:
    if x.low >= 0 and x.high < 1 << bits:
        return x
    return x.quantize(0, bits, 0, "WRAP", "TRN")


def _reaches(x: FVariable, bits: int) -> FVariable:
    """One bit: whether any bit from this one on is set."""
    if x.low >= 1 << bits or x.high < 1 << bits:
        return constant(float(x.low >= 1 << bits))
    x = x.relu() if x.low < 0 else x
    return x.bits[: int(x.kif[1]) - bits].unary_bit_op("any")


def _clip(x: FVariable, low: int, high: int) -> FVariable:
    """Saturated; the bits above are taken off, which alkaid does not know to be unused."""
    kept = (x.relu() if low == 0 else select(negative(x - float(low)), float(low), x)) if x.low < low else x
    kept = select(negative(x - float(high + 1)), kept, float(high)) if x.high > high else kept
    bits = max(high.bit_length(), (-low - 1).bit_length() if low < 0 else 0)
    return kept.quantize(int(low < 0), bits, 0, "WRAP", "TRN")


def _table(x: FVariable, *numbers: int) -> FVariable:
    if x.low == x.high:
        return constant(float(numbers[int(x.low)]))
    return x.lookup(np.array(numbers[int(x.low) : int(x.high) + 1], dtype=np.float64))


_REDUCTIONS: Mapping[str, Callable[[Sequence[FVariable]], FVariable]] = {
    "least": smallest, "most": largest, "union": _union,
}  # fmt: skip
_EACH: Mapping[str, Callable[..., FVariable]] = {
    "offset": lambda x, by: x + float(by),
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "shift": _shift,
    "low": _low,
    "reaches": _reaches,
    "select": select,
    "table": _table,
    "clip": _clip,
}


CIRCUIT_OPERATIONS.register(Staged.name, Staged())
