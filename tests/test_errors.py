"""A library that fails is named, and a mistake of ours is not laid at its door; both end one network only."""

import json
from pathlib import Path
from typing import Any

import pytest

from nac.design import DESIGN_FAILURES
from nac.errors import InputError, WorkError, third_party
from nac.rundir import sha256


def test_a_library_that_fails_is_named() -> None:
    with pytest.raises(WorkError, match=r"^a parser: JSONDecodeError") as raised, third_party("a parser"):
        json.loads("no JSON")
    assert isinstance(raised.value.__cause__, ValueError)


def test_a_library_may_make_the_mistake_itself() -> None:
    with pytest.raises(WorkError, match=r"^a parser: TypeError: .*JSON serializable"), third_party("a parser"):
        json.dumps(object())


def test_a_mistake_of_ours_is_not_the_library_s() -> None:
    wrong: Any = "no Path"
    with pytest.raises(DESIGN_FAILURES) as raised, third_party("a parser"):
        sha256(wrong)
    said = str(raised.value)
    assert said.startswith("a mistake in nac itself, nac.rundir line ") and "not in a parser: AttributeError" in said


def test_files_and_our_own_errors_pass_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(WorkError, match=r"^a parser: FileNotFoundError"), third_party("a parser"):
        sha256(tmp_path / "none")
    with pytest.raises(InputError, match=r"^expected$"), third_party("a parser"):
        raise InputError("expected")
