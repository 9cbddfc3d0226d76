"""Modules as alkaid prints them, made ours."""

import shutil
from importlib.resources import files
from pathlib import Path

from alkaid.codegen.rtl import RTLModel
from alkaid.stateful import FSM
from alkaid.types import CombLogic

from nac.config import TargetConfig
from nac.hardware.rtl import templates
from nac.hardware.rtl.names import prefix_modules
from nac.hardware.rtl.sound import alkaid

OURS = ("shift_adder.v", "multiplier.v")
"""In place of alkaid's: its subtrahends with bits below the minuend cost yosys two LUTs per bit, its products of two
values three times as many as rows of adders."""
LEVELS_PER_NS = 1.0
"""Levels of logic (an adder is a little more than one) that fit into a nanosecond on an UltraScale+."""


def levels_per_stage(target: TargetConfig) -> float:
    """How many levels of logic lie between registers: as many as fit into the clock period."""
    return target.clock_period_ns * LEVELS_PER_NS


def stage_delay(graph: CombLogic, stages: int) -> float:
    """Levels of logic in one stage, in alkaid's unit."""
    return float(graph.latency[1]) / max(stages, 1)


def printed(logic: CombLogic | FSM, folder: Path, top: str, target: TargetConfig, **more: float) -> RTLModel:
    """Write a circuit and the vendors' scripts into a folder: our adder and multiplier, names of its own."""
    with alkaid():  # cut into stages it is traced again
        model = RTLModel(
            logic, folder, top, "verilog", print_latency=False, part_name=target.part,
            clock_period=target.clock_period_ns, ternary_fuse=False, **more,
        )  # fmt: skip
        model.write()
    shutil.rmtree(folder / "sim")  # ours is the test bench
    (folder / "metadata.json").unlink()
    for name in OURS:
        text = files(templates).joinpath(name).read_text(encoding="utf-8")
        (folder / "src" / "static" / name).write_text(text, encoding="utf-8")
    prefix_modules(folder / "src", top)
    return model


def add_module(
    logic: FSM, beside: Path, into: Path, top: str, target: TargetConfig, whole: str
) -> RTLModel:
    """Write a circuit as one more module into the folder of the project `whole`, by way of one that is removed."""
    model = printed(logic, beside, top, target)
    (beside / "src" / f"{top}_wrapper.v").unlink()
    for script in beside.glob("build_*.tcl"):
        text = script.read_text(encoding="utf-8").replace(top, whole)
        if not (into / script.name).exists():
            (into / script.name).write_text(text, encoding="utf-8")
    shutil.copytree(beside / "src", into / "src", dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.xdc", "*.sdc"))
    shutil.rmtree(beside)
    return model
