"""Real samples with what a trained network says of them: labels alone do most (Qin et al. 2024, arXiv 2406.10485)."""

from dataclasses import replace

from nac.compress.distillation.contract import Distilled, Distilling
from nac.compress.distillation.coreset import drawn
from nac.compress.distillation.registry import DISTILLERS
from nac.tasks import TrainSplit
from nac.train import device_of, predict


@DISTILLERS.register("soft_labels")
def soft_labels(distilling: Distilling) -> Distilled:
    """Samples drawn at random, with probabilities of the classes by a network that is trained on all of them.

    Where the loss takes none (a regression, several outputs, hard labels only) the samples stay as they are.
    """
    few = drawn(distilling)
    if not distilling.soft:
        return few
    network = distilling.trained()
    train = TrainSplit.prepared(few.raw, few.physical, distilling.task.config.data, distilling.dataset.preprocessing)
    x, _ = train.on(device_of(network))
    return replace(few, probabilities=predict(network, x).softmax(dim=1).cpu())
