"""The LUTs of a netlist, pin by pin."""

import json
from typing import Any

import pytest

from nac.errors import WorkError
from nac.hardware.rtl.netlist import LutCount, count_luts

Cells = list[tuple[str, dict[str, list[Any]]]]
OUTPUTS = {"O", "CO", "Q"}


def netlist(cells: Cells, leaving: tuple[int, ...] = ()) -> str:
    """yosys' JSON of cells given by type and connections."""
    described = {
        f"cell{index}": {
            "type": kind, "connections": pins,
            "port_directions": {pin: "output" if pin in OUTPUTS else "input" for pin in pins},
        }
        for index, (kind, pins) in enumerate(cells)
    }  # fmt: skip
    ports = {"model_out": {"direction": "output", "bits": list(leaving)}}
    return json.dumps({"modules": {"top": {"ports": ports, "cells": described}}})


def lut(output: int, *inputs: int) -> tuple[str, dict[str, list[Any]]]:
    return f"LUT{len(inputs)}", {"O": [output], **{f"I{k}": [net] for k, net in enumerate(inputs)}}


def carry(s: list[Any], di: list[Any]) -> tuple[str, dict[str, list[Any]]]:
    pins = {"S": s, "DI": di, "CI": ["0"], "CYINIT": ["0"]}
    return "CARRY4", {**pins, "O": [900, 901, 902, 903], "CO": [904, 905, 906, 907]}


def inverter(output: int, source: int) -> tuple[str, dict[str, list[Any]]]:
    return "INV", {"O": [output], "I": [source]}


CASES: dict[str, tuple[Cells, tuple[int, ...], LutCount]] = {
    "every LUT drives a pin of its own": (
        [lut(10, 1, 2), lut(11, 3, 4), carry([10, 11, "0", "1"], [1, 3, "0", "0"])], (), LutCount(2, 0, 0)),
    "one LUT drives two pins": ([lut(10, 1, 2), carry([10, 10, "0", "0"], [1, 1, "0", "0"])], (), LutCount(1, 1, 0)),
    "registers and ports drive pins": (
        [("FDRE", {"Q": [5], "D": [1]}), carry([5, 6, "0", "0"], [1, 1, "0", "0"])], (), LutCount(0, 2, 0)),
    "an inverter before a pin is the LUT that passes": (
        [inverter(7, 1), carry([7, "0", "0", "0"], [1, "0", "0", "0"])], (), LutCount(0, 1, 0)),
    "an inverter on both inputs of a position": (
        [inverter(7, 1), carry([7, "0", "0", "0"], [7, "0", "0", "0"])], (), LutCount(0, 1, 0)),
    "an inverter fits beside a LUT of four inputs": (
        [inverter(7, 1), lut(10, 2, 3, 4, 5), carry([10, "0", "0", "0"], [7, "0", "0", "0"])], (), LutCount(1, 0, 0)),
    "and beside one of five that reads the same": (
        [inverter(7, 1), lut(10, 1, 3, 4, 5, 6), carry([10, "0", "0", "0"], [7, "0", "0", "0"])], (),
        LutCount(1, 0, 0)),
    "but not beside one of five that does not": (
        [inverter(7, 1), lut(10, 2, 3, 4, 5, 6), carry([10, "0", "0", "0"], [7, "0", "0", "0"])], (),
        LutCount(1, 0, 1)),
    "an inverter before a LUT is inside it": ([inverter(7, 1), lut(10, 7, 2)], (10,), LutCount(1, 0, 0)),
    "an inverter before a register is none": (
        [inverter(7, 1), ("FDRE", {"Q": [5], "D": [7]})], (5,), LutCount(0, 0, 1)),
    "nor one before a port": ([inverter(7, 1), lut(10, 7, 2)], (7, 10), LutCount(1, 0, 1)),
    "nor one before the start of a chain": (
        [inverter(7, 1), ("CARRY4", {"S": ["0"] * 4, "DI": ["0"] * 4, "CI": ["0"], "CYINIT": [7], "O": [8, 9, 10, 11],
                                     "CO": [12, 13, 14, 15]})], (), LutCount(0, 0, 1)),
    "a wide multiplexer has two LUTs of its own": (
        [lut(10, 1, 2), ("MUXF7", {"I0": [10], "I1": [3], "S": [4], "O": [11]})], (11,), LutCount(1, 1, 0)),
    "memory and shift registers": (
        [("SRL16E", {"Q": [5], "D": [1]}), ("RAM32M", {"O": [6]}), ("RAMB36E2", {"O": [7]})], (), LutCount(5, 0, 0)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_a_device_needs(case: str) -> None:
    cells, leaving, expected = CASES[case]
    found = count_luts(netlist(cells, leaving), "top")
    assert found == expected
    assert found.total == expected.logic + expected.passed + expected.inverters


@pytest.mark.parametrize("text", ["", "{}", '{"modules": {"top": {}}}', '{"modules": []}'])
def test_unreadable_netlists_are_said_to_be(text: str) -> None:
    with pytest.raises(WorkError, match="netlist of top cannot be read"):
        count_luts(text, "top")
