"""The RTL step of one design: project, proof in a simulator, synthesis, and the numbers that come of it."""

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from nac.config import Model, TargetConfig
from nac.design import Design
from nac.errors import WorkError
from nac.hardware.circuit.evaluate import evaluate, random_input
from nac.hardware.number import HardwareNumber
from nac.hardware.onnx.export import circuit_of
from nac.hardware.rtl import tools
from nac.hardware.rtl.bench import Passed
from nac.hardware.rtl.engine import RtlEngine, rtl_project
from nac.hardware.rtl.lowering import TooLargeError, unrolled_products
from nac.hardware.rtl.placement import LUTS, Placement, fits, place
from nac.hardware.rtl.record import RtlProject
from nac.hardware.rtl.simulation import Simulation, prove, simulator
from nac.hardware.rtl.synthesis import Synthesis, synthesise_rtl
from nac.hardware.rtl.vhdl import FOLDER as VHDL
from nac.hardware.rtl.vhdl import run_vhdl_bench, write_vhdl
from nac.hardware.rtl.wrappers import write_bench

logger = logging.getLogger(__name__)
RANDOM_SAMPLES = 1000
MOST_LUT = 100_000
"""Circuits beyond this estimate keep a simulator or synthesiser busy for an hour: they are left to who wants that."""
MOST_BEATS = 250_000
"""Of a folded circuit in simulation: every n-th sample is taken, so that it takes minutes at most."""
Say = Callable[[str], None]


def silent(_: str) -> None:
    """Tells nobody what is being done."""


class RtlReport(Model):
    """What became of a design as RTL. `samples` were computed by the circuit as by the network, bit for bit.

    `skipped` says what was not done and why; `remarks` what looks wrong in a report, `notes` how a
    circuit was folded.
    """

    project: str | None = None
    samples: int = 0
    simulation: Simulation | None = None
    synthesis: Synthesis | None = None
    placement: Placement | None = None
    vhdl: Passed | None = None
    numbers: tuple[HardwareNumber, ...] = ()
    skipped: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def build_rtl(
    design: Design,
    target: TargetConfig,
    x: npt.NDArray[Any],
    *,
    simulation: bool = True,
    synthesis: bool = True,
    placement: bool = False,
    vhdl: bool = False,
    random_samples: int = RANDOM_SAMPLES,
    say: Say = silent,
) -> RtlReport:
    """Write the design's RTL, prove it equal to the network, synthesise it.

    Args:
        design: exported (`model.onnx`).
        target: part and clock.
        x: inputs (N, *input) on the network's input grid; `random_samples` over its full range join them.
        simulation: run the Verilog in a simulator as well as the adder graph.
        synthesis: run yosys.
        placement: place and route on an ECP5 with nextpnr, where the circuit fits.
        vhdl: write it in VHDL as well, and simulate that in GHDL.
        random_samples: how many random inputs.
        say: told what is being done.

    A missing tool, or a circuit too large to be unrolled or synthesised here, is a sentence in `skipped`. Raises
    WorkError when the circuit differs from the network on any sample, or a tool fails.
    """
    circuit = circuit_of(design)
    how = f", {target.fold} position(s) a clock" if target.fold != "all" else ""
    if target.pace is not None:
        how = f", folded for a sample in {target.pace} clock(s)"
    say(f"RTL, an adder graph of {unrolled_products(circuit):,} products{how}")
    try:
        project = rtl_project(design, target)
    except TooLargeError as error:
        return RtlReport(skipped=(f"RTL: {error}",))
    inputs = np.concatenate([np.asarray(x, dtype=np.float32), random_input(circuit, random_samples)])
    expected = evaluate(circuit, inputs)
    answer = stage.gives(expected) if (stage := project.record.answer) else None
    _compare(design, project, inputs, expected)
    write_bench(project, inputs, expected)
    skipped: list[str] = []
    whole = project.whole
    if (simulation or synthesis or placement) and whole.record.cost_lut > MOST_LUT:
        size = f"an estimated {whole.record.cost_lut:,.0f} LUTs are too many here (at most {MOST_LUT:,})"
        skipped.append(f"RTL simulation and synthesis: {size}; the scripts in {project.path.name}/ do it elsewhere")
        simulation = synthesis = placement = False
    else:
        asked = {"RTL simulation": simulation, "RTL synthesis": synthesis}
        skipped += [f"{what}: not asked for; `nac synth` does it" for what, wanted in asked.items() if not wanted]
    if vhdl and project.record.fold is not None:
        skipped.append("VHDL: a folded circuit is written in Verilog alone")
        vhdl = False
    spoken = _vhdl(project, len(inputs), simulation, skipped, say) if vhdl or (project.path / VHDL).is_dir() else None
    proof = _prove(project, inputs, expected, answer, skipped, say) if simulation else None
    mapped = _synthesise(whole, skipped, say) if synthesis else None
    placed = _place(whole, skipped, say) if placement else None
    return RtlReport(
        project=project.path.name, samples=len(inputs), simulation=proof, synthesis=mapped, placement=placed,
        vhdl=spoken,
        numbers=(*estimates(project), *_simulated(proof), *_measured(mapped), *_placed(placed)), skipped=tuple(skipped),
        remarks=mapped.remarks if mapped else (), notes=_folded(project),
    )  # fmt: skip


