"""Designs for the tests of the hardware room."""

from pathlib import Path

import pytest
from designs import DesignMaker, architecture, make_design, random_network

from nac.design import Design


@pytest.fixture
def design_of(tmp_path: Path) -> DesignMaker:
    """Makes a design of a kind in a folder whose name has a space and a quote in it."""

    def make(kind: str, bits: int = 4, activation: str = "relu", seed: int = 0) -> Design:
        arch = architecture(kind, bits, activation)
        return make_design(tmp_path / "it's here" / f"{kind}-{bits}", arch, random_network(arch, seed))

    return make
