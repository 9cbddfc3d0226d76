"""Raw types and the programs of input stages."""

import math

import numpy as np
import pytest
import torch

from nac.config import DataConfig, validate
from nac.config.raw import RawType
from nac.errors import InputError
from nac.tasks.layouts import layout_of
from nac.tasks.preprocessing import LIMIT, Preprocessing
from nac.tasks.scaling import fit_preprocessing
from nac.tasks.stages import STAGES, StageProgram, StageStep, StageValue, program
from nac.testing import check_input_stage


def every(raw: RawType) -> np.ndarray:
    return np.arange(raw.low, raw.high + 1)


def raw_type(text: str, unit: float = 1.0) -> RawType:
    return RawType(type=text, unit=unit)


def test_raw_integers_round_half_to_even_and_saturate() -> None:
    raw = raw_type("fixed<4,2>", 0.5)
    assert (raw.low, raw.high, raw.step) == (-8, 7, 0.125)
    values = np.array([0.0625, 0.1875, -0.3, 100, -100], np.float32)
    assert raw.integers(values).tolist() == [0, 2, -2, 7, -8]
    assert raw.values(np.array([3])).tolist() == [0.375]


@pytest.mark.parametrize("text", ["float", "fixed<0,1>", "ufixed<25,3>", "fixed<8>"])
def test_other_raw_types_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected fixed<W,I>"):
        raw_type(text)


@pytest.mark.parametrize("name", ["pseudo_log", "log_table"])
@pytest.mark.parametrize("text", ["ufixed<14,12>", "fixed<10,10>", "ufixed<3,3>", "ufixed<4,4>"])
def test_logarithms_never_fall_and_follow_the_true_one(name: str, text: str) -> None:
    raw = raw_type(text)
    values = np.random.default_rng(0).integers(1, raw.high, 1000, endpoint=True)
    stage = STAGES[name].fit(raw, values, (8,))
    found = np.ldexp(stage.run(every(raw)[:, None])[:, 0].astype(float), -stage.fraction)
    assert (np.diff(found) >= 0).all()
    low, high = stage.ends((raw.low, raw.high))[-1]
    assert low * 2.0**-stage.fraction <= found.min() and found.max() <= high * 2.0**-stage.fraction
    if raw.width > 8:
        positive = every(raw) >= 16
        true, slope = np.log2(every(raw)[positive]), (found[positive][-1] - found[positive][0])
        line = found[positive] - found[positive][0] - slope * (true - true[0]) / (true[-1] - true[0])
        assert abs(line).max() < 0.15 * slope / (true[-1] - true[0]) * 2


def test_the_pseudo_logarithm_is_the_number_read_as_a_float() -> None:
    raw = raw_type("ufixed<14,14>")
    stage = STAGES["pseudo_log"].fit(raw, np.arange(1, 1 << 14), (8,))
    found = stage.run(np.array([[0], [15], [16], [17], [18], [32], [1 << 13], [(1 << 14) - 1]]))[:, 0]
    assert (found - found[0]).tolist() == [0, 15, 16, 16, 17, 24, 8 * 11, 8 * 11 + 7]


def test_a_patch_fills_its_bits() -> None:
    raw = raw_type("ufixed<14,14>")
    stage = STAGES["patch_shift"].fit(raw, np.array([], np.int64), (11, 11))
    patches = np.random.default_rng(0).integers(0, 1 << 14, (50, 11, 11)) >> np.arange(50)[:, None, None] % 14
    patches[0] = 77
    found = stage.run(patches)
    assert (found[0] == 0).all()
    border = [0, 5, 10]
    for patch, shifted in zip(patches[1:], found[1:], strict=True):
        background = min(patch[r, c] for r in border for c in border if (r, c) != (5, 5))
        above = np.maximum(patch - background, 0)
        span = above.max()
        if span:
            shift = min(13 - math.floor(math.log2(span)), 7)
            base = above << shift >> 6
            leading = base.max() >> 3
            assert (shifted == base + (base >> 1 if leading < 21 else base >> 2 if leading < 25 else 0)).all()
            assert shifted.max() < 1 << 8 and (shifted.max() >= 3 << 6 or span < 1 << 6)


@pytest.mark.parametrize("scaling", ["pseudo_log", "log_table"])
def test_logarithms_of_all_that_a_raw_type_can_hold_are_centred_and_never_saturated(scaling: str) -> None:
    raw = raw_type("ufixed<14,12>")
    values = np.exp(np.random.default_rng(0).normal(5, 1.2, 5000)).clip(1, raw.high).astype(np.int64)
    stage = STAGES[scaling].fit(raw, values, (8,))
    low, high = stage.ends((raw.low, raw.high))[-1]
    found = np.ldexp(stage.run(every(raw)[:, None])[:, 0].astype(float), -stage.fraction)
    assert -LIMIT <= np.ldexp(low, -stage.fraction) <= found[0] < found[-1] <= np.ldexp(high, -stage.fraction) < LIMIT
    assert (np.diff(found) >= 0).all()
    assert abs(np.median(found[values])) < 0.5