def _compare(design: Design, project: RtlProject, x: npt.NDArray[Any], expected: npt.NDArray[np.float64]) -> None:
    different = (RtlEngine(design, project).predict(x) != expected).any(axis=1)
    if different.any():
        raise WorkError(f"{design.record.name}: RTL and network differ on {different.sum()} of {len(x)} samples")


def _prove(
    project: RtlProject, x: npt.NDArray[Any], expected: npt.NDArray[np.float64],
    answer: npt.NDArray[np.float64] | None, skipped: list[str], say: Say,
) -> Simulation | None:  # fmt: skip
    """Outputs, of which every bit is seen, and the answers that the firmware gives."""
    tool = simulator()
    if tool is None:
        skipped.append(f"RTL simulation: {tools.MISSING['verilator']}; {tools.MISSING['iverilog']}")
        return None
    say(f"RTL simulation with {tool.name}")
    every = -(-len(x) * project.record.beats // MOST_BEATS)
    proof = prove(project, x[::every], expected[::every], tool)
    return proof if answer is None else prove(project.whole, x[::every], answer[::every], tool)


def _folded(project: RtlProject) -> tuple[str, ...]:
    """How the circuit is folded, in sentences."""
    if (fold := project.record.fold) is None:
        return ()
    return (f"folded: {fold.positions} position(s) a clock, an inference in {fold.beats} clocks, its result "
            f"{fold.tail_cycles} clocks after the last of them", *fold.notes)  # fmt: skip


def _vhdl(project: RtlProject, samples: int, simulation: bool, skipped: list[str], say: Say) -> Passed | None:
    say("RTL in VHDL")
    write_vhdl(project, samples)
    if not simulation or tools.ghdl() is None:
        reason = tools.MISSING["ghdl"] if simulation else "not asked for"
        skipped.append(f"simulation of the VHDL: {reason}")
        return None
    return run_vhdl_bench(project)


def _synthesise(project: RtlProject, skipped: list[str], say: Say) -> Synthesis | None:
    tool = tools.yosys()
    if tool is None:
        skipped.append(f"RTL synthesis: {tools.MISSING['yosys']}")
        return None
    say(f"RTL synthesis with {tool.name}, an estimated {project.record.cost_lut:,.0f} LUTs")
    return synthesise_rtl(project, tool)


def _place(project: RtlProject, skipped: list[str], say: Say) -> Placement | None:
    missing = [tools.MISSING[name] for name in ("yosys", "nextpnr") if tools.PROBES[name]() is None]
    if not missing and not fits(project):
        missing = [f"an estimated {project.record.cost_lut:,.0f} LUTs do not fit an ECP5 ({LUTS:,} smaller ones)"]
    if missing:
        skipped.append(f"placement: {'; '.join(missing)}")
        return None
    say("placement with nextpnr")
    return place(project)


def estimates(project: RtlProject) -> list[HardwareNumber]:
    """What is known of a project without synthesis."""
    stage, record = project.record.answer, project.record.whole
    values: tuple[tuple[str, float, str], ...] = (
        ("lut", record.cost_lut, ""), ("ff", record.register_bits, ""), ("dsp", 0, ""),
        ("latency_cycles", record.latency_cycles, "clocks"),
        ("latency_ns", record.latency_cycles * record.clock_period_ns, "ns"),
        ("ii", record.initiation_interval, "clocks"),
        ("rate_mhz", 1e3 / (record.initiation_interval * record.clock_period_ns), "MHz"),
    )  # fmt: skip
    if stage is not None:
        values += (
            ("answer_lut", stage.cost_lut, ""), ("answer_ff", stage.register_bits, ""),
            ("answer_latency_cycles", stage.latency_cycles, "clocks"),
        )  # fmt: skip
    return [
        HardwareNumber(name=name, value=value, unit=unit, tool=record.tool, version=record.version, kind="estimate")
        for name, value, unit in values
    ]


def _simulated(simulation: Simulation | None) -> list[HardwareNumber]:
    """What the simulator saw: one result in so many clocks, after so many clocks."""
    if simulation is None:
        return []
    return [
        HardwareNumber(
            name=name, value=value, unit="clocks", tool=simulation.tool, version=simulation.version, kind="simulation"
        )
        for name, value in (("latency_cycles", simulation.latency_cycles), ("ii", simulation.ii))
    ]


def _measured(synthesis: Synthesis | None) -> list[HardwareNumber]:
    if synthesis is None:
        return []
    values = {"lut": synthesis.lut, "ff": synthesis.ff, "dsp": synthesis.dsp, "bram": synthesis.bram,
              "carry": synthesis.carry, "path_cells": synthesis.path_cells}  # fmt: skip
    if synthesis.lut_packed is not None:
        values |= {"lut_packed": synthesis.lut_packed}
    tool = f"{synthesis.tool} ({synthesis.family})"
    return [
        HardwareNumber(name=name, value=value, tool=tool, version=synthesis.version, kind="synthesis")
        for name, value in values.items()
    ]


def _placed(placement: Placement | None) -> list[HardwareNumber]:
    """Under names of their own: these are cells of another family than the target's."""
    if placement is None:
        return []
    values = (
        ("ecp5_fmax_mhz", placement.fmax_mhz, "MHz"), ("ecp5_lut", placement.lut, ""), ("ecp5_ff", placement.ff, ""),
    )  # fmt: skip
    return [
        HardwareNumber(
            name=name, value=value, unit=unit, tool=f"{placement.tool} ({placement.part})", version=placement.version,
            kind="place-and-route",
        )
        for name, value, unit in values
    ]  # fmt: skip
