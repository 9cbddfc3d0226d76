"""Any part can be named; what it holds is known, given or unknown."""

import pytest
from pydantic import ValidationError

from nac.config import TargetConfig, TaskConfig

BOARDS = {
    "xczu28dr-ffvg1517-2-e": 425_280, "xczu48dr-ffvg1517-2-e": 425_280, "xcku040-ffva1156-2-e": 242_400,
    "xcvu7p-flvb2104-2-e": 788_160, "xck26-sfvc784-2LV-c": 117_120, "xcvc1902-vsva2197-2MP-e-S": 899_840,
    "XCVU13P-FLGA2577-2-E": 1_728_000, "xc7z020clg400-1": 53_200,
}  # fmt: skip


@pytest.mark.parametrize("part", BOARDS)
def test_parts_of_boards_are_known(part: str) -> None:
    assert TargetConfig(part=part).capacity["lut"] == BOARDS[part]
    assert set(TargetConfig(part=part).capacity) == {"lut", "ff", "dsp", "bram_18k"}


@pytest.mark.parametrize("part", ["xcku5p-ffva676-1-e", "ep4ce6e22c8n", "10AX115S2F45I1SG", "LFE5U-85F-6BG381C"])
def test_any_other_part_is_accepted_without_resources(part: str) -> None:
    target = TargetConfig(part=part)
    assert target.capacity == {}
    assert "resources" not in target.model_dump()


def test_given_resources_are_believed() -> None:
    target = TargetConfig.model_validate({"part": "ep4ce6e22c8n", "resources": {"lut": 6272, "dsp": 15}})
    assert target.capacity == {"lut": 6272, "dsp": 15}
    known = TargetConfig.model_validate({"part": "xc7z020", "resources": {"lut": 20_000}})
    assert known.capacity == {"lut": 20_000, "ff": 106_400, "dsp": 220, "bram_18k": 280}
    assert TargetConfig.model_validate(target.model_dump()) == target


@pytest.mark.parametrize("part", ["", " ", "xc7z020 clg400", "xc7z020;exec rm", "-xc7", "$part", "[exit]", "a\nb"])
def test_what_is_no_part_number_is_refused(part: str) -> None:
    with pytest.raises(ValidationError, match="no part number"):
        TargetConfig(part=part)


def test_resources_are_numbers_above_zero() -> None:
    with pytest.raises(ValidationError, match=r"target\.resources\.lut"):
        TaskConfig.model_validate({"target": {"resources": {"lut": 0}}})
