"""A task file: what is to be solved, how long to train, what to optimise and which FPGA it is for."""

import operator
import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt, field_validator, model_validator

from nac.config.base import Model
from nac.config.code import OwnCode
from nac.config.compress import CompressConfig
from nac.config.heads import HeadConfig, HeadName
from nac.config.names import (
    LAYOUTS,
    SIMULATORS,
    LayoutChoice,
    LossChoice,
    MetricName,
    SimulatorName,
    require_kind,
)
from nac.config.raw import RawType
from nac.config.search import SearchConfig
from nac.config.simulation import BraggSimulation, JetSimulation, PulseSimulation, ReadoutSimulation
from nac.config.target import TargetConfig
from nac.config.train import TrainConfig
from nac.registry import resolve

Window = Literal["round", "floor"]


class SplitConfig(Model):
    """Shares of the samples, and what may not be divided between the splits.

    `by` names columns of the file: the first one that the file has, with at least three distinct values, says
    which samples belong together (a detector panel, a frame, an event); without one the samples are split one
    by one, in proportion of their classes. `block` says of which columns so many neighbouring values stay together as
    well (`{frame: 5}`).

    The share `rescore` of the validation split takes part in no choice, of epochs, trials or designs: whatever the
    choices were made on flatters what was chosen, so that validation metrics are shown of this part.

    Few samples are divided in the same shares: more to validate are fewer to train. A fifth instead of 0.075 made the
    best of eight jet networks by what chose truly better by 0.9 ± 0.3 points with 5,000 jets (8 draws), worse by
    0.7 ± 0.5 with 2,000 (14 draws), while the binomial error of what is shown fell from 3.5 to 2.2 and from 5.7 to
    3.5. No rule by the number of samples follows; `search.folds` choose by all that train.
    """

    train: float = Field(0.85, gt=0, lt=1)
    validation: float = Field(0.075, gt=0, lt=1)
    test: float = Field(0.075, gt=0, lt=1)
    by: tuple[str, ...] = ()
    block: Mapping[str, PositiveInt] = Field(default_factory=dict)
    rescore: float = Field(0.5, ge=0, lt=1)

    @field_validator("by", mode="before")
    @classmethod
    def _one_or_many(cls, by: object) -> object:
        return (by,) if isinstance(by, str) else () if by is None else by

    @model_validator(mode="after")
    def _sums_to_one(self) -> "SplitConfig":
        if abs(self.train + self.validation + self.test - 1) > 1e-6:
            raise ValueError("train + validation + test must be 1")
        return self


