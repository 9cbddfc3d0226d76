"""Pruning that keeps no weight in vain."""

import pytest
import torch
from networks import ATTENTION_CNN, DEEP_SETS

from nac.arch import Architecture, Network, copied, initialised, quantise
from nac.compress.pruners import Masks, keep_largest
from nac.compress.pruners.connected import keep_connected, paths, unit_network
from nac.compress.pruners.scores import keep_highest, lamp_scores

CHAIN = Architecture.model_validate(
    {"input": (2,), "outputs": 1, "blocks": [{"block": "dense", "width": 2}, {"block": "dense", "width": 2}]}
)
ARCHITECTURES = {"deep sets": DEEP_SETS, "attention": ATTENTION_CNN, "chain": CHAIN}


def idle(network: Network, masks: Masks) -> int:
    """Kept weights that are in no path."""
    through = paths(unit_network(network.architecture), masks)
    return sum(int((mask.bool() & ~through[name]).sum()) for name, mask in masks.items())


def test_paths_by_hand() -> None:
    """The second unit of the first layer has no inputs: what leaves it leads nowhere, what could enter it does."""
    network = initialised(CHAIN, 0)
    masks = {name: torch.ones_like(network.weight(name)) for name in network.weighted}
    masks["dense0"][1] = 0
    masks["output"][0, 0] = 0
    through = paths(unit_network(CHAIN), masks)
    assert through["dense0"].tolist() == [[True, True], [True, True]]
    assert through["dense1"].tolist() == [[False, False], [True, False]]
    assert through["output"].tolist() == [[True, True]]
    masks["dense1"][1] = 0
    assert not paths(unit_network(CHAIN), masks)["dense0"].any(), "no output is reached any more"


@pytest.mark.parametrize(("name", "keep"), [("deep sets", 0.05), ("attention", 0.3)])
def test_a_weight_outside_of_all_paths_changes_no_output_but_by_a_constant(name: str, keep: float) -> None:
    """Removing what scores alone keep in vain moves an output by the same for all samples."""
    network = initialised(ARCHITECTURES[name], 3).eval()
    masks = keep_highest(lamp_scores(network), keep).masks
    through = paths(unit_network(network.architecture), masks)
    assert 0 < idle(network, masks) < sum(float(mask.sum()) for mask in masks.values())
    x = torch.randn(16, *network.architecture.input, generator=torch.Generator().manual_seed(0))

    def outputs(chosen: Masks) -> torch.Tensor:
        twin = copied(network).eval()
        with torch.no_grad():
            for layer, mask in chosen.items():
                twin.weight(layer).mul_(mask)
            found: torch.Tensor = twin(x)
            return found

    useful = {layer: mask * through[layer] for layer, mask in masks.items()}
    moved = outputs(useful) - outputs(masks)
    assert float((moved - moved[0]).abs().max()) < 1e-6


@pytest.mark.parametrize("sparsity", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("name", ["deep sets", "attention"])
def test_every_kept_weight_is_in_a_path(name: str, sparsity: float) -> None:
    network = initialised(ARCHITECTURES[name], 1)
    found = keep_largest(network, 1 - sparsity)
    weights = sum(mask.numel() for mask in found.masks.values())
    assert sum(int(mask.sum()) for mask in found.masks.values()) == round((1 - sparsity) * weights)
    assert idle(network, found.masks) == 0
    assert found.idle == idle(network, keep_highest(lamp_scores(network), 1 - sparsity).masks)


def test_it_says_how_many_weights_were_in_vain() -> None:
    assert keep_largest(initialised(DEEP_SETS, 1), 0.05).idle > 0
    assert keep_largest(initialised(DEEP_SETS, 1), 0.9).idle == 0


def test_what_is_gone_stays_gone() -> None:
    network = initialised(DEEP_SETS, 2)
    first = keep_largest(network, 0.3).masks
    with torch.no_grad():  # now the largest of all
        for name, mask in first.items():
            network.weight(name).add_(10 * (1 - mask))
    second = keep_largest(network, 0.1, first).masks
    assert all(bool((mask <= first[name]).all()) for name, mask in second.items())
    assert idle(network, second) == 0


def test_magnitudes_alone_decide_where_nothing_is_in_vain() -> None:
    network = initialised(DEEP_SETS, 0)
    alone = keep_highest(lamp_scores(network), 0.8)
    assert alone.masks.keys() == keep_largest(network, 0.8).masks.keys()
    assert all(mask.equal(keep_largest(network, 0.8).masks[name]) for name, mask in alone.masks.items())


def test_other_scores_decide_where_they_are_given() -> None:
    network = initialised(DEEP_SETS, 0)
    generator = torch.Generator().manual_seed(0)
    scores = {name: torch.rand(score.shape, generator=generator) for name, score in lamp_scores(network).items()}
    given = keep_connected(network, scores, 0.8).masks
    assert all(mask.equal(given[name]) for name, mask in keep_highest(scores, 0.8).masks.items())


def test_quantised_networks_are_pruned_alike() -> None:
    network = quantise(initialised(DEEP_SETS, 0), DEEP_SETS.with_bits(weights=6, activations=6))
    found = keep_largest(network, 0.1)
    assert list(found.masks) == network.weighted
    assert idle(network, found.masks) == 0
