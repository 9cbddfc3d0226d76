"""The contract of every kind of thing that people may add, as functions for their own tests.

    from nac.testing import check_loss
    def test_mine(): check_loss(mine)

Each raises AssertionError with what is broken. They take seconds, and nothing but what `nac` needs; what compiles C++
or starts processes takes longer.
"""

from nac.testing.backends import check_backend
from nac.testing.blocks import check_block
from nac.testing.circuits import check_circuit_operation
from nac.testing.costs import check_cost
from nac.testing.datasets import check_dataset
from nac.testing.distillers import check_distiller
from nac.testing.engines import check_engine
from nac.testing.executors import check_executor
from nac.testing.layouts import check_layout
from nac.testing.losses import check_loss
from nac.testing.metrics import check_metric
from nac.testing.operations import check_operation
from nac.testing.pruners import check_pruner
from nac.testing.quantisers import check_quantiser
from nac.testing.samplers import check_sampler
from nac.testing.simulators import check_simulator
from nac.testing.spaces import check_space_kind
from nac.testing.stages import check_input_stage

__all__ = [
    "check_backend", "check_block", "check_circuit_operation", "check_cost", "check_dataset", "check_distiller",
    "check_engine", "check_executor", "check_input_stage", "check_layout", "check_loss", "check_metric",
    "check_operation", "check_pruner", "check_quantiser", "check_sampler", "check_simulator", "check_space_kind",
]  # fmt: skip
