"""From a network on the way to a design: a short training at the widths that it has."""

from collections.abc import Mapping
from typing import cast

from torch import Tensor

from nac.arch import Network, copied
from nac.arch.quantisers.learned import Layer
from nac.compress.learned.settle import settled
from nac.compress.quantisation import Trainer
from nac.config import TrainConfig
from nac.train import FitResult, validation_loss


def finished(
    network: Network, state: Mapping[str, Tensor], trainer: Trainer, settings: TrainConfig
) -> tuple[Network, FitResult]:
    """The settled network of a state, trained on without changing a width or a zero, and how that went.

    Args:
        network: of learned widths, whose weights do not matter.
        state: of such a network.
        trainer: data, task and teacher.
        settings: budget; the network is as it was where the training does not lower the validation loss.

    Raises:
        WorkError: the training diverged.
    """
    start = copied(network)
    start.load_state_dict(state)
    start = settled(start)
    found = copied(start)
    for name, parameter in found.named_parameters():
        parameter.requires_grad_(name.rpartition(".")[2] in {"weight", "bias"})
    masks = {name: (cast(Layer, found.layers[name]).weight != 0).float() for name in found.weighted}
    result = trainer.fit(found, masks, settings)
    found = settled(found)
    before, after = (validation_loss(each, trainer.dataset.validation, trainer.task) for each in (start, found))
    return (found if after < before else start), result
