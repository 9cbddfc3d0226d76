import pytest
import torch
from networks import ATTENTION_CNN, DEEP_SETS
from problems import blobs

from nac.arch import Network
from nac.compress import PRUNERS, Pruner, Pruning, smallest_removed
from nac.config import TrainConfig
from nac.train import fit

SPARSITIES = [0.3, 0.5, 0.8, 0.95]


def density(masks: dict[str, torch.Tensor]) -> float:
    return float(sum(mask.sum() for mask in masks.values()) / sum(mask.numel() for mask in masks.values()))


@pytest.mark.parametrize("sparsity", SPARSITIES)
def test_the_smallest_weights_of_all_layers_go_first(sparsity: float) -> None:
    torch.manual_seed(0)
    network = Network(DEEP_SETS)
    masks = smallest_removed(network, 1 - sparsity)
    assert density(masks) == pytest.approx(1 - sparsity, abs=0.02)
    kept = torch.cat([network.weight(name)[mask.bool()].abs() for name, mask in masks.items()])
    gone = torch.cat([network.weight(name)[~mask.bool()].abs() for name, mask in masks.items()])
    assert kept.median() > gone.median()


def test_no_layer_is_pruned_away() -> None:
    torch.manual_seed(0)
    network = Network(ATTENTION_CNN)
    with torch.no_grad():
        network.weight("conv3").mul_(1e-6)
    masks = smallest_removed(network, 0.2)
    assert all(mask.any() for mask in masks.values())
    assert masks["conv3"].sum() == round(0.2 * 0.2 * masks["conv3"].numel())


@pytest.mark.parametrize("pruner", PRUNERS.values(), ids=PRUNERS)
def test_contract_of_pruners(pruner: Pruner) -> None:
    """Masks of every weighted layer, of 0 and 1, shaped as its weights, as sparse as asked, the same every time."""
    task, dataset, architecture = blobs()

    def retrain(masks: dict[str, torch.Tensor]) -> Network:
        torch.manual_seed(0)
        network = Network(architecture)
        settings = TrainConfig(epochs=2, batch_size=64, learning_rate=1e-2)
        fit(network, dataset, task, settings, seed=0, masks=masks)
        return network

    masks = pruner(Pruning(retrain, 0.6, rounds=2))
    network = Network(architecture)
    assert list(masks) == network.weighted
    for name, mask in masks.items():
        assert mask.shape == network.weight(name).shape
        assert bool(((mask == 0) | (mask == 1)).all())
    assert density(masks) == pytest.approx(0.4, abs=0.03)
    again = pruner(Pruning(retrain, 0.6, rounds=2))
    assert all(torch.equal(mask, again[name]) for name, mask in masks.items())
