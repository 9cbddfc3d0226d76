"""The FPGAs that are known, with what they hold (vendor data sheets)."""

import re
from typing import NamedTuple


class Part(NamedTuple):
    """Resources of a device."""

    family: str
    lut: int
    ff: int
    dsp: int
    bram_18k: int


PARTS: dict[str, Part] = {
    "xcvu13p": Part("Virtex UltraScale+", 1_728_000, 3_456_000, 12_288, 5_376),
    "xcvu9p": Part("Virtex UltraScale+", 1_182_240, 2_364_480, 6_840, 4_320),
    "xcu250": Part("Virtex UltraScale+ (Alveo U250)", 1_728_000, 3_456_000, 12_288, 5_376),
    "xcu280": Part("Virtex UltraScale+ (Alveo U280)", 1_303_680, 2_607_360, 9_024, 4_032),
    "xcu55c": Part("Virtex UltraScale+ (Alveo U55C)", 1_303_680, 2_607_360, 9_024, 4_032),
    "xcku115": Part("Kintex UltraScale", 663_360, 1_326_720, 5_520, 4_320),
    "xczu7ev": Part("Zynq UltraScale+", 230_400, 460_800, 1_728, 624),
    "xczu9eg": Part("Zynq UltraScale+", 274_080, 548_160, 2_520, 1_824),
    "xczu49dr": Part("Zynq UltraScale+ RFSoC", 425_280, 850_560, 4_272, 2_160),
    "xc7z020": Part("Zynq-7000", 53_200, 106_400, 220, 280),
    "xc7a100t": Part("Artix-7", 63_400, 126_800, 240, 270),
    "xc7vx690t": Part("Virtex-7", 433_200, 866_400, 3_600, 2_940),
}


def part_family(part: str) -> Part | None:
    """The device that a full part name such as `xcvu13p-flga2577-2-e` belongs to, or None."""
    if not re.fullmatch(r"[a-z0-9]+(-[A-Za-z0-9]+)*", part):
        return None
    device = next((name for name in sorted(PARTS, key=len, reverse=True) if part.startswith(name)), None)
    return PARTS[device] if device else None
