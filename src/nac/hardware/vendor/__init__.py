"""Xilinx' own tools, where they are installed: what they are run for, and what their reports say."""

from nac.hardware.vendor.reports import VendorReport, read_csynth, read_timing, read_utilisation
from nac.hardware.vendor.run import c_synthesis, implement

__all__ = ["VendorReport", "c_synthesis", "implement", "read_csynth", "read_timing", "read_utilisation"]
