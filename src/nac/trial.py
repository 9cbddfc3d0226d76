"""What a search keeps of a trial besides its genes and values: one class that reads and writes it."""

from collections.abc import Mapping, Sequence
from typing import Any

from optuna.trial import FrozenTrial, Trial
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nac.config.base import explained
from nac.errors import InputError


class Kept(BaseModel):
    """A part of it. Later versions and dashboards may keep more beside it."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="constants")


class Measured(Kept):
    """Metrics by name, and their intervals, on some samples."""

    metrics: Mapping[str, float] = Field(default_factory=dict)
    intervals: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)


class Training(Kept):
    """How a training went: epochs done, the best of them, whether it was `stopped` at a rung, and where it ran."""

    seconds: float = 0.0
    epochs: int = 0
    best: int | None = None
    stopped: bool = False
    device: str | None = None


class Point(Measured):
    """A network on the front of a trial's training: `index` among those on disk, `values` by the objectives, costs.

    Its `architecture` is what is left of the trial's, with the widths that it learned.
    """

    index: int
    values: tuple[float, ...]
    architecture: Mapping[str, Any] | None = None
    costs: Mapping[str, float] = Field(default_factory=dict)
    rescored: Measured | None = None


class TrialRecord(Measured):
    """The attributes of a trial; what it did not get to has its default.

    Its metrics are those that choices are made by, `rescored` those on samples that no choice has seen; a duplicate
    has those of the trial whose number it names, and no training. `workers` are those that took it up, the present one
    last; one that `waits` does so for an equal candidate of another. A trial whose network is that of an earlier one as
    another circuit names it as `network_of`; their `hash` is the same. Of a trial that ended without values one of
    `error`, `infeasible` and `unpromising` says why. An `architecture` is text in runs of early versions.

    A training of learned widths gives the `points` of a front, the cheapest first; the trial's own values are those of
    the `leader` among them. `short` are the values of the points of a shorter training before it, `parent` is the
    number of the trial from whose training it went on.
    """

    baseline: str | None = None
    workers: tuple[str, ...] = ()
    waits: bool = False
    genotype: dict[str, int | float | str | bool] = Field(default_factory=dict)
    repairs: Mapping[str, Sequence[int | str | bool]] | None = None
    architecture: Mapping[str, Any] | str | None = None
    hash: str | None = None
    costs: Mapping[str, float] = Field(default_factory=dict)
    duplicate_of: int | None = None
    network_of: int | None = None
    rungs: Mapping[str, Sequence[float | None]] = Field(default_factory=dict)
    rescored: Measured | None = None
    training: Training = Training()
    points: tuple[Point, ...] = ()
    leader: int | None = None
    short: tuple[tuple[float, ...], ...] = ()
    parent: int | None = None
    error: str | None = None
    infeasible: str | None = None
    unpromising: str | None = None


def record_of(trial: FrozenTrial | Trial) -> TrialRecord:
    """What is kept of a trial. Raises InputError where a search would not have written that."""
    try:
        return TrialRecord.model_validate(trial.user_attrs)
    except ValidationError as error:
        raise InputError(explained(error, f"study: trial {trial.number}")) from error


def keep(trial: Trial, **attributes: Any) -> None:
    """Write attributes of a trial, each by its name in `TrialRecord`."""
    if unknown := attributes.keys() - TrialRecord.model_fields.keys():
        raise TypeError(f"a trial has no {', '.join(sorted(unknown))}")
    written = TrialRecord(**attributes).model_dump(mode="json", exclude_unset=True)
    for name, value in written.items():
        trial.set_user_attr(name, value)
