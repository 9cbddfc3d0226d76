"""The hardware step of one design: QONNX, costs counted again, HLS project, C simulation, equality, report."""

import logging
import shutil
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nac import __version__
from nac.arch import measured_workload
from nac.arch.brevitas import SPREAD
from nac.config import Model, TargetConfig
from nac.cost import COSTS, costs
from nac.design import REPORTS, Design
from nac.design.twin import beside
from nac.hardware.circuit.evaluate import random_input
from nac.hardware.hls.generate import generate
from nac.hardware.hls.order import to_channels_last
from nac.hardware.hls.project import HlsProject
from nac.hardware.kit.sheet import whole_sheet, write_sheet
from nac.hardware.kit.vectors import FOLDER as VECTORS
from nac.hardware.kit.vectors import write_vectors
from nac.hardware.number import HardwareNumber
from nac.hardware.onnx.export import circuit_of, export
from nac.hardware.onnx.recount import assert_costs_agree, recount
from nac.hardware.rtl import RtlProject, RtlReport, Simulation, Synthesis, build_rtl, rtl_project
from nac.hardware.rtl.bench import Passed
from nac.hardware.rtl.build import RANDOM_SAMPLES, Say, silent
from nac.hardware.vendor import VendorReport, c_synthesis, implement
from nac.hardware.verify import Verification, verify
from nac.rundir import write_atomic

logger = logging.getLogger(__name__)


class HardwareReport(Model):
    """`reports.json` of a design. `skipped` says what was not done and why.

    `rtl_samples` inputs, random ones over the full range among them, were computed by the RTL's adder graph as by
    the network, bit for bit; its LUTs, flip-flops and latency are among the numbers, as estimates. `rtl_simulation`
    says that the Verilog did so too, `rtl_vhdl` the VHDL, `rtl_synthesis` what it was mapped to; `remarks` what looks
    wrong about that, `notes` how the circuit was folded.
    """

    design: str
    target: TargetConfig
    model: str
    project: str
    verification: Verification
    rtl_samples: int = 0
    rtl_simulation: Simulation | None = None
    rtl_synthesis: Synthesis | None = None
    rtl_vhdl: Passed | None = None
    numbers: tuple[HardwareNumber, ...]
    skipped: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def synthesise(
    design: Design,
    target: TargetConfig,
    project_dir: Path | None = None,
    check_inputs: npt.NDArray[np.float32] | None = None,
    *,
    n_qonnx: int | None = None,
    simulation: bool = True,
    synthesis: bool = True,
    placement: bool = False,
    implementation: bool = False,
    vhdl: bool = False,
    say: Say = silent,
) -> HardwareReport:
    """Export, recount, generate, simulate, verify and synthesise a design; write `reports.json` into its folder.

    What a design has of an earlier time stays until all of this is done: an interruption leaves it as it was.

    Args:
        design: a trained, quantised design.
        target: part, clock, backend and interface.
        project_dir: where the project goes; `hls` in the design's folder by default.
        check_inputs: samples (N, *input) to compare the engines on, as `Design.inputs_of` gives them; random ones by
            default.
        n_qonnx: how many of them QONNX runs; all by default.
        simulation: run the Verilog in a simulator as well as its adder graph.
        synthesis: let yosys map the Verilog to the part, and the backend's tool, where it is installed, the project.
        placement: place and route the Verilog on an ECP5 with nextpnr.
        implementation: synthesise, place and route the Verilog with Vivado, where that is installed.
        vhdl: write the circuit in VHDL as well, and simulate it in GHDL.
        say: told what is being done.

    Raises:
        InputError: the target's backend cannot take the network, or `project_dir` holds something else.
        WorkError: the recount disagrees with the architecture, or two engines on any sample; nothing is then
            left in `reports.json` (who calls keeps the reason there).
    """
    start = time.perf_counter()
    with beside(design) as twin:
        report = _synthesised(
            twin, target, project_dir, random_inputs(twin) if check_inputs is None else check_inputs, n_qonnx=n_qonnx,
            simulation=simulation, synthesis=synthesis, placement=placement, implementation=implementation, vhdl=vhdl,
            say=say,
        )  # fmt: skip
        write_atomic(twin.path / REPORTS, report.model_dump_json(indent=1))
    logger.info("%s: verified on %d samples in %.1f s", report.design, report.verification.samples,
                time.perf_counter() - start)
    return report


def _synthesised(
    design: Design, target: TargetConfig, project_dir: Path | None, x: npt.NDArray[np.float32], *, n_qonnx: int | None,
    simulation: bool, synthesis: bool, placement: bool, implementation: bool, vhdl: bool, say: Say,
) -> HardwareReport:  # fmt: skip
    """See `synthesise`; in the design's own folder."""
    say(f"QONNX, project and C simulation with {target.backend}")
    model_file = export(design)
    ops = recount(model_file)
    assert_costs_agree(ops, measured_workload(design.network))
    project = generate(design, target, project_dir)
    verification = verify(design, x, n_qonnx, project=project)
    _finish_project(project, design, verification, x)
    rtl = build_rtl(
        design, target, design.quantised_input(x), simulation=simulation, synthesis=synthesis, placement=placement,
        vhdl=vhdl, say=say,
    )  # fmt: skip
    _write_interface(design, project, rtl_project(design, target) if rtl.project is not None else None, x)
    vendor, skipped = _vendor(design, project, rtl, synthesis, implementation, say)
    numbers = [
        HardwareNumber(
            name=name, value=value, unit=COSTS[name].unit, tool="nac", version=__version__, kind="count"
        )
        for name, value in costs(ops).items()
    ]
    return HardwareReport(
        design=design.record.name, target=target, model=model_file.name, project=_relative(project.path, design.path),
        verification=verification, rtl_samples=rtl.samples, rtl_simulation=rtl.simulation, rtl_synthesis=rtl.synthesis,
        rtl_vhdl=rtl.vhdl,
        numbers=(*numbers, *rtl.numbers, *(number for found in vendor for number in found.numbers)),
        skipped=(*skipped, *rtl.skipped),
        remarks=(
            *_about_channels(design), *rtl.remarks, *(line for found in vendor for line in found.remarks)
        ),
        notes=rtl.notes,
    )  # fmt: skip


