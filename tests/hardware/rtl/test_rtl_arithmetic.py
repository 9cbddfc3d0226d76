"""Single operations against integers: rounding, clipping, maxima, products, and the bits of ports."""

from collections.abc import Iterator

import numpy as np
import pytest
from alkaid.trace import FVariable, trace
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nac.hardware.circuit import rounded
from nac.hardware.circuit.fixed import Fixed
from nac.hardware.rtl.arithmetic import (
    HARDWARE,
    Matrices,
    blocks,
    largest,
    maximum,
    negative,
    quantise,
    select,
    total,
)
from nac.hardware.rtl.ports import pack, unpack, width
from nac.hardware.rtl.sound import alkaid

TYPES = st.builds(Fixed, st.booleans(), st.integers(2, 9), st.integers(-3, 12))


@pytest.fixture(autouse=True, scope="module")
def _sound() -> Iterator[None]:
    """alkaid as our own graphs are traced with."""
    with alkaid():
        yield


def variable(low: int, high: int, fraction: int) -> FVariable:
    step = 2.0**-fraction
    return FVariable(low * step, high * step, step, hwconf=HARDWARE, latency=0.0)


def run(inputs: list[FVariable], outputs: list[FVariable], x: NDArray[np.float64]) -> list[float]:
    values = trace(inputs, outputs, keep_dead_inputs=True).predict(np.ascontiguousarray(x, dtype=np.float64))
    return [float(value) for value in values[:, 0]]


@given(type_=TYPES, ends=st.tuples(st.integers(-600, 600), st.integers(-600, 600)), fraction=st.integers(-1, 9),
       narrow=st.booleans(), relu=st.booleans())  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_quantise_equals_integers(
    type_: Fixed, ends: tuple[int, int], fraction: int, narrow: bool, relu: bool
) -> None:
    low, high = min(ends), max(ends)
    bottom = max(type_.low + (narrow and type_.signed), 0 if relu else type_.low)
    source = variable(low, high, fraction)
    integers = np.arange(low, high + 1)
    found = run([source], [quantise(source, type_, low=bottom)], np.ldexp(integers.astype(float), -fraction)[:, None])
    expected = np.clip(rounded(integers, fraction - type_.fraction), bottom, type_.high)
    assert found == list(np.ldexp(expected.astype(float), -type_.fraction))


@given(type_=TYPES, factor=st.integers(-5, 5).filter(bool), offset=st.integers(-20, 20), shift=st.integers(0, 4))
@example(type_=Fixed(False, 2, -3), factor=-3, offset=0, shift=0)  # the kept bit weighs what its source's top bit does
@example(type_=Fixed(True, 2, -3), factor=3, offset=-20, shift=3)  # of the upper bits only the sign is left
@settings(max_examples=100, deadline=None)
def test_quantise_knows_which_bits_are_there(type_: Fixed, factor: int, offset: int, shift: int) -> None:
    """Values whose lowest bits are constant, and negative multiples, as products with constants give."""
    source, fraction = variable(-9, 11, 0), shift + 1
    value = source * float(factor) * 2.0**-shift + offset * 2.0**-fraction
    integers = np.arange(-9, 12)
    found = run([source], [quantise(value, type_, low=type_.low)], integers[:, None].astype(float))
    exact = 2 * factor * integers + offset
    expected = np.clip(rounded(exact, fraction - type_.fraction), type_.low, type_.high)
    assert found == list(np.ldexp(expected.astype(float), -type_.fraction))


@given(st.lists(st.tuples(st.integers(-40, 40), st.integers(0, 50), st.integers(0, 3)), min_size=2, max_size=5))
@settings(max_examples=60, deadline=None)
def test_maxima_and_sums_equal_integers(spans: list[tuple[int, int, int]]) -> None:
    inputs = [variable(low, low + size, fraction) for low, size, fraction in spans]
    generator = np.random.default_rng(0)
    x = np.stack([np.ldexp(generator.integers(low, low + size, 300, endpoint=True).astype(float), -fraction)
                  for low, size, fraction in spans], axis=1)  # fmt: skip
    assert run(inputs, [largest(inputs)], x) == list(x.max(axis=1))
    assert run(inputs, [total(inputs)], x) == list(x.sum(axis=1))


def test_choices_survive_narrower_intervals() -> None:
    """The case that alkaid's own maximum gets wrong after its passes: the top bit of a difference moves."""
    a, b = variable(0, 7, 2), variable(0, 7, 2)
    three = [maximum(a, b), maximum(a, select(negative(a - b), b, a)), maximum(maximum(a, b), maximum(b, a))]
    x = np.array([[i / 4, j / 4] for i in range(8) for j in range(8)])
    for output in three:
        assert run([a, b], [output], x) == list(x.max(axis=1))


