"""Verbs on one design: synth, evaluate."""

from pathlib import Path
from typing import Annotated

import typer

from nac.cli.options import DesignArgument, JsonOption, SamplesOption
from nac.cli.output import progress_console, say_json, say_table

SYNTH_EXAMPLES = """\
[dim]nac synth runs/demo/designs/NAME[/]

[dim]nac synth runs/demo/designs/NAME --backend Quartus --project hls_projects/mine[/]
"""
EVALUATE_EXAMPLES = """\
[dim]nac evaluate runs/demo/designs/NAME --data jets.npz[/]

[dim]nac evaluate runs/demo/designs/NAME --data jets.npz --engine hls --json[/]

[dim]nac evaluate runs/demo/designs/NAME --data jets.npz --engine rtl --simulate[/]

[dim]nac evaluate runs/demo/designs/NAME --data jets.npz --flip-bits 1e-4 --repeats 10[/]

Two engines compute the same bits if and only if their predictions_sha256 are equal.
"""
CONVERT_EXAMPLES = """\
[dim]nac convert runs/demo/designs/NAME[/]                     qcdq.onnx in its folder

[dim]nac convert runs/demo/designs/NAME --to tagger.onnx[/]
"""


def synth(
    design: DesignArgument,
    backend: Annotated[
        str | None, typer.Option(help="hls4ml backend: Vitis, Vivado, Quartus ...", show_default="the task's")
    ] = None,
    project: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the HLS project.", show_default="DESIGN/hls")
    ] = None,
    data: SamplesOption = None,
    simulation: Annotated[bool, typer.Option(help="Run the Verilog in Verilator or Icarus Verilog.")] = True,
    synthesis: Annotated[
        bool, typer.Option(help="Map the Verilog to the part with yosys: minutes for 50,000 LUTs.")
    ] = True,
    place: Annotated[bool, typer.Option("--place", help="Also place and route on an ECP5 with nextpnr.")] = False,
    implement: Annotated[
        bool, typer.Option("--implement", help="Also synthesise, place and route with Vivado, where it is installed.")
    ] = False,
    language: Annotated[str, typer.Option(help="verilog, or vhdl for both.")] = "verilog",
    fold: Annotated[
        str | None,
        typer.Option(metavar="N|all", help="Positions a clock that the RTL is for.", show_default="the task's"),
    ] = None,
    ii: Annotated[
        int | None, typer.Option("--ii", metavar="CLOCKS", help="Fold it so that a sample may come in so many clocks.")
    ] = None,
    rate_mhz: Annotated[
        float | None, typer.Option(metavar="MHZ", help="The same, as so many million samples a second.")
    ] = None,
    wait: Annotated[
        int | None,
        typer.Option(metavar="CLOCKS", help="Clocks that later dense layers may share their logic over.",
                     show_default="the task's"),
    ] = None,
    recall: Annotated[
        int | None,
        typer.Option(metavar="N", help="Times as fast that positions come again behind the sum of an attention.",
                     show_default="the task's"),
    ] = None,
    json: JsonOption = False,
) -> None:
    """QONNX, HLS project and RTL of a design, simulated, verified bit for bit and synthesised."""
    from nac.pipeline.designs import synth_design

    result = synth_design(
        design, backend=backend, project=project, files=data or [], console=progress_console(),
        simulation=simulation, synthesis=synthesis, placement=place, implementation=implement,
        language=language, fold=fold, ii=ii, rate_mhz=rate_mhz, wait=wait, recall=recall,
    )  # fmt: skip
    if json:
        say_json(result.to_json())
        return
    say_table(f"Hardware of {design}", ["quantity", "value", "unit", "kind", "tool"], result.rows)
    for line in result.sentences:
        typer.echo(line)
    for label, path in result.places:
        typer.echo(f"{label + ':':<10}{path}")


def evaluate(
    design: DesignArgument,
    data: SamplesOption = None,
    engine: Annotated[str, typer.Option(help="What computes: torch, qonnx, hls or rtl.")] = "torch",
    simulate: Annotated[bool, typer.Option("--simulate", help="With rtl: the Verilog in a simulator.")] = False,
    flip_bits: Annotated[
        float | None,
        typer.Option(min=0, max=1, metavar="RATE", help="Also with bits of weights and values flipped at this rate."),
    ] = None,
    flips_seed: Annotated[int, typer.Option(min=0, help="Seed of the flips.")] = 0,
    repeats: Annotated[int, typer.Option(min=1, help="How often bits are flipped anew.")] = 5,
    json: JsonOption = False,
) -> None:
    """Metrics of a design on a data file, computed by one of the engines that must agree."""
    from nac.pipeline.designs import evaluate_design
    from nac.pipeline.robustness import Flips

    flips = None if flip_bits is None else Flips(flip_bits, flips_seed, repeats)
    result = evaluate_design(
        design, data or [], engine, console=progress_console(), simulate=simulate, flips=flips
    )  # fmt: skip
    if json:
        say_json(result.to_json())
        return
    say_table(
        f"{result.task}: {design} on {result.n:,} samples by {result.engine}",
        ["metric", "value ± standard error", "95 % interval"],
        result.rows,
    )
    typer.echo(f"predictions_sha256: {result.predictions_sha256}")
    if result.upsets:
        say_table(
            f"The same with every bit flipped with probability {flip_bits:g}, {repeats} times",
            ["metric", "without", "mean", "deviation", "worst", "loss", "± (standard error)"],
            result.upsets.rows,
        )


def convert(
    design: DesignArgument,
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="ONNX file to write.", show_default="DESIGN/qcdq.onnx")
    ] = None,
    data: SamplesOption = None,
    json: JsonOption = False,
) -> None:
    """A design as plain ONNX (QuantizeLinear, Clip, DequantizeLinear), which onnxruntime computes bit for bit."""
    from nac.pipeline.designs import convert_design

    file, samples = convert_design(design, file=to, files=data or [], console=progress_console())
    if json:
        say_json({"design": str(design), "file": str(file), "samples": samples, "equal": True})
    else:
        typer.echo(f"{file}: onnxruntime == network on {samples:,} samples")
