"""Networks that see how far particles are from the jet's axis."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datafiles import jet_arrays, jets_config, write_npz

from nac.config.raw import RawType
from nac.errors import InputError
from nac.hardware.circuit import CIRCUIT_OPERATIONS, Circuit
from nac.hardware.circuit.front import stage_nodes
from nac.hardware.rtl.lowering import lower
from nac.hardware.rtl.luts import luts
from nac.tasks import make_task
from nac.tasks.layouts import layout_of
from nac.tasks.layouts.constituents import AUGMENT
from nac.tasks.preprocessing import LIMIT, Preprocessing
from nac.tasks.scaling import fit_preprocessing
from nac.tasks.stages.radius import squared_radius
from nac.testing import check_circuit_operation, check_layout

ANGLE = {"type": "fixed<7,7>", "unit": 0.01}
RAW: list[Any] = ["ufixed<14,12>", ANGLE, ANGLE]
ARRAYS = jet_arrays(n=200)
JETS, LABELS = ARRAYS["constituents"].transpose(0, 2, 1)[:, :, :8].copy(), ARRAYS["label"]
SCALINGS: list[dict[str, Any]] = [
    {"scaling": "log"}, {"scaling": "robust"}, {"scaling": "none"}, {"scaling": "pseudo_log", "raw": RAW},
]  # fmt: skip


@pytest.mark.parametrize("settings", SCALINGS)
def test_they_are_a_layout(settings: dict[str, Any], tmp_path: Path) -> None:
    layout = layout_of(jets_config(angles="radius", **settings).data)
    assert layout.input_shape == (2, JETS.shape[2])
    assert len(layout.feature_names) == len(layout.feature_texts) == (3 if layout.staged else 2)
    check_layout(layout, JETS, LABELS, tmp_path)


@pytest.mark.parametrize("name", AUGMENT)
@pytest.mark.parametrize("settings", SCALINGS[:2])
def test_symmetries_do_not_change_what_is_seen(settings: dict[str, Any], name: str) -> None:
    config = jets_config(angles="radius", augment=[name], **settings).data
    layout, raw = layout_of(config), torch.from_numpy(JETS)
    preprocessing = fit_preprocessing(JETS, LABELS, config)
    seen, _ = layout.seen(raw, torch.from_numpy(LABELS))
    moved, _ = layout.augmented(raw, torch.from_numpy(LABELS), torch.Generator().manual_seed(0))
    torch.testing.assert_close(preprocessing.tensor(moved), preprocessing.tensor(seen), atol=1e-5, rtol=1e-5)
    assert not layout.augments


@pytest.mark.parametrize("settings", [SCALINGS[0], SCALINGS[3]])
def test_a_radius_fills_the_input(settings: dict[str, Any], tmp_path: Path) -> None:
    task = make_task(jets_config(angles="radius", **settings))
    split = task.load([write_npz(tmp_path / "jets.npz", **ARRAYS)], seed=0).train
    low, high = np.percentile(split.x[:, 1][split.raw[:, 0] > 0], (5, 95))
    assert -2 < low < -0.3
    assert 0.3 < high < 2
    assert split.x.abs().max() <= LIMIT


def test_a_network_input_that_is_learned_goes_back_to_a_jet() -> None:
    config = jets_config(angles="radius", scaling="log").data
    layout, raw = layout_of(config), torch.from_numpy(JETS)
    preprocessing = fit_preprocessing(JETS, LABELS, config)
    seen, y = layout.seen(raw, torch.from_numpy(LABELS))
    found = layout.projection(raw, preprocessing)(preprocessing.tensor(seen))
    assert found.shape == raw.shape
    within = preprocessing.tensor(seen).abs() < LIMIT
    torch.testing.assert_close(layout.seen(found, y)[0][within], seen[within], atol=1e-2, rtol=1e-2)


def test_an_input_stage_adds_the_squares_of_both_angles() -> None:
    """To the bit: half of the sum of the squares of the middles of their cells, less a constant."""
    known = RawType.model_validate(ANGLE)
    eta, phi = (place.ravel() for place in np.meshgrid(*[np.arange(known.low, known.high + 1)] * 2))
    program = squared_radius(known, eta, phi)
    middles = [2 * np.floor(angle / 2) + 1 for angle in (eta, phi)]  # in units of 0.01
    found = program.run(eta, phi) * 2.0 ** max(program.fraction - 20, 0)
    expected = (middles[0] ** 2 + middles[1] ** 2 - 2) / 8
    np.testing.assert_array_equal(found - found.min(), expected - expected.min())


@pytest.mark.parametrize("compiles", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_every_reader_of_a_stage_joins_two_features(compiles: bool) -> None:
    types = tuple(RawType.model_validate(each) for each in RAW)
    config = jets_config(angles="radius", scaling="pseudo_log", raw=RAW).data
    stages = fit_preprocessing(JETS, LABELS, config).stages
    assert len(stages) == 2
    nodes = stage_nodes(types, stages, (2, 3))
    assert nodes[0].shape == (3, 3)
    check_circuit_operation(CIRCUIT_OPERATIONS["stage"], Circuit(nodes), compiles=compiles)
    alone = stage_nodes(types[1:], stages[1:], (1, 1))
    assert luts(lower(Circuit(alone))) <= 30


def test_a_stage_that_joins_angles_needs_one_type_of_both() -> None:
    config = jets_config(angles="radius", scaling="pseudo_log", raw=[*RAW[:2], "fixed<8,8>"]).data
    with pytest.raises(InputError, match="the same type of both angles"):
        fit_preprocessing(JETS, LABELS, config)


def test_what_is_preprocessed_has_a_program_for_every_feature_that_no_other_joins() -> None:
    known = fit_preprocessing(JETS, LABELS, jets_config(angles="radius", scaling="pseudo_log", raw=RAW).data)
    record = known.model_dump(mode="json")
    assert Preprocessing.model_validate(record) == known
    for stages in (record["stages"][:1], [*record["stages"], record["stages"][1]]):
        with pytest.raises(ValueError, match=r"stages: read (1|4) features, expected the 3 of raw_types"):
            Preprocessing.model_validate({**record, "stages": stages})
