"""The FPGA that a design is for, and how it is to be filled."""

import math
import operator
from pathlib import Path
from typing import Literal

from pydantic import Field, PositiveInt, field_validator

from nac.config.base import Model
from nac.config.output import OutputConfig
from nac.config.parts import PART_NAME, Resources, capacity


class TargetConfig(Model):
    """The FPGA and how hls4ml should fill it.

    Any `part` will do; `resources` says what it holds where the program does not know that (nac.config.parts).
    With `stages: all` the firmware begins with the input stage of the task, where it has one, else it is the network
    alone, as published figures count it; `output` is what leaves it. `fold` positions of an image, a trace or a set
    come with a clock, and the RTL has one copy of the logic for so many; `all`: one for each. `circuits` is a table of
    recorded circuits (`nac refit`) that costs are forecast from before a training.
    """

    part: str = "xcvu13p-flga2577-2-e"
    resources: Resources | None = Field(None, exclude_if=operator.not_)
    clock_period_ns: float = Field(5.0, gt=0.5, le=100)
    backend: str = "Vitis"
    io_type: Literal["io_parallel", "io_stream"] = "io_parallel"
    strategy: Literal["Latency", "Resource"] = "Latency"
    reuse_factor: PositiveInt = 1
    stages: Literal["all", "network"] = Field("all", exclude_if="all".__eq__)
    output: OutputConfig = Field(OutputConfig(), exclude_if=OutputConfig().__eq__)
    fold: Literal["all"] | PositiveInt = Field("all", exclude_if=lambda fold: fold == "all")
    circuits: Path | None = Field(None, exclude_if=operator.not_)  # records made without one stay as they are

    @field_validator("part")
    @classmethod
    def _part_name(cls, part: str) -> str:
        if not PART_NAME.fullmatch(part):
            raise ValueError(f"no part number: {part!r}; expected letters, digits and dashes, with package and speed "
                             "grade (e.g. xcvu13p-flga2577-2-e)")
        return part

    @property
    def capacity(self) -> dict[str, int]:
        """What the part holds by name of the resource, as far as it is known."""
        return capacity(self.part, self.resources)

    def fold_problem(self, shape: tuple[int, ...]) -> str | None:
        """Why `fold` does not suit samples of a shape (channels first), None where it does.

        Circuits for some positions a clock take one of an image, or a divisor of those of a trace or a set.
        """
        space = shape[1:]
        if self.fold == "all":
            return None
        if math.prod(space) == 1:
            return "target.fold: the input has one position only, expected an image, a trace or a set"
        if math.prod(space) % self.fold or (len(space) > 1 and self.fold > 1):
            return f"target.fold: {self.fold} positions a clock do not divide the input's {' x '.join(map(str, space))}"
        return None