def test_products_with_constants_and_unused_columns() -> None:
    generator = np.random.default_rng(1)
    kernel = generator.integers(-8, 8, (5, 4)).astype(float) / 4
    kernel[2], kernel[:, 1] = 0, 0
    x = [variable(-8, 7, 1), variable(-8, 7, 1), variable(3, 3, 1), variable(0, 15, 1)]
    matrices = Matrices({"hard_dc": 2})
    out = matrices.product(kernel, np.array(x, dtype=object), np.arange(5) * 3 / 8)
    samples = np.stack([np.ldexp(generator.integers(low, high, 200, endpoint=True).astype(float), -1)
                        for low, high in ((-8, 7), (-8, 7), (3, 3), (0, 15))], axis=1)  # fmt: skip
    found = trace(x, list(out), keep_dead_inputs=True).predict(samples)
    assert np.array_equal(found, samples @ kernel.T + np.arange(5) * 3 / 8)


def test_wide_matrices_are_solved_in_blocks_and_narrow_ones_at_once() -> None:
    assert blocks(128, 64) == [slice(0, 128)]
    assert blocks(64, 200) == [slice(0, 64)]
    assert blocks(200, 16) == [slice(0, 100), slice(100, 200)]
    assert [part.stop - part.start for part in blocks(801, 16)] == [89] * 9
    assert {part.stop - part.start for part in blocks(800, 100)} == {50}
    covered = [index for part in blocks(333, 5) for index in range(333)[part]]
    assert covered == list(range(333))


def test_products_in_blocks_are_exact() -> None:
    generator = np.random.default_rng(2)
    kernel = generator.integers(-3, 4, (3, 260)).astype(float)
    kernel[:, 50:90], kernel[1, :150], kernel[2] = 0, 0, 0
    x = np.array([variable(-8, 7, 1) for _ in range(260)], dtype=object)
    out = Matrices({"hard_dc": 2, "search_all_decompose_dc": False}).product(kernel, x)
    samples = np.ldexp(generator.integers(-8, 8, (100, 260)).astype(float), -1)
    assert np.array_equal(trace(list(x), list(out), keep_dead_inputs=True).predict(samples), samples @ kernel.T)


@pytest.mark.parametrize(("weights", "values"), [(12, 12), (16, 16)])
def test_sums_of_more_bits_than_float32_has_are_exact(weights: int, values: int) -> None:
    generator = np.random.default_rng(3)
    most = 2 ** (weights - 1) - 1
    kernel = np.stack([np.full(12, most), np.full(12, -most), generator.integers(-most, most + 1, 12)]).astype(float)
    low, high = -(2 ** (values - 1)), 2 ** (values - 1) - 1
    x = np.array([variable(low, high, 0) for _ in range(12)], dtype=object)
    out = Matrices({"hard_dc": 2}).product(kernel, x)
    samples = generator.integers(low, high + 1, (100, 12)).astype(float)
    samples[:2] = [[low], [high]]
    assert np.array_equal(trace(list(x), list(out), keep_dead_inputs=True).predict(samples), samples @ kernel.T)


@pytest.mark.parametrize("constant", [2**24 + 1, -(2**24) - 1, 2**31 - 1, 2**40 + 1, -(2**45) - 3, 0])
@pytest.mark.parametrize("fraction", [0, 30])
def test_constants_of_many_bits_are_exact(constant: int, fraction: int) -> None:
    """alkaid looks for the lowest bit of a constant in float32, and keeps 32 bits of one that is added."""
    x, value = variable(-8, 7, 0), constant * 2.0**-fraction
    samples = np.arange(-8.0, 8.0)[:, None]
    assert run([x], [x + value], samples) == list(samples[:, 0] + value)
    assert run([x], [x * 0.0 + value], samples) == [value] * 16


@pytest.mark.parametrize("constant", [2**33 - 1, -(2**36) - 1, 2**44 + 2**20 + 1, -(2**48) + 1])
@pytest.mark.parametrize("coarser", [29, 30, 31, 32, 40])
@pytest.mark.parametrize(("low", "high"), [(-8, 7), (0, 1), (-1, 0), (0, 3)])
def test_constants_far_finer_than_what_they_are_added_to_are_exact(
    constant: int, coarser: int, low: int, high: int
) -> None:
    x = variable(low, high, -coarser)
    samples = np.ldexp(np.arange(float(low), high + 1), coarser)[:, None]
    assert run([x], [x + float(constant)], samples) == list(samples[:, 0] + constant)


@given(st.lists(TYPES, min_size=1, max_size=9), st.integers(0, 2**31))
@settings(max_examples=50, deadline=None)
def test_ports_round_trip(port: list[Fixed], seed: int) -> None:
    generator = np.random.default_rng(seed)
    values = np.stack([np.ldexp(generator.integers(p.low, p.high, 20, endpoint=True).astype(float), -p.fraction)
                       for p in port], axis=1)  # fmt: skip
    words = pack(values, port)
    assert all(int(word, 16) < 2 ** width(port) for word in words)
    assert np.array_equal(unpack(words, port), values)


def test_the_first_element_is_lowest() -> None:
    port = [Fixed(False, 4, 0), Fixed(True, 4, 0)]
    assert pack(np.array([[1.0, -1.0]]), port) == ["f1"]
