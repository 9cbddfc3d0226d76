"""What `nac evaluate` says of a network that is worse than an answer without one."""

import logging
from pathlib import Path

import numpy as np
import pytest
from designs import architecture, make_design, random_network
from rich.console import Console

from nac.pipeline.designs import evaluate_design


def test_a_network_that_is_worse_than_the_mean_of_the_targets_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    arch = architecture("mlp", 6)
    design = make_design(tmp_path / "untrained", arch, random_network(arch))
    random = np.random.default_rng(0)
    x = random.normal(size=(50, 16))
    np.savez(tmp_path / "worse.npz", x=x, y=random.normal(3, 0.01, (50, 5)))
    with caplog.at_level(logging.WARNING):
        evaluate_design(design.path, [tmp_path / "worse.npz"], "torch", Console(quiet=True))
    assert "untrained: rmse" in caplog.text
    assert "worse than the constant answer's 0.0087" in caplog.text
