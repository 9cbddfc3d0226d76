"""The contract of every kind of thing that people may add, as functions for their own tests.

    from nac.testing import check_loss
    def test_mine(): check_loss(mine)

Each raises AssertionError with what is broken. They take a second or two, and nothing but what `nac` needs.
"""

from nac.testing.losses import check_loss
from nac.testing.metrics import check_metric

__all__ = ["check_loss", "check_metric"]
