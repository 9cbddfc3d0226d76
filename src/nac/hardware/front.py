"""The input stage in front of a network's circuit: raw integers enter, and its input becomes a quantiser."""

from dataclasses import replace

import numpy as np

from nac.hardware.circuit import Circuit, Node, Types
from nac.hardware.fixed import Span
from nac.tasks import Preprocessing

INPUT, STAGE = "raw", "stage"


def with_stage(circuit: Circuit, preprocessing: Preprocessing) -> Circuit:
    """The circuit that begins with raw integers: the input stage, and the network's input as a quantiser after it."""
    first, raw = circuit.input, preprocessing.raw_types
    programs = preprocessing.stages
    if (limit := preprocessing.limit) is not None and first.span.magnitude > np.ldexp(limit, first.span.fraction):
        programs = tuple(p.clipped(limit, (t.low, t.high)) for p, t in zip(programs, raw, strict=True))
    fraction = max(program.fraction for program in programs)
    spans = [Span(*program.ends((type_.low, type_.high))[-1], program.fraction).aligned(fraction)
             for program, type_ in zip(programs, raw, strict=True)]  # fmt: skip
    whole = Span(min(span.low for span in spans), max(span.high for span in spans), fraction)
    ends = tuple((type_.low, type_.high) for type_ in raw)
    column = (len(raw), *[1] * (len(first.shape) - 1))
    types = Types(np.array([type_.signed for type_ in raw]).reshape(column), np.zeros(column, np.int64),
                  np.array([type_.width for type_ in raw]).reshape(column), down=False)  # fmt: skip
    port = Span(min(type_.low for type_ in raw), max(type_.high for type_ in raw), 0)
    given = {"programs": programs, "raw": ends}
    return Circuit((
        Node(INPUT, "input", (), first.shape, port, types.cover, INPUT, types=types),
        Node(STAGE, "stage", (INPUT,), first.shape, whole, whole.fixed, STAGE, attributes=given),
        replace(first, op="quantise", inputs=(STAGE,), attributes={"narrow": first.span.low > first.type.low}),
        *circuit.nodes[1:],
    ))  # fmt: skip
