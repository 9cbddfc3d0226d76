"""The input stage in front of a network's circuit: raw integers enter, and its input becomes a quantiser."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nac.config.raw import RawType
from nac.hardware.circuit import Circuit, Node, Types
from nac.hardware.circuit.fixed import Span
from nac.tasks import Preprocessing
from nac.tasks.stages import StageProgram

INPUT, STAGE = "raw", "stage"


def with_stage(circuit: Circuit, preprocessing: Preprocessing) -> Circuit:
    """The circuit that begins with raw integers: the input stage, and the network's input as a quantiser after it."""
    first, raw, programs = circuit.input, preprocessing.raw_types, preprocessing.stages
    if (limit := preprocessing.limit) is not None and first.span.magnitude > np.ldexp(limit, first.span.fraction):
        programs = tuple(p.clipped(limit, (t.low, t.high)) for p, t in zip(programs, raw, strict=False))
    narrow = first.span.low > first.type.low and first.types is None
    return Circuit((
        *stage_nodes(raw, programs, first.shape),
        replace(first, op="quantise", inputs=(STAGE,), attributes={"narrow": narrow}),
        *circuit.nodes[1:],
    ))  # fmt: skip


def stage_nodes(raw: Sequence[RawType], programs: Sequence[StageProgram], shape: tuple[int, ...]) -> tuple[Node, Node]:
    """Raw integers, and what the programs of their channels make of them, of a shape, channels first.

    The last ones of the raw types may have no program of their own: others read them beside theirs.
    """
    fraction = max(program.fraction for program in programs)
    spans = [Span(*program.ends((type_.low, type_.high))[-1], program.fraction).aligned(fraction)
             for program, type_ in zip(programs, raw, strict=False)]  # fmt: skip
    whole = Span(min(span.low for span in spans), max(span.high for span in spans), fraction)
    column = (len(raw), *[1] * (len(shape) - 1))
    types = Types(np.array([type_.signed for type_ in raw]).reshape(column), np.zeros(column, np.int64),
                  np.array([type_.width for type_ in raw]).reshape(column), down=False)  # fmt: skip
    ends = tuple((type_.low, type_.high) for type_ in raw)
    port = Span(min(low for low, _ in ends), max(high for _, high in ends), 0)
    given = {"programs": tuple(programs), "raw": ends}
    return (Node(INPUT, "input", (), (len(raw), *shape[1:]), port, types.cover, INPUT, types=types),
            Node(STAGE, "stage", (INPUT,), shape, whole, whole.fixed, STAGE, attributes=given))  # fmt: skip
