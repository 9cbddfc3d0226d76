"""The engine `rtl`."""

from nac.hardware.engines.contract import ENGINES
from nac.hardware.rtl.engine import RtlEngine

ENGINES.register("rtl", RtlEngine)
