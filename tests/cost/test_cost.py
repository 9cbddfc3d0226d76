import math
from importlib.metadata import EntryPoint

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nac.cost import COSTS, Cost, MatrixOp, bops, costs, ebops, macs, parameters, set_bits
from nac.errors import InputError


def test_bops_are_the_uniq_form_worked_by_hand() -> None:
    op = MatrixOp("layer", outputs=4, fan_in=8, positions=3, weight_bits=6, activation_bits=5, density=0.25)
    assert bops([op]) == pytest.approx(3 * 4 * 8 * (0.25 * 6 * 5 + 6 + 5 + 3))


def test_costs_add_up_over_layers() -> None:
    ops = [MatrixOp("a", 4, 8, parameters=36), MatrixOp("b", 2, 4, positions=5, parameters=10)]
    assert macs(ops) == 32 + 40
    assert parameters(ops) == 46
    assert costs(ops) == {name: cost.measure(ops) for name, cost in COSTS.items()}


def test_zero_weights_cost_no_multiplication_but_stay_in_the_other_terms() -> None:
    dense, empty = MatrixOp("a", 4, 8, weight_bits=8, activation_bits=8), MatrixOp("a", 4, 8, 1, 8, 8, density=0.0)
    assert ebops([empty]) == 0
    assert bops([dense]) - bops([empty]) == 32 * 64


@given(st.lists(st.integers(-(2**15), 2**15), min_size=1, max_size=30))
def test_set_bits_counts_between_first_and_last_set_bit(values: list[int]) -> None:
    expected = sum(len(bin(abs(v))[2:].rstrip("0")) for v in values if v)
    assert set_bits(np.array(values)) == expected


@given(
    st.integers(1, 64), st.integers(1, 64), st.integers(1, 50), st.integers(2, 16), st.integers(2, 16), st.floats(0, 1)
)
def test_costs_are_finite_and_grow_with_density(m: int, n: int, p: int, w: int, a: int, density: float) -> None:
    op = MatrixOp("x", m, n, p, w, a, density)
    dense = MatrixOp("x", m, n, p, w, a)
    assert math.isfinite(op.bops)
    assert op.bops <= dense.bops
    assert op.ebops <= dense.ebops


def test_a_plug_in_that_cannot_be_loaded_leaves_the_other_costs(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = EntryPoint(name="silicon", value="no_such_module:silicon", group="nac.cost")
    assert "bops" in COSTS
    monkeypatch.setattr(COSTS, "_plugins", {"silicon": broken})
    found = costs([MatrixOp("a", 4, 8)])
    assert set(found) == {"bops", "ebops", "macs", "parameters"}
    assert "silicon" in caplog.text
    with pytest.raises(InputError, match="silicon"):
        COSTS["silicon"]


def test_a_registered_cost_is_counted_with_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(COSTS, "_objects", dict(COSTS._objects))
    COSTS.register("layers", Cost("layers", "layers", len))
    assert costs([MatrixOp("a", 4, 8), MatrixOp("b", 2, 4)])["layers"] == 2
