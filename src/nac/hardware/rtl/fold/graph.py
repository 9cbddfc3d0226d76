"""An adder graph in a stream: a beat with any clock, each some clocks on its way."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from alkaid.stateful import FSM
from alkaid.trace.pipeline import to_pipeline
from alkaid.types import CombLogic

from nac.errors import WorkError
from nac.hardware.rtl.fold.parts import Part, Values, bits, fixed
from nac.hardware.rtl.luts import luts
from nac.hardware.rtl.ports import width
from nac.hardware.rtl.running import run_graph
from nac.hardware.rtl.sound import alkaid
from nac.hardware.rtl.templates import template


class GraphPart(Part):
    """`model` is its file; `inputs` are what it reads, without bits where it does not."""

    kind: Literal["graph"] = "graph"
    model: str
    latency: int

    def run(self, x: Values, models: Path) -> Values:
        """See `Part`."""
        found = run_graph(CombLogic.load(models / self.model), x.reshape(-1, x.shape[-1]))
        return found.reshape(*x.shape[:2], -1)

    def times(self, at: Sequence[int]) -> list[int]:
        """See `Part`."""
        return [clock + self.latency for clock in at]

    def module(self, name: str) -> str:
        """The one around the graph's own."""
        return f"{name}_valid"

    def verilog(self, name: str) -> str:
        """See `Part`."""
        return template(
            "valid.v", top=name, in_width=bits(self.inputs), out_width=bits(self.outputs), latency=self.latency
        )


def pipelined(graph: CombLogic, levels: float) -> FSM:
    """A graph cut into stages of so many levels, with registers behind every one of them."""
    with alkaid():
        return to_pipeline(graph, latency_cutoff=levels, verbose=False, reg_inp=False)


def graph_part(graph: CombLogic, cut: FSM, model: str) -> GraphPart:
    """The part of a graph and its pipeline. Raises WorkError where it reads nothing."""
    (inputs,), (outputs,) = cut.inp_signals, cut.out_signals
    given = tuple(fixed(p) for p in inputs.precisions)
    if not width(given):
        raise WorkError("what is computed does not depend on the input")
    schedule = outputs.schedule
    assert schedule is not None
    return GraphPart(
        inputs=given, outputs=tuple(fixed(p) for p in outputs.precisions), lut=round(luts(graph), 2),
        ff=sum(signal.width for signal in cut.signals.values() if signal.reg) + int(schedule.bias), model=model,
        latency=int(schedule.bias),
    )  # fmt: skip
