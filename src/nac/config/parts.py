"""FPGAs: the resources of those that are known (vendor data sheets), and how any part is named."""

import re
from typing import NamedTuple

from pydantic import PositiveInt

from nac.config.base import Model

PART_NAME = re.compile(r"[A-Za-z0-9]+([-_.][A-Za-z0-9]+)*")
"""Part names end up in vendors' scripts."""


class Part(NamedTuple):
    """Resources of a device."""

    family: str
    lut: int
    ff: int
    dsp: int
    bram_18k: int


class Resources(Model):
    """What a part holds, as far as it is known."""

    lut: PositiveInt | None = None
    ff: PositiveInt | None = None
    dsp: PositiveInt | None = None
    bram_18k: PositiveInt | None = None


PARTS: dict[str, Part] = {
    "xcvu13p": Part("Virtex UltraScale+", 1_728_000, 3_456_000, 12_288, 5_376),
    "xcvu9p": Part("Virtex UltraScale+", 1_182_240, 2_364_480, 6_840, 4_320),
    "xcvu7p": Part("Virtex UltraScale+", 788_160, 1_576_320, 4_560, 2_880),
    "xcu250": Part("Virtex UltraScale+ (Alveo U250)", 1_728_000, 3_456_000, 12_288, 5_376),
    "xcu280": Part("Virtex UltraScale+ (Alveo U280)", 1_303_680, 2_607_360, 9_024, 4_032),
    "xcu55c": Part("Virtex UltraScale+ (Alveo U55C)", 1_303_680, 2_607_360, 9_024, 4_032),
    "xcku115": Part("Kintex UltraScale", 663_360, 1_326_720, 5_520, 4_320),
    "xcku040": Part("Kintex UltraScale", 242_400, 484_800, 1_920, 1_200),
    "xczu7ev": Part("Zynq UltraScale+", 230_400, 460_800, 1_728, 624),
    "xczu9eg": Part("Zynq UltraScale+", 274_080, 548_160, 2_520, 1_824),
    "xczu28dr": Part("Zynq UltraScale+ RFSoC", 425_280, 850_560, 4_272, 2_160),
    "xczu48dr": Part("Zynq UltraScale+ RFSoC", 425_280, 850_560, 4_272, 2_160),
    "xczu49dr": Part("Zynq UltraScale+ RFSoC", 425_280, 850_560, 4_272, 2_160),
    "xck26": Part("Zynq UltraScale+ (Kria K26)", 117_120, 234_240, 1_248, 288),
    "xcvc1902": Part("Versal AI Core", 899_840, 1_799_680, 1_968, 1_934),
    "xc7z020": Part("Zynq-7000", 53_200, 106_400, 220, 280),
    "xc7a100t": Part("Artix-7", 63_400, 126_800, 240, 270),
    "xc7vx690t": Part("Virtex-7", 433_200, 866_400, 3_600, 2_940),
}


def part_family(part: str) -> Part | None:
    """The known device that a part name such as `xcvu13p-flga2577-2-e` or `xc7z020clg400-1` belongs to, or None."""
    name = part.lower()
    device = next((known for known in sorted(PARTS, key=len, reverse=True) if name.startswith(known)), None)
    return PARTS[device] if device and PART_NAME.fullmatch(part) else None


def capacity(part: str, given: Resources | None = None) -> dict[str, int]:
    """What a part holds by name of the resource: what is `given`, else what is known; empty where neither says it."""
    known, told = part_family(part), given or Resources()
    values = {name: getattr(told, name) or getattr(known, name, None) for name in Resources.model_fields}
    return {name: value for name, value in values.items() if value}
