"""The FPGA that a design is for, and how it is to be filled."""

import math
import operator
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, field_validator, model_validator

from nac.config.base import Model
from nac.config.output import OutputConfig
from nac.config.parts import PART_NAME, Resources, capacity


class TargetConfig(Model):
    """The FPGA and how hls4ml should fill it.

    Any `part` will do; `resources` says what it holds where the program does not know that (nac.config.parts).
    With `stages: all` the firmware begins with the input stage of the task, where it has one, else it is the network
    alone, as published figures count it; `output` is what leaves it. `fold` positions of an image, a trace or a set
    come with a clock, and the RTL has one copy of the logic for so many; `all`: one for each. Or a pace says how many:
    `ii` clocks between inferences at most, `rate_mhz` million of them a second at least. Dense layers behind the stream
    may then `wait` so many clocks in all, for one value after the other; what waits for a sum over all positions, as in
    attention, comes again up to `recall` times as fast as it came. `circuits` is a table of recorded circuits (`nac
    refit`) that costs are forecast from before a training.
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
    ii: PositiveInt | None = Field(None, exclude_if=operator.not_)
    rate_mhz: PositiveFloat | None = Field(None, exclude_if=operator.not_)
    wait: NonNegativeInt = Field(0, exclude_if=operator.not_)
    recall: PositiveInt = Field(1, exclude_if=(1).__eq__)
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

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.fold != "all" and self.pace is not None:
            raise ValueError(f"fold: {self.fold} positions a clock and a pace (ii, rate_mhz) are both asked for, "
                             "expected one of them, from which the other follows")  # fmt: skip
        if self.pace == 0:
            raise ValueError(f"rate_mhz: {self.rate_mhz:g} million inferences a second are more than one a clock of "
                             f"{self.clock_period_ns:g} ns, expected {1e3 / self.clock_period_ns:g} at most")
        return self

    @property
    def pace(self) -> int | None:
        """Clocks between inferences at most, None where nothing is asked for."""
        asked = [] if self.ii is None else [self.ii]
        if self.rate_mhz is not None:
            asked.append(math.floor(1e3 / (self.rate_mhz * self.clock_period_ns) * (1 + 1e-9)))
        return min(asked, default=None)

    def folded(self, fold: Literal["all"] | int) -> "TargetConfig":
        """The same with this fold, whatever was asked for."""
        return self.model_copy(update={"fold": fold, "ii": None, "rate_mhz": None})

    def folds(self, shape: tuple[int, ...]) -> "list[TargetConfig]":
        """What suits samples of a shape: the fold that is asked for, or all that keep the pace, the smallest first."""
        if self.pace is None:
            return [self]
        positions = math.prod(shape[1:])
        every = [self.folded(fold) for fold in range(-(-positions // self.pace), positions)]
        return [*(target for target in every if not target.fold_problem(shape)), self.folded("all")]

    def fold_problem(self, shape: tuple[int, ...]) -> str | None:
        """Why `fold` does not suit samples of a shape (channels first), None where it does.

        Circuits for some positions a clock take one of an image or a row, or a divisor of those of a trace or a set.
        """
        space = shape[1:]
        if self.fold == "all":
            return None
        if math.prod(space) == 1:
            return "target.fold: the input has one position only, expected an image, a trace or a set"
        if len(space) > 1 and self.fold not in (1, space[-1]):
            return f"target.fold: {self.fold} positions a clock of an image, expected 1 or a row of {space[-1]}"
        if math.prod(space) % self.fold:
            return f"target.fold: {self.fold} positions a clock do not divide the input's {space[0]}"
        return None
