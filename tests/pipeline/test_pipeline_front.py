"""What a part can hold, as conditions on a front."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from nac.errors import InputError
from nac.pipeline.front import limits
from nac.report.front import Front
from nac.rundir import Run


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
    with pytest.raises(InputError, match=r"--part ep4ce6: what it holds is not known, expected .*xc7a100t"):
        limits("ep4ce6", front())


def test_what_the_task_says_of_its_part_is_believed(tmp_path: Path) -> None:
    target = {"part": "ep4ce6-e22c8n", "resources": {"lut": 55_000}}
    objectives = [{"name": "accuracy"}, {"name": "bops"}]
    task = {"name": "small", "space": "any", "search": {"objectives": objectives}, "target": target,
            "data": {"layout": "arrays", "kind": "classification", "shape": [3], "classes": ["a", "b"]}}  # fmt: skip
    run = Run(tmp_path / "run")
    run.path.mkdir()
    run.config_file.write_text(yaml.safe_dump({"task": task}))
    given = replace(front(), path=run.path)
    assert kept("ep4ce6", given) == ["small"]
    assert limits("ep4ce6", given) == ["lut<=55000"]
    assert "ff<=106400" in limits("xc7z020", given)


def test_without_luts_nothing_can_be_said() -> None:
    rows = [{"kind": "trial", "name": "a", "feasible": True, "accuracy": 0.6, "bops": 3.0}]
    with pytest.raises(InputError, match=r"--part xc7z020: no row has LUTs yet, expected .*search\.quantise"):
        limits("xc7z020", Front.build(rows, ["accuracy", "bops"], metrics=("accuracy",)))
