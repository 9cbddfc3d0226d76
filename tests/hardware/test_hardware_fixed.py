"""Fixed-point types and ranges against plain integer arithmetic."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nac.hardware.circuit.fixed import Fixed, Span

numbers = st.integers(-5000, 5000)
spans = st.builds(lambda a, b, f: Span(min(a, b), max(a, b), f), numbers, numbers, st.integers(-6, 12))
types = st.builds(Fixed, st.booleans(), st.integers(2, 12), st.integers(-8, 14))


def exact(k: int, fraction: int) -> Fraction:
    return k * Fraction(2) ** -fraction


@given(spans)
def test_the_smallest_type_holds_a_span_and_no_smaller_one_does(span: Span) -> None:
    type_ = span.fixed
    assert type_.low <= span.low
    assert span.high <= type_.high
    narrower = type_._replace(width=type_.width - 1)
    assert type_.width == 1 or narrower.low > span.low or narrower.high < span.high


@given(spans, spans, st.data())
def test_sums_and_products_stay_inside(a: Span, b: Span, data: st.DataObject) -> None:
    i, j = data.draw(st.integers(a.low, a.high)), data.draw(st.integers(b.low, b.high))
    total, product = a.plus(b), a.times(b)
    value = exact(i, a.fraction) + exact(j, b.fraction)
    assert exact(total.low, total.fraction) <= value <= exact(total.high, total.fraction)
    assert product.low <= i * j <= product.high
    assert product.fraction == a.fraction + b.fraction


@given(spans, types, st.data())
def test_quantising_rounds_half_to_even_and_saturates(span: Span, type_: Fixed, data: st.DataObject) -> None:
    k = data.draw(st.integers(span.low, span.high))
    step = round(exact(k, span.fraction) / exact(1, type_.fraction))  # Python rounds half to even
    result = min(max(step, type_.low), type_.high)
    kept = span.quantised(type_)
    assert kept.low <= result <= kept.high
    assert type_.low <= kept.low
    assert kept.high <= type_.high


def test_spelling() -> None:
    assert Fixed(True, 8, 3).hls() == "fixed<8,5>"
    assert Fixed(False, 4, 6).hls(rounds=True) == "ufixed<4,-2,RND_CONV,SAT>"
    assert str(Fixed(False, 4, -1)) == "ufixed<4,5>"


def test_coarser_steps_are_refused() -> None:
    with pytest.raises(ValueError, match="3 fractional bits in 2"):
        Span(0, 1, 3).aligned(2)
