"""Numbers in reports: each says which tool gave it and how well founded it is."""

from typing import Literal

from nac.config import Model


class HardwareNumber(Model):
    """One number, where it comes from, and how well founded it is."""

    name: str
    value: float
    unit: str = ""
    tool: str
    version: str
    kind: Literal["count", "estimate", "c-synthesis", "synthesis", "simulation", "place-and-route"]
