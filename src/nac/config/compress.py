"""The settings of the local search: which designs are made of every winner, and how."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt, field_validator, model_validator

from nac.config.base import Model
from nac.config.distilled import DistilledDataConfig
from nac.config.names import CostName, PrunerName
from nac.config.train import TrainConfig

DEFAULT_PRUNER = "gradual"
FORMER_PRUNERS: Mapping[str, str] = {"magnitude": "lamp"}
"""What pruners were called in older runs, which go on with the same pruner."""


class LearnedConfig(Model):
    """Trainings of learned widths (nac.compress.learned), each of which gives a whole front.

    For every winner `together` networks are trained side by side, which have one front. `designs` networks along it
    become designs, each trained on at its widths with the budget `finish`; no others are made where `alone` says so.
    What a unit of `cost` adds to the loss rises from the first to the last value of `beta`: `ebops` are bits of weights
    times those of values, `adders` about LUTs, both of the logic that is there where `target.fold` shares some. Or it
    is found on the way to a `target` cost, from the first value on.
    """

    designs: PositiveInt = 8
    together: PositiveInt = Field(1, exclude_if=lambda together: together == 1)
    alone: bool = False
    cost: Literal["ebops", "adders"] = "ebops"
    beta: tuple[PositiveFloat, PositiveFloat] = (1e-5, 1.5e-3)
    target: PositiveFloat | None = Field(None, exclude_if=lambda target: target is None)
    train: TrainConfig = TrainConfig(learning_rate=3e-3, epochs=1200, batch_size=500, cycles=24)
    finish: TrainConfig = TrainConfig(learning_rate=1e-3, epochs=20, batch_size=500)

    @field_validator("beta")
    @classmethod
    def _rises(cls, beta: tuple[float, float]) -> tuple[float, float]:
        if beta[0] > beta[1]:
            raise ValueError("beta rises, expected the smaller value first")
        return beta


class TeacherConfig(Model):
    """A network that a search space names among its baselines."""

    space: str
    baseline: str


class CompressConfig(Model):
    """The local search: every winner x every bit width x every sparsity x every pruner becomes a design.

    `bits` are those of weights and activations; means over particles keep the digits of their sums, up to 8 bits.
    Empty `bits`, `sparsity` or `digits` stand for the winner's own, as its genes have them.
    `designs` winners are taken along the front when no trial is named. `train` is the budget of each float
    training (the reference, every pruning round, the pruned network), `finetune` that of quantisation-aware
    training. In it, and in the final float training of a pruned network, the float reference is also a teacher with
    weight `distil` (0: targets only). In the first, so many `teachers` take its place if not 0: the float networks of
    all trials that have the lowest loss on the samples that choose, or networks of the architecture `teacher`, trained
    for this with the budget `train`.
    `synthesise` designs, spread along the front, go on to hardware, where the Verilog is run in a simulator if
    `simulate_rtl` and mapped to the part by yosys if `synthesise_rtl`.

    Pruning goes in `rounds`. `gradual` keeps the weights of the trained reference; with the other pruners every round,
    and the final training, starts from the weights after `rewind` epochs (0: at initialisation). `gradual` and
    those on distilled samples remove the weights that the loss would miss least, `lamp` the smallest of their layers,
    `global_magnitude` the smallest of all.
    `distilled_data` and `distilled_train` (samples, and the budget of a round on them) are for pruners that use them.

    `mixed` widths are those of mixed-precision designs no dearer than uniform ones of so many bits by
    `mixed_cost`, any cost that widths change, found in `mixed_rounds` exchanges of bits (nac.compress.mixed).
    `structured` are shares of the channels and neurons that are removed, each a smaller network of its own (0: all
    stay). `order` says when weights are removed (nac.compress.quantisation). `tune` trainings search the settings of
    the float trainings (but not their epochs) for every winner.
    `digits` are shares of the signed digits of the weights (nac.compress.digits), each of which becomes a design that
    is trained on, with the budget `digits_train`, from the design with the next larger share.
    `learned` are trainings that find a width for every weight and channel, none without it.
    """

    designs: PositiveInt = 4
    bits: tuple[int, ...] = (8, 6, 4)
    mixed: tuple[int, ...] = ()
    mixed_cost: CostName = "bops"
    mixed_rounds: PositiveInt = 1
    input_bits: int = Field(8, ge=2, le=12)
    sparsity: tuple[float, ...] = (0.0, 0.5)
    pruner: tuple[PrunerName, ...] = Field((DEFAULT_PRUNER,), min_length=1)
    rounds: PositiveInt = 3
    rewind: int = Field(2, ge=0)
    distilled_data: DistilledDataConfig = DistilledDataConfig()
    distilled_train: TrainConfig = TrainConfig(
        optimiser="adamw", learning_rate=3e-2, epochs=45, batch_size=64, patience=45, label_smoothing=0.1
    )
    order: Literal["prune_then_quantise", "quantise_then_prune", "joint"] = "prune_then_quantise"
    structured: tuple[float, ...] = (0.0,)
    tune: int = Field(0, ge=0)
    digits: tuple[float, ...] = ()
    digits_train: TrainConfig = TrainConfig(learning_rate=1e-3, epochs=20)
    learned: LearnedConfig | None = None
    train: TrainConfig = TrainConfig()
    finetune: TrainConfig = TrainConfig(learning_rate=1e-3)
    distil: float = Field(0.5, ge=0, le=1)
    teachers: int = Field(0, ge=0, exclude_if=lambda teachers: teachers == 0)
    teacher: TeacherConfig | None = Field(None, exclude_if=lambda teacher: teacher is None)
    temperature: PositiveFloat = 1.0
    synthesise: PositiveInt = 4
    simulate_rtl: bool = True
    synthesise_rtl: bool = True

    @field_validator("pruner", mode="before")
    @classmethod
    def _one_or_many(cls, pruner: object) -> object:
        listed = (pruner,) if isinstance(pruner, str) else pruner
        return [FORMER_PRUNERS.get(name, name) for name in listed] if isinstance(listed, list | tuple) else listed

    @field_validator("bits")
    @classmethod
    def _bits_in_range(cls, bits: tuple[int, ...]) -> tuple[int, ...]:
        if any(not 2 <= b <= 16 for b in bits):
            raise ValueError("bit widths are between 2 and 16")
        return bits

    @field_validator("mixed")
    @classmethod
    def _mixed_in_range(cls, mixed: tuple[int, ...]) -> tuple[int, ...]:
        if any(not 3 <= b <= 7 for b in mixed):
            raise ValueError("mixed precision costs as much as between 3 and 7 bits")
        return mixed

    @field_validator("sparsity", "structured")
    @classmethod
    def _sparsity_in_range(cls, sparsity: tuple[float, ...]) -> tuple[float, ...]:
        if any(not 0 <= s < 1 for s in sparsity):
            raise ValueError("sparsities are in [0, 1)")
        return sparsity

    @field_validator("digits")
    @classmethod
    def _digits_in_range(cls, digits: tuple[float, ...]) -> tuple[float, ...]:
        if any(not 0.01 <= share < 1 for share in digits):
            raise ValueError("shares of digits are in [0.01, 1)")
        return tuple(sorted({round(share, 2) for share in digits}, reverse=True))

    @field_validator("structured")
    @classmethod
    def _structured_given(cls, structured: tuple[float, ...]) -> tuple[float, ...]:
        if not structured:
            raise ValueError("expected at least one share of channels to remove (0: none)")
        return structured

    @model_validator(mode="after")
    def _fits(self) -> "CompressConfig":
        if self.order != "prune_then_quantise" and self.pruner != (DEFAULT_PRUNER,):
            raise ValueError(f"order: {self.order} removes weights as {DEFAULT_PRUNER} does, expected that pruner")
        if self.teacher is not None and not self.teachers:
            raise ValueError("teacher: expected `teachers`, how many of it are trained")
        return self
