"""What genes ask of the weights."""

from itertools import product

import pytest

from nac.arch import UNCOMPRESSED, Compression
from nac.space import compression


def test_genes_that_a_space_lacks_ask_for_nothing() -> None:
    assert compression({"bits.weights": 6}) == UNCOMPRESSED
    assert compression({"sparsity": 0.5, "digits": 0.25}) == Compression(0.5, 0.25)


def test_what_is_left_of_the_adders() -> None:
    assert UNCOMPRESSED.density == 1
    assert Compression(0.5, 0.25).density == pytest.approx(0.125)


def test_every_compression_has_a_suffix_of_its_own() -> None:
    found = {Compression(s, d).suffix for s, d in product((0.0, 0.25, 0.5), (1.0, 0.5, 0.25))}
    assert len(found) == 9
    assert UNCOMPRESSED.suffix == ""
    assert Compression(0.5).suffix == "-s0.5"  # as in the studies of earlier versions
