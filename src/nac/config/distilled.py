"""Settings of dataset distillation."""

from pathlib import Path

from pydantic import Field, PositiveFloat, PositiveInt

from nac.config.base import Model
from nac.config.names import DistillerName


class DistilledDataConfig(Model):
    """How the few samples are made that pruning trains on instead of the real ones.

    `file` names samples that `nac distill` has made; without it they are made for every winner. There are `per_class`
    samples of every class, or `samples` altogether for a regression.

    `trajectories` trains `experts` networks for `expert_epochs` epochs by SGD at `expert_rate`, then learns samples on
    which `inner_steps` steps of SGD go as far as `span` epochs of an expert. `iterations` and `learning_rate` (in units
    of the network's inputs) are those of learning the samples, by trajectories and by distribution.
    """

    file: Path | None = None
    method: DistillerName = "trajectories"
    per_class: PositiveInt = 50
    samples: PositiveInt = 100
    experts: PositiveInt = 2
    expert_epochs: PositiveInt = 12
    expert_rate: PositiveFloat = 0.02
    span: PositiveInt = 1
    inner_steps: PositiveInt = 15
    iterations: PositiveInt = 200
    learning_rate: float = Field(0.03, gt=0, le=1)
