"""How many LUTs a device needs for a netlist that yosys mapped to a Xilinx family.

Yosys leaves to the tool that places the cells what costs LUTs without being one. Counted here are

- every LUT, and every LUT that is a memory or a shift register;
- a LUT that only passes a value on, for every carry input S and every input of a MUXF7 that has none of its own: these
  pins are reached from the LUT beside them alone (UG474, UG574), so that a register, another carry chain or a LUT that
  already drives such a pin needs one more. A constant there needs none;
- an inverter (INV), which is not a cell of the device, unless LUTs take it in: those that read it, one that passes
  its value on, or, before a carry input DI, the second output of the LUT beside it while both together read at most
  five values.

Not counted is what a placer may save by packing two small functions into the two outputs of one LUT, which
`stat -tech xilinx` assumes wherever sizes allow it, without regard to carry chains.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from nac.errors import WorkError

Net = int | str
"""Of yosys: a number, or a constant '0', '1' or 'x'."""
LUT = tuple(f"LUT{inputs}" for inputs in range(1, 7))
IN_LUTS = re.compile(r"LUT[1-6]|SRL16E|SRLC16E|SRLC32E|RAM\d+.*")
LUTS_OF_MEMORY = {"RAM32M": 4, "RAM64M": 4, "RAM32M16": 8, "RAM64M8": 8, "RAM32X1D": 2, "RAM64X1D": 2, "RAM128X1D": 4,
                  "RAM128X1S": 2, "RAM256X1D": 8, "RAM256X1S": 4, "RAM512X1S": 8}  # fmt: skip
"""Of cells that are several LUTs (UG574)."""
CARRY = ("CARRY4", "CARRY8")
OWN_PINS = {"CARRY4": ("S",), "CARRY8": ("S",), "MUXF7": ("I0", "I1")}
"""Pins that only the LUT beside them drives."""
SHARED_INPUTS = 5
"""Values that a LUT with two outputs reads at most."""


@dataclass(frozen=True)
class LutCount:
    """LUTs of a netlist: `logic` cells, those that only `passed` a value on, and `inverters` that nothing takes in."""

    logic: int
    passed: int
    inverters: int

    @property
    def total(self) -> int:
        """All that the device needs."""
        return self.logic + self.passed + self.inverters


def count_luts(text: str, top: str) -> LutCount:
    """The LUTs of the top module in yosys' `write_json`. Raises WorkError when the netlist cannot be read."""
    try:
        modules = json.loads(text)["modules"]
        module = modules[top]
        leaving = {net for port in module["ports"].values() if port["direction"] != "input" for net in port["bits"]}
        netlist = _Netlist(module["cells"], leaving)
        return LutCount(netlist.logic, netlist.passed, netlist.inverters)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise WorkError(f"yosys: its netlist of {top} cannot be read ({error!r})") from error


class _Netlist:
    def __init__(self, cells: Mapping[str, Mapping[str, Any]], leaving: set[Net]) -> None:
        self.cells, self.leaving = list(cells.values()), leaving
        self.lut_inputs: dict[Net, frozenset[Net]] = {
            cell["connections"]["O"][0]: frozenset(
                net for pin, nets in cell["connections"].items() if pin != "O" for net in nets
            )
            for cell in self.cells if cell["type"] in LUT
        }  # fmt: skip

    @property
    def logic(self) -> int:
        """LUTs of cells that are LUTs."""
        kinds = (str(cell["type"]) for cell in self.cells)
        return sum(LUTS_OF_MEMORY.get(kind, 1) for kind in kinds if IN_LUTS.fullmatch(kind))

    @cached_property
    def own(self) -> Counter[Net]:
        """How many pins that need a LUT of their own a net drives."""
        return Counter(
            net
            for cell in self.cells
            for pin in OWN_PINS.get(cell["type"], ())
            for net in cell["connections"][pin]
            if not isinstance(net, str)
        )

    @property
    def passed(self) -> int:
        """Pins that need a LUT of their own, but for the first one of every LUT."""
        return sum(pins - (net in self.lut_inputs) for net, pins in self.own.items())

    @property
    def inverters(self) -> int:
        """Inverters that something outside of LUTs reads."""
        outside = self.leaving.union(*(self._left(cell) for cell in self.cells))
        return sum(net in outside for net in self.inverted)

    def _left(self, cell: Mapping[str, Any]) -> Iterator[Net]:
        """Nets that a cell reads elsewhere than in a LUT: an inverter before them is one."""
        if cell["type"] in LUT or cell["type"] == "INV":
            return
        alone = OWN_PINS.get(cell["type"], ())
        for pin, nets in cell["connections"].items():
            if cell["port_directions"].get(pin) != "input" or pin in alone:
                continue
            if cell["type"] in CARRY and pin == "DI":
                beside = cell["connections"]["S"]
                yield from (net for net, own in zip(nets, beside, strict=True) if not self._shared(net, own))
            else:
                yield from nets

    def _shared(self, net: Net, own: Net) -> bool:
        """Whether the LUT that drives a carry input S has room for an inverter on the DI beside it."""
        if isinstance(own, str):
            return True  # a LUT that drives nothing yet
        reads = self.lut_inputs.get(own, frozenset([own])) if self.own[own] == 1 else frozenset([own])
        return len(reads | {self.inverted.get(net, net)}) <= SHARED_INPUTS

    @cached_property
    def inverted(self) -> dict[Net, Net]:
        """What an inverter reads, by what it drives."""
        return {
            cell["connections"]["O"][0]: cell["connections"]["I"][0] for cell in self.cells if cell["type"] == "INV"
        }
