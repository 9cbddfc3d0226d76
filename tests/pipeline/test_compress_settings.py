"""What `nac compress` is asked for happens, or it says why not."""

from typing import Any

import pytest

from nac.config import load_task
from nac.errors import InputError
from nac.pipeline.run import _settings


def test_designs_of_one_width_are_made_beside_those_that_a_task_makes_alone() -> None:
    task = load_task("jets_features", preset="learned")
    assert task.compress.learned is not None and task.compress.learned.alone
    made = _settings(task, {"bits": [6]})
    assert made.bits == (6,)
    assert made.learned == task.compress.learned.model_copy(update={"alone": False})
    assert _settings(task, {"pruner": "lamp"}).learned == task.compress.learned


@pytest.mark.parametrize(
    ("preset", "asked", "said"),
    [
        ("hardware", {"bits": [6]}, "--bits: the trials of this run are fronts of learned widths"),
        ("default", {"sparsity": [0.5], "learned": {"alone": True}}, "--sparsity: --learned makes designs"),
    ],
)
def test_what_would_be_left_out_is_refused(preset: str, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        _settings(load_task("jets_features", preset=preset), asked)
