"""Wrong keys of a task's data are found when the file is read, each named with what was expected."""

from typing import Any

import pytest
from datafiles import arrays_config, bragg_config, jets_config, task_config
from pydantic import ValidationError

from nac.config import BraggSimulation, DataConfig, JetSimulation

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "augmentation": ({"augment": ["flip_eta", "flip"]}, "'flip' unknown.*expected some of: flip_eta, flip_phi, swap"),
    "augmentation of another layout": ({"augment": ["dihedral"]}, "'dihedral' unknown for the layout 'constituents'"),
    "scaling": ({"scaling": "patch"}, "expected one of: robust, log, sqrt, none"),
    "kind": ({"kind": "regression", "classes": []}, "for classification"),
    "no classes": ({"classes": []}, "names at least two classes"),
    "class twice": ({"classes": ["a", "A"]}, "every class needs its own name"),
    "shape": ({"shape": [3, 8]}, "the layout 'constituents' has none"),
    "simulator": ({"simulator": "bragg"}, "does not make the layout"),
    "simulate": ({"simulate": 10}, "needs a simulator"),
    "where": ({"where": {"npeaks": "one"}}, "expected a condition such as"),
    "split": ({"split": {"train": 0.9}}, "must be 1"),
    "unknown": ({"constituent": 8}, "constituent"),
    "constituents": ({"constituents": 0}, "greater than or equal to 1"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_wrong_data_settings(fault: str) -> None:
    changes, message = WRONG[fault]
    with pytest.raises(ValidationError, match=message):
        jets_config(**changes)


def test_arrays_need_a_shape_and_regressions_their_outputs() -> None:
    with pytest.raises(ValidationError, match="needs the shape"):
        arrays_config(shape=[])
    with pytest.raises(ValidationError, match="outputs: a regression"):
        task_config(layout="arrays", kind="regression", shape=[3])
    with pytest.raises(ValidationError, match="expected 2 values"):
        task_config(layout="arrays", kind="regression", shape=[3], outputs=2, target_scale=[1])
    with pytest.raises(ValidationError, match="other than 0"):
        bragg_config(target_scale=[1, 0])


def test_patches_are_odd() -> None:
    with pytest.raises(ValidationError, match="odd number"):
        bragg_config(patch_size=10)


def test_one_or_many() -> None:
    config = bragg_config(split={"by": "panel"}, where={"a": "== 1", "b": [">= 0", "< 1"]}).data
    assert config.split.by == ("panel",)
    assert config.where == {"a": ("== 1",), "b": (">= 0", "< 1")}
    assert DataConfig.model_validate(config.model_dump(mode="json")) == config


def test_simulator_settings_are_checked() -> None:
    with pytest.raises(ValidationError, match="half of saturation"):
        BraggSimulation(threshold=9000)
    with pytest.raises(ValidationError, match="two rising numbers"):
        BraggSimulation(neighbour_height=(1.0, 0.5))
    with pytest.raises(ValidationError, match="below half"):
        JetSimulation(pt_gev=(1000.0, 7000.0))