def random_inputs(design: Design, samples: int = 1000, seed: int = 0) -> npt.NDArray[np.float32]:
    """Inputs (samples, *input) over and beyond the range of the input's type, its ends and zero among them.

    Of a design that begins with an input stage, raw integers over all of their range.
    """
    if design.record.staged:
        return random_input(circuit_of(design), samples, seed)
    type_ = circuit_of(design).input.type
    generator = np.random.default_rng(seed)
    low, high = type_.low * 2.0**-type_.fraction, type_.high * 2.0**-type_.fraction
    shape = design.record.architecture.input
    x = generator.uniform(1.1 * low, 1.1 * high + 2.0**-type_.fraction, (samples, *shape))
    x[: samples // 2] *= generator.uniform(0, 1, (samples // 2, *[1] * len(shape)))
    for index, value in enumerate((low, high, 0.0)[:samples]):
        x[index] = value
    return x.astype(np.float32)


def _finish_project(
    project: HlsProject, design: Design, verification: Verification, x: npt.NDArray[np.float32]
) -> None:
    """The verification goes into the project's README, and samples with the expected outputs into its test bench."""
    engines = ["torch", "QONNX", *(["C simulation"] if verification.hls_samples else [])]
    text = (
        f"{' == '.join(engines)}, bit for bit: torch and the C simulation on {verification.samples} samples, QONNX on "
        f"{verification.qonnx_samples}."
        if verification.hls_samples
        else f"{' == '.join(engines)} on {verification.qonnx_samples} samples. The C simulation was not run."
    )
    if verification.proven:
        text += "\nNo sum in any layer can exceed 53 bits: float64 is exact here for every input, not only for these."
    if design.record.removal:
        text += f"\n{design.record.removal}"
    text += f"\nsha256 of the predictions: `{verification.predictions_sha256}`"
    project.record_verification(text, circuit_of(design))
    bench = project.path / "tb_data"
    if verification.hls_samples and bench.is_dir():
        samples = design.quantised_input(np.ascontiguousarray(x, dtype=np.float32))
        inputs = to_channels_last(samples).reshape(len(samples), -1)
        _, outputs = project.run(samples)
        for name, rows in (("tb_input_features.dat", inputs), ("tb_output_predictions.dat", outputs)):
            write_atomic(bench / name, "".join(" ".join(f"{value:.20g}" for value in row) + "\n" for row in rows))


def _write_interface(
    design: Design, project: HlsProject, rtl: RtlProject | None, x: npt.NDArray[np.float32]
) -> None:
    """The sheet into the projects; samples and what they give, and random ones as well, into the design's folder."""
    circuit = circuit_of(design)
    vectors = np.concatenate([design.quantised_input(x), random_input(circuit, RANDOM_SAMPLES)])
    sheet = whole_sheet(design, circuit, x[0], hls=project, rtl=rtl)
    write_vectors(design.path / VECTORS, circuit, sheet.output, vectors)
    write_sheet(sheet, [found.path for found in (project, rtl) if found is not None])


def _about_channels(design: Design) -> list[str]:
    """Channels that were taken out, and layers whose weights need a type wider than scales may lie apart."""
    graph, circuit = design.network.graph, circuit_of(design)
    wide = [
        f"{node.name}: its {bits}-bit weights take {width} bits in HLS: the scales of its channels lie far apart"
        for node in circuit
        if node.weights is not None
        for bits, width in [(graph[node.name].weight_bits, node.weights.kernel_type.width)]
        if width > bits + SPREAD
    ]
    return [*([design.record.removal] if design.record.removed else []), *wide]


def _relative(path: Path, base: Path) -> str:
    return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)


def _vendor(
    design: Design, project: HlsProject, rtl: RtlReport, synthesis: bool, implementation: bool, say: Say
) -> tuple[list[VendorReport], list[str]]:
    """What the vendors' tools said, and what was not done, with the reason."""
    backend = project.backend
    reports, skipped = [], []
    if not backend.simulates:
        skipped.append(f"C simulation: {backend.name} needs {backend.tool}")
    if synthesis and (found := c_synthesis(project, say)) is not None:
        reports.append(found)
    else:
        reason = "was not run" if shutil.which(backend.tool) else "is not on the PATH"
        skipped.append(f"C synthesis: {backend.tool} {reason}; run `{backend.synthesise}` in the project's folder")
    if implementation and rtl.project is not None:
        routed = implement(rtl_project(design, project.record.target).whole, say)
        reports += routed
        if not routed:
            skipped.append("implementation: vivado is not on the PATH; run `vivado -mode batch -source "
                           f"build_vivado_prj.tcl` in {rtl.project}/")
    return reports, skipped


__all__ = ["HardwareNumber", "HardwareReport", "random_inputs", "synthesise"]
