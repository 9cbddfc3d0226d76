"""The simulators that are here, as parameters of tests."""

from collections.abc import Callable

import pytest

from nac.hardware.rtl import tools
from nac.hardware.rtl.tools import Tool

Probe = Callable[[], Tool | None]
SIMULATORS = [
    pytest.param(probe, marks=pytest.mark.skipif(probe() is None, reason=tools.MISSING[name]), id=name)
    for name, probe in (("verilator", tools.verilator), ("iverilog", tools.iverilog))
]
