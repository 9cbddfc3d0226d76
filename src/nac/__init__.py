"""NAC: neural architecture codesign, from physics data to FPGA firmware."""

__version__ = "0.1.0"
