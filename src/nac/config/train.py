"""The settings of one training."""

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt

from nac.config.base import Model


class TrainConfig(Model):
    """One training. `patience` epochs without a better validation value end it; the best epoch is restored.

    As a task's `train` it is that of a trial of the search and of nothing else; designs are trained by `compress.train`
    and `compress.finetune`. `label_smoothing` applies to classification only. The cosine schedule is gone through
    `cycles` times.
    """

    optimiser: Literal["adam", "adamw", "sgd", "rmsprop"] = "adam"
    learning_rate: PositiveFloat = 3.2e-3
    weight_decay: float = Field(0.0, ge=0)
    schedule: Literal["cosine", "one_cycle", "constant"] = "cosine"
    cycles: PositiveInt = 1
    epochs: PositiveInt = 40
    batch_size: PositiveInt = 256
    patience: PositiveInt = 20
    label_smoothing: float = Field(0.0, ge=0, lt=1)