class DataConfig(Model):
    """Where samples come from and how they become network inputs.

    `layout` is what samples are and how they lie in files (nac.tasks.layouts); one of a plug-in may have parameters,
    as `{name, params}`. `constituents` particles are kept per jet, whose
    angles come in multiples of `angle_step` and of which the network sees both or, with `angles: radius`, how far a
    particle is from the jet's axis; `patch_size` pixels per side of a patch; the layout `arrays` names its
    two arrays (`inputs`, `targets`), the `shape` of one input, channels first, and for regression how many `outputs`
    there are. `targets` may be a list as well: of one column for every output, or for every class (one-hot).
    `units` are those of a regression's outputs, for figures. Of the kind `several` are tasks whose `heads` say
    different things of a sample, each with its loss and metrics.
    `where` keeps the samples for which every named column satisfies its condition (`{npeaks: "== 1"}`) or
    conditions; a column that the file lacks is not applied. At most `limit` samples are used,
    by default those that fit into 256 MiB as read.

    `weights` names a column that says how much a sample counts in the loss, `class_weights` how much each class does
    (`balanced`: all alike, however many samples they have). Metrics count every sample once.

    `scaling` is fitted on the training split (nac.tasks.preprocessing says what each one does). `raw` are the types in
    which the detector delivers the features, one for each or one for all; an input stage (nac.tasks.stages), which is a
    scaling that is part of the firmware, begins with their integers. A regression's
    network output times `target_scale` plus `target_offset` is the physical target; by default fitted on the training
    split as well, and for patches one pixel and the patch's centre.

    `windows` are the ways in which the patches that a network will meet are cut around a roughly known position: with
    the nearest pixel in the middle (`round`) or the one that int() gives (`floor`). Patches for training, validation
    and test are cut anew so, by each way in turn, if they have a pixel to spare around; without `windows`, and when a
    design is evaluated on a file, they are taken as they are. `shift` in `augment` moves them by up to `shift` pixels.

    Without a file `simulate_without_file` samples are simulated (or `simulate`, if that is more). With one, `simulate`
    samples join its training split, and every sample of the file appears `repeat` times in an epoch, augmented
    anew each time. `bragg`, `jets`, `pulses` and `readout` are the settings of the simulators.
    """

    layout: LayoutChoice
    kind: Literal["classification", "regression", "several"]
    inputs: str = "x"
    targets: str | tuple[str, ...] = "y"
    shape: tuple[PositiveInt, ...] = Field((), max_length=3)
    outputs: int = Field(0, ge=0)
    units: tuple[str, ...] = Field((), exclude_if=operator.not_)
    classes: tuple[str, ...] = ()
    heads: Mapping[HeadName, HeadConfig] = Field(default_factory=dict, exclude_if=operator.not_)
    constituents: int = Field(8, ge=1, le=1024)
    angle_step: PositiveFloat = 0.01
    angles: Literal["both", "radius"] = Field("both", exclude_if=lambda angles: angles == "both")
    patch_size: int = Field(11, ge=3, le=255)
    where: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    weights: str | None = Field(None, exclude_if=operator.not_)
    class_weights: Literal["balanced"] | Mapping[str, PositiveFloat] | None = Field(None, exclude_if=operator.not_)
    limit: PositiveInt | None = None
    split: SplitConfig = SplitConfig()
    scaling: str = "robust"
    raw: tuple[RawType, ...] = Field((), exclude_if=operator.not_)
    target_offset: tuple[float, ...] = ()
    target_scale: tuple[float, ...] = ()
    augment: tuple[str, ...] = ()
    shift: int = Field(1, ge=0, le=4)
    windows: tuple[Window, ...] = ()
    simulator: SimulatorName = "none"
    simulate: int = Field(0, ge=0)
    simulate_without_file: PositiveInt = 20000
    repeat: PositiveInt = 1
    bragg: BraggSimulation = BraggSimulation()
    jets: JetSimulation = JetSimulation()
    pulses: PulseSimulation = PulseSimulation()
    readout: ReadoutSimulation = Field(ReadoutSimulation(), exclude_if=ReadoutSimulation().__eq__)

    @property
    def target_names(self) -> tuple[str, ...]:
        """The arrays or columns with the targets."""
        if self.heads:
            return tuple(target for name in self.heads for target in self.of_head(name).target_names)
        return (self.targets,) if isinstance(self.targets, str) else self.targets

    @property
    def target_count(self) -> int:
        """Classes, or values that a regression predicts, of all heads."""
        return sum(head.count for head in self.heads.values()) or len(self.classes) or self.outputs

    def of_head(self, name: str) -> "DataConfig":
        """The settings as if this head were the only one."""
        head = self.heads[name]
        return self.model_copy(update={
            "kind": head.kind, "targets": head.targets or name, "classes": head.classes, "heads": {},
            "outputs": 0 if head.classes else head.outputs,
        })  # fmt: skip

    @field_validator("raw", mode="before")
    @classmethod
    def _one_type(cls, raw: object) -> object:
        return (raw,) if isinstance(raw, str | Mapping) else raw

    @field_validator("where", mode="before")
    @classmethod
    def _one_or_many(cls, where: object) -> object:
        if not isinstance(where, Mapping):
            return where
        return {column: (given,) if isinstance(given, str) else given for column, given in where.items()}

    @field_validator("where")
    @classmethod
    def _conditions(cls, where: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
        for column, conditions in where.items():
            for condition in conditions:
                if not re.fullmatch(r"(<=|>=|==|!=|<|>)\s*-?\d+(\.\d+)?(e-?\d+)?", condition.strip()):
                    raise ValueError(f"{column}: expected a condition such as '== 1' or '< 0.06', found {condition!r}")
        return where

    @model_validator(mode="after")
    def _classes_given(self) -> "DataConfig":
        if self.kind == "classification" and len(self.classes) < 2:
            raise ValueError("classes: a classification task names at least two classes")
        if len({name.lower() for name in self.classes}) != len(self.classes):
            raise ValueError("classes: every class needs its own name (case does not count)")
        if self.kind != "classification" and (self.classes or self.class_weights):
            key = "classes" if self.classes else "class_weights"
            raise ValueError(f"{key}: a regression task has none" if self.kind == "regression" else
                             f"{key}: expected them under data.heads, where the task has several outputs")
        if (self.kind == "several") != (len(self.heads) > 1):
            raise ValueError("heads: a task of kind 'several' names at least two, no other has any")
        if isinstance(self.class_weights, Mapping) and (unknown := {*self.class_weights} - {*self.classes}):
            raise ValueError(f"class_weights: expected some of {', '.join(self.classes)}, "
                             f"found {', '.join(sorted(unknown))}")
        return self

    @model_validator(mode="after")
    def _fits_the_layout(self) -> "DataConfig":
        layout = resolve(LAYOUTS)[self.layout.name](self, **self.layout.params)
        for problem in layout.problems():
            raise ValueError(problem)
        targets = 0 if self.kind == "classification" else layout.outputs
        for name, values in (
            ("target_offset", self.target_offset), ("target_scale", self.target_scale), ("units", self.units),
        ):
            if values and len(values) != targets:
                raise ValueError(f"{name}: expected {targets} values, one per output, found {len(values)}")
        if not all(self.target_scale):
            raise ValueError("target_scale: expected values other than 0")
        return self

    @model_validator(mode="after")
    def _simulates_its_layout(self) -> "DataConfig":
        if self.simulator != "none" and resolve(SIMULATORS)[self.simulator].layout != self.layout.name:
            raise ValueError(f"simulator: {self.simulator!r} does not make the layout {self.layout.name!r}")
        if self.simulate and self.simulator == "none":
            raise ValueError("simulate: needs a simulator")
        return self


class TaskConfig(Model):
    """A whole task file, with the preset and the `--set` overrides applied.

    `loss` and `metrics` (the most important first) are by default those of the kind of task; a loss may be
    `{name, params}`, and metrics with an `@` take what follows (`efficiency@0.01`) or are of one of several targets
    (`rmse@energy`). `code` is the text of those that are a user's own: a program writes it (nac.tasks.own).
    """

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")
    description: str = ""
    code: tuple[OwnCode, ...] = Field((), exclude_if=operator.not_)  # before the names that it makes known
    data: DataConfig
    loss: LossChoice | None = Field(None, exclude_if=operator.not_)
    metrics: tuple[MetricName, ...] = Field((), exclude_if=operator.not_)
    space: str
    train: TrainConfig = TrainConfig()
    search: SearchConfig
    compress: CompressConfig = CompressConfig()
    target: TargetConfig = TargetConfig()
    seed: int = Field(0, ge=0, lt=2**32)

    @model_validator(mode="after")
    def _suit_the_kind(self) -> "TaskConfig":
        if self.data.kind == "several" and (self.loss or self.metrics):
            key = "loss" if self.loss else "metrics"
            raise ValueError(f"{key}: expected it under data.heads.NAME, each of several outputs has its own")
        if self.loss is not None:
            require_kind("nac.tasks.losses:LOSSES", self.loss.name, self.data.kind)
        for name in self.metrics:
            require_kind("nac.tasks.metrics:METRICS", name, self.data.kind)
        if len(set(self.metrics)) != len(self.metrics):
            raise ValueError("metrics: each once")
        return self

    @model_validator(mode="after")
    def _outputs_are_known(self) -> "TaskConfig":
        layout = resolve(LAYOUTS)[self.data.layout.name](self.data, **self.data.layout.params)
        names = self.data.classes or layout.target_keys
        if unknown := [name for name in self.target.output.of if name not in names]:
            raise ValueError(f"target.output.of: expected some of {', '.join(names)}, found {', '.join(unknown)}")
        return self

    @model_validator(mode="after")
    def _fronts_are_learned(self) -> "TaskConfig":
        if self.search.fronts is not None and self.compress.learned is None:
            raise ValueError("search.fronts: needs compress.learned, how such trainings go (preset learned has it)")
        return self

    @model_validator(mode="after")
    def _rungs_are_below_the_top(self) -> "TaskConfig":
        if self.search.fidelity is not None and self.search.fidelity.rungs[-1] >= self.train.epochs:
            raise ValueError(f"search.fidelity.rungs: expected less than train.epochs, {self.train.epochs}")
        return self


class TaskFile(Model):
    """A task file as written: a task and its presets, each a partial task laid over it."""

    task: Mapping[str, Any]
    presets: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
