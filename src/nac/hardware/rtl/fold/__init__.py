"""Folded circuits: one copy of the logic, used again for every position of an image, a trace or a set."""

from typing import Annotated

from pydantic import Field

from nac.hardware.rtl.fold.digits import DigitsPart
from nac.hardware.rtl.fold.graph import GraphPart
from nac.hardware.rtl.fold.recall import RecallPart
from nac.hardware.rtl.fold.reduce import GatherPart, MostPart, SumPart
from nac.hardware.rtl.fold.spread import SpreadPart
from nac.hardware.rtl.fold.table import TablePart
from nac.hardware.rtl.fold.window import WindowPart

StreamPart = Annotated[
    GraphPart | WindowPart | SumPart | MostPart | GatherPart | RecallPart | SpreadPart | TablePart | DigitsPart,
    Field(discriminator="kind"),
]

__all__ = ["StreamPart"]