def test_stages_of_arrays_bring_ranges_to_one() -> None:
    data = {"layout": "arrays", "kind": "regression", "shape": [2], "outputs": 1, "scaling": "shift",
            "raw": ["fixed<12,12>", {"type": "ufixed<8,0>", "unit": 3.0}]}  # fmt: skip
    config = validate(DataConfig, data, "task")
    assert validate(DataConfig, config.model_dump(mode="json"), "task") == config
    generator = np.random.default_rng(0)
    samples = np.stack([generator.normal(300, 40, 5000), generator.uniform(0, 3, 5000)], axis=1).astype(np.float32)
    found = fit_preprocessing(samples, np.zeros((5000, 1)), config)
    x = found.apply(samples)
    assert np.abs(np.median(x, axis=0)).max() < 0.6
    assert (np.percentile(np.abs(x), 95, axis=0) < 2.1).all()
    assert Preprocessing.model_validate_json(found.model_dump_json()) == found
    assert np.array_equal(found.staged(found.integers(samples)), x)
    again = found.raw(torch.from_numpy(x)).numpy()
    inside = np.abs(x).max(axis=1) < 4
    assert np.abs(found.apply(again) - x)[inside].max() == 0


def test_a_common_stage_treats_all_features_alike() -> None:
    data = {"layout": "arrays", "kind": "regression", "shape": [3, 4], "outputs": 1, "scaling": "common_shift",
            "raw": "fixed<12,12>"}  # fmt: skip
    config = validate(DataConfig, data, "task")
    samples = np.random.default_rng(0).normal([[0], [100], [200]], 30, (100, 3, 4)).astype(np.float32)
    stages = fit_preprocessing(samples, np.zeros((100, 1)), config).stages
    assert stages[0] == stages[1] == stages[2]


@pytest.mark.parametrize(
    ("data", "said"),
    [({"scaling": "pseudo_log"}, "raw: the scaling 'pseudo_log' is an input stage"),
     ({"scaling": "patch_shift"}, "expected one of: robust, log, sqrt, none, "),
     ({"scaling": "pseudo_log", "raw": "fixed<99,1>"}, "expected fixed<W,I>")],
)  # fmt: skip
def test_stages_that_do_not_fit_are_refused(data: dict[str, object], said: str) -> None:
    known = {"layout": "constituents", "kind": "classification", "classes": ["a", "b"], **data}
    with pytest.raises(InputError, match=said):
        validate(DataConfig, known, "task")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("ufixed<4,4>", "data.raw.0: 47 % of the values are beyond what ufixed<4,4> holds (0 to 15; they are 0 to 29)"),
        ("ufixed<8,16>", "data.raw.0: all values are less than half a step of ufixed<8,16>, 256, and become 0"),
        ("ufixed<5,5>", ""),
    ],
)
def test_raw_types_that_do_not_hold_the_samples_are_named(
    caplog: pytest.LogCaptureFixture, raw: str, said: str
) -> None:
    data = {"layout": "arrays", "kind": "regression", "shape": [1], "outputs": 1, "scaling": "shift", "raw": raw}
    config = validate(DataConfig, data, "task")
    fit_preprocessing(np.arange(30, dtype=np.float32)[:, None], np.zeros((30, 1)), config)
    assert [record.getMessage().removesuffix(" and saturate") for record in caplog.records] == [said] * bool(said)


def test_jets_have_a_type_for_each_feature() -> None:
    known = {"layout": "constituents", "kind": "classification", "classes": ["a", "b"], "scaling": "pseudo_log",
             "raw": ["ufixed<14,12>", "fixed<8,8>"]}  # fmt: skip
    layout = layout_of(validate(DataConfig, known, "task"))
    with pytest.raises(InputError, match="one for each of 3 features, found 2"):
        layout.fit(np.ones((5, 3, 8), np.float32))
    unsigned = validate(DataConfig, {**known, "raw": "ufixed<8,8>"}, "task")
    with pytest.raises(InputError, match="the same type of both angles, whose scale is one, with a sign"):
        layout_of(unsigned).fit(np.ones((5, 3, 8), np.float32))


@pytest.mark.parametrize("name", STAGES)
def test_every_stage_keeps_its_contract(name: str) -> None:
    for text in ("ufixed<10,10>", "fixed<7,3>"):
        if name != "patch_shift" or text.startswith("u"):
            check_input_stage(STAGES[name], raw_type(text))


def test_what_nothing_reads_is_left_out_of_a_program() -> None:
    def write(x: StageValue) -> StageValue:
        unread = x.shift(1)
        doubled = x.plus(x)
        unread.plus(doubled)
        return doubled.offset(3)

    found = program(write)
    assert [(step.op, step.inputs) for step in found.steps] == [("add", (0, 0)), ("offset", (1,))]
    assert found.run(np.array([[5]])).tolist() == [[13]]
    assert program(lambda x: x).run(np.array([[5]])).tolist() == [[5]]


def test_broken_programs_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown operation 'power'"):
        StageProgram(steps=(StageStep("power", (0,)),), fraction=0)
    with pytest.raises(ValueError, match="step 1, add: expected 2 earlier values"):
        StageProgram(steps=(StageStep("add", (0, 1)),), fraction=0)
