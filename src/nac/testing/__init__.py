"""The contract of every kind of thing that people may add, as functions for their own tests.

    from nac.testing import check_loss
    def test_mine(): check_loss(mine)

Each raises AssertionError with what is broken. They take a second or two, and nothing but what `nac` needs.
"""

from nac.testing.blocks import check_block
from nac.testing.circuits import check_circuit_operation
from nac.testing.costs import check_cost
from nac.testing.distillers import check_distiller
from nac.testing.layouts import check_layout
from nac.testing.losses import check_loss
from nac.testing.metrics import check_metric
from nac.testing.pruners import check_pruner
from nac.testing.samplers import check_sampler

__all__ = [
    "check_block", "check_circuit_operation", "check_cost", "check_distiller", "check_layout", "check_loss",
    "check_metric", "check_pruner", "check_sampler",
]  # fmt: skip
