"""What a part can hold, as conditions on a front."""

from typing import Any

import pytest

from nac.errors import InputError
from nac.pipeline.front import limits
from nac.report.front import Front


def front(**values: Any) -> Front:
    rows = [
        {"kind": "trial", "name": "small", "feasible": True, "accuracy": 0.6, "lut": 5e4, "ff": 1e4, **values},
        {"kind": "trial", "name": "large", "feasible": True, "accuracy": 0.7, "lut": 6e4, "ff": 1e4, **values},
        {"kind": "design", "name": "unknown", "feasible": True, "accuracy": 0.8},
    ]
    return Front.build(rows, ["accuracy", "bops"], metrics=("accuracy",))


def kept(part: str, given: Front) -> list[str]:
    return list(given.where(limits(part, given)).table["name"])


def test_what_fits_a_part_is_kept_and_what_is_not_known_to_fit_is_not() -> None:
    assert kept("xc7z020", front()) == ["small"]
    assert kept("xc7z020clg400-1", front()) == ["small"]
    assert kept("xcvu13p-flga2577-2-e", front()) == ["small", "large"]
    assert kept("xc7z020", front(dsp=220)) == ["small"]
    assert kept("xc7z020", front(dsp=221)) == []


def test_an_unknown_part_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(InputError, match=r"--part ep4ce6: expected one of the devices xc7a100t, .*xczu9eg"):
        limits("ep4ce6", front())


def test_without_luts_nothing_can_be_said() -> None:
    rows = [{"kind": "trial", "name": "a", "feasible": True, "accuracy": 0.6, "bops": 3.0}]
    with pytest.raises(InputError, match=r"--part xc7z020: no row has LUTs yet, expected .*search\.quantise"):
        limits("xc7z020", Front.build(rows, ["accuracy", "bops"], metrics=("accuracy",)))
