"""Settings of dataset distillation."""

from pathlib import Path

from pydantic import Field, PositiveFloat, PositiveInt

from nac.config.base import Model
from nac.config.names import DistillerName


class DistilledDataConfig(Model):
    """How the few samples are made that pruning trains on instead of the real ones.

    `file` names samples that `nac distill` has made; without it they are made for every winner. There are `per_class`
    samples of every class, or `samples` altogether for a regression.

    `soft_labels` draws real ones and gives them the probabilities of the classes that the trained reference finds.
    `unrolled` learns samples, and probabilities of the classes in place of their labels, by what a network knows of
    the real ones after up to `unroll` steps of Adam at `inner_rate` on them; gradients go through the last `window`.
    `trajectories` trains `experts` networks for `expert_epochs` epochs by SGD at `expert_rate`, then learns samples on
    which `inner_steps` steps of SGD go as far as `span` epochs of an expert. `iterations` and `learning_rate` (in units
    of the network's inputs) are those of learning the samples.
    """

    file: Path | None = None
    method: DistillerName = "soft_labels"
    per_class: PositiveInt = 50
    samples: int = Field(100, ge=2)
    experts: PositiveInt = 2
    expert_epochs: PositiveInt = 12
    expert_rate: PositiveFloat = 0.02
    span: PositiveInt = 1
    inner_steps: PositiveInt = 15
    iterations: PositiveInt = 200
    learning_rate: float = Field(0.03, gt=0, le=1)
    unroll: PositiveInt = 60
    window: PositiveInt = 10
    inner_rate: PositiveFloat = 0.01
