"""One of several outputs of a network."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt, StringConstraints, model_validator

from nac.config.base import Model
from nac.config.names import LossChoice, MetricName, require_kind

RESERVED = ("_se", "_low", "_high", "_spread")
"""What columns with the errors of a metric end in."""


def _not_reserved(name: str) -> str:
    if name.endswith(RESERVED):
        raise ValueError(f"a name that does not end in {', '.join(RESERVED)} was expected")
    return name


HeadName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,31}$"), AfterValidator(_not_reserved)]


class HeadConfig(Model):
    """What a part of a network's outputs says, with a loss and metrics of its own.

    `targets` are the arrays or columns with the truth, by default one that is called as the head: labels of `classes`,
    or `outputs` values. `weight` is that of its loss in the sum of all; `metrics` are called `METRIC@HEAD`.
    """

    kind: Literal["classification", "regression"]
    targets: str | tuple[str, ...] = ()
    outputs: PositiveInt = 1
    classes: tuple[str, ...] = ()
    loss: LossChoice | None = None
    metrics: tuple[MetricName, ...] = ()
    weight: PositiveFloat = Field(1.0)

    @property
    def count(self) -> int:
        """The outputs of the network that are its own."""
        return len(self.classes) or self.outputs

    @model_validator(mode="after")
    def _suits_its_kind(self) -> "HeadConfig":
        if (self.kind == "classification") != (len(self.classes) > 1):
            raise ValueError("classes: expected at least two for a classification, none for a regression")
        if self.loss is not None:
            require_kind("nac.tasks.losses:LOSSES", self.loss.name, self.kind)
        for name in self.metrics:
            require_kind("nac.tasks.metrics:METRICS", name, self.kind)
        return self
