from dataclasses import replace
from functools import cache, partial

import pytest
import torch
from networks import ATTENTION_CNN, DEEP_SETS
from problems import blobs, line
from scipy.stats import spearmanr

from nac.arch import Architecture, Network, copied, initialised
from nac.compress.distillation import Distilling, distil
from nac.compress.pruners import PRUNERS, Masks, Pruning, Round, keep_largest, keep_salient, prune, rewound
from nac.compress.pruners.scores import keep_highest, lamp_scores, magnitudes, saliencies
from nac.compress.pruners.synflow import positive, synaptic_flow
from nac.config import DistilledDataConfig, TrainConfig
from nac.tasks import Dataset, Task
from nac.train import fit

BUDGET = TrainConfig(epochs=2, batch_size=64, learning_rate=1e-2)
PROBLEMS = {"classification": cache(blobs), "regression": cache(line)}


def pruning(
    task: Task, dataset: Dataset, architecture: Architecture, sparsity: float, rounds: int = 3, seed: int = 0
) -> Pruning:
    start = initialised(architecture, seed)
    few = DistilledDataConfig(method="random", per_class=5, samples=15)
    distilling = Distilling(task, dataset, partial(initialised, architecture), few, seed)
    return Pruning(
        task, dataset, lambda: copied(start), BUDGET, sparsity, rounds, seed,
        lambda: distil(distilling).dataset(dataset, task.config), BUDGET,
    )  # fmt: skip


def kept(masks: Masks) -> int:
    return int(sum(mask.sum() for mask in masks.values()))


def size(masks: Masks) -> int:
    return sum(mask.numel() for mask in masks.values())


def equal(one: Masks, other: Masks) -> bool:
    return list(one) == list(other) and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("sparsity", [0.3, 0.5, 0.8, 0.95])
def test_the_smallest_weights_of_every_layer_go_first(sparsity: float) -> None:
    network = initialised(DEEP_SETS, 0)
    masks = keep_highest(lamp_scores(network), 1 - sparsity).masks
    assert kept(masks) == round((1 - sparsity) * size(masks))
    for name, mask in masks.items():
        weight = network.weight(name).detach().abs()
        if not mask.bool().all():
            assert float(weight[mask.bool()].min()) >= float(weight[~mask.bool()].max())


def test_the_scale_of_a_layer_does_not_decide_what_is_pruned() -> None:
    network = initialised(DEEP_SETS, 0)
    before = keep_highest(lamp_scores(network), 0.2).masks
    with torch.no_grad():
        for power, name in enumerate(network.weighted):
            network.weight(name).mul_(4.0**power)
    assert equal(before, keep_highest(lamp_scores(network), 0.2).masks)


def test_the_score_of_lamp_by_hand() -> None:
    """Squares 1, 4, 9 of one layer: 1 of all 14, 4 of the 13 that are not smaller, 9 of itself."""
    network = initialised(Architecture(input=(3,), outputs=1, blocks=()), 0)
    with torch.no_grad():
        network.weight("output").copy_(torch.tensor([[-2.0, 1.0, 3.0]]))
    assert lamp_scores(network)["output"].tolist() == [pytest.approx([4 / 13, 1 / 14, 1.0])]


def test_saliencies_tell_which_weights_the_loss_would_miss() -> None:
    """Against trying: the loss of all training samples without each weight in turn."""
    task, dataset, architecture = blobs()
    network = initialised(architecture, 0)
    fit(network, dataset, task, TrainConfig(epochs=5, batch_size=64, learning_rate=1e-2), seed=0)
    network.eval()
    found = saliencies(network, task, dataset, seed=0)
    told, tried = [], []
    with torch.no_grad():
        for name, scores in found.items():
            weights = network.weight(name).view(-1)
            for index, score in enumerate(scores.flatten().tolist()):
                weight = weights[index].item()
                weights[index] = 0
                tried.append(float(task.loss(network(dataset.train.x), dataset.train.y)))
                weights[index] = weight
                told.append(score)
    assert spearmanr(told, tried).statistic > 0.8


def test_saliencies_are_found_where_the_network_is() -> None:
    """In the middle of a training that may be a GPU; torch's device without values stands for it."""
    task, dataset, architecture = blobs()
    network = initialised(architecture, 0).to("meta")
    assert {score.device.type for score in saliencies(network, task, dataset, seed=0).values()} == {"meta"}


def test_gradual_pruning_goes_by_saliency_and_lamp_by_magnitude() -> None:
    given = pruning(*blobs(), sparsity=0.8)
    trained = given.trained({})
    salient = keep_salient(trained, 0.2 ** (1 / 3), given.task, given.dataset, given.seed).masks
    largest = keep_largest(trained, 0.2 ** (1 / 3)).masks
    assert equal(next(PRUNERS["gradual"](given)).masks, salient)
    assert equal(next(PRUNERS["lamp"](given)).masks, largest)
    assert not equal(salient, largest)


def test_rewinding_goes_back_to_the_same_early_weights() -> None:
    task, dataset, architecture = blobs()

    def after(epochs: int) -> Network:
        return rewound(initialised(architecture, 0), epochs, task, dataset, BUDGET, seed=0)

    start = initialised(architecture, 0).state_dict()
    assert all(torch.equal(start[name], value) for name, value in after(0).state_dict().items())
    assert all(torch.equal(value, after(1).state_dict()[name]) for name, value in after(1).state_dict().items())
    assert not torch.equal(start["layers.output.weight"], after(1).state_dict()["layers.output.weight"])


def test_no_layer_is_pruned_away_and_the_guard_says_so() -> None:
    network = initialised(ATTENTION_CNN, 0)
    scores = {name: network.weight(name).detach().abs() for name in network.weighted}
    scores["conv2d3"] *= 1e-6
    found = keep_highest(scores, 0.2)
    assert found.guarded["conv2d3"] == 0
    assert found.masks["conv2d3"].sum() == round(0.2 * 0.2 * found.masks["conv2d3"].numel())
    assert kept(found.masks) == round(0.2 * size(found.masks)), "what the guard keeps, other layers give up"


def test_ties_are_cut_exactly() -> None:
    masks = keep_highest({"a": torch.zeros(10), "b": torch.ones(3, 10)}, 0.5).masks
    assert kept(masks) == 20
    assert masks["a"].sum() == 1


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("name", PRUNERS)
def test_contract_of_pruners(name: str, problem: str) -> None:
    """Masks of every weight layer, of 0 and 1, shaped as its weights, exactly as sparse as asked, nested, seeded."""
    task, dataset, architecture = PROBLEMS[problem]()
    pruned = prune(name, pruning(task, dataset, architecture, 0.7))
    network = Network(architecture)
    assert len(pruned.rounds) == len(pruned.guarded) == 3
    before = {layer: torch.ones_like(network.weight(layer)) for layer in network.weighted}
    for done, found in enumerate(pruned.rounds, start=1):
        assert list(found.masks) == network.weighted
        assert kept(found.masks) == round(0.3 ** (done / 3) * size(found.masks))
        for layer, mask in found.masks.items():
            assert mask.shape == network.weight(layer).shape
            assert bool(((mask == 0) | (mask == 1)).all())
            assert bool((mask <= before[layer]).all()), "what is gone stays gone"
        before = found.masks
    assert equal(pruned.masks, prune(name, pruning(task, dataset, architecture, 0.7)).masks)
    assert not equal(pruned.masks, prune(name, pruning(task, dataset, architecture, 0.7, seed=1)).masks)


@pytest.mark.parametrize("name", PRUNERS)
def test_no_pruner_empties_a_layer_at_extreme_sparsity(name: str) -> None:
    task, dataset, architecture = PROBLEMS["classification"]()
    masks = prune(name, pruning(task, dataset, architecture, 0.98)).masks
    assert all(mask.any() for mask in masks.values())
    assert kept(masks) == max(3, round(0.02 * size(masks)))


def test_phi_is_pruned_too() -> None:
    network = initialised(DEEP_SETS, 0)
    masks = keep_highest(lamp_scores(network), 0.2).masks
    assert list(masks) == network.weighted
    assert all(float(masks[name].mean()) < 1 for name in network.weighted[:3])


def test_distilled_pruning_never_trains_on_real_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    task, dataset, architecture = PROBLEMS["classification"]()
    seen: list[bool] = []
    trained = Pruning.trained

    def spy(self: Pruning, masks: Masks, *, distilled: bool = False) -> Network:
        seen.append(distilled)
        return trained(self, masks, distilled=distilled)

    monkeypatch.setattr(Pruning, "trained", spy)
    used = {}
    for name in PRUNERS:
        seen.clear()
        prune(name, pruning(task, dataset, architecture, 0.5))
        used[name] = list(seen)
    assert used == {
        "gradual": [False],
        "lamp": [False] * 3,
        "global_magnitude": [False] * 3,
        "distilled": [True] * 3,
        "distilled_then_real": [True, True, False],
        "synflow": [],
        "random": [],
    }


def test_random_pruning_prefers_no_layer() -> None:
    task, dataset, _ = PROBLEMS["classification"]()
    architecture = DEEP_SETS
    masks = prune("random", pruning(task, dataset, architecture, 0.5)).masks
    for name, mask in masks.items():
        if mask.numel() > 500:
            assert float(mask.mean()) == pytest.approx(0.5, abs=0.06), name


def test_synaptic_flow_is_conserved() -> None:
    """Every layer carries the whole flow: the sum of its scores is the output (Theorem 2 of arXiv 2006.05467)."""
    network = positive(initialised(DEEP_SETS, 0))
    with torch.no_grad():
        total = float(network(torch.ones(1, *DEEP_SETS.input, dtype=torch.float64)).sum())
    flow = synaptic_flow(network, {})
    for name in network.weighted:
        assert float(flow[name].sum()) == pytest.approx(total)


def test_synaptic_flow_by_hand() -> None:
    """Of a hidden layer |1 2; 3 4| and outputs |5 6|, whatever the biases: 5·(1+2) + 6·(3+4) for inputs of one."""
    network = initialised(Architecture.model_validate(
        {"input": (2,), "outputs": 1, "blocks": [{"block": "dense", "width": 2}]}
    ), 0)  # fmt: skip
    with torch.no_grad():
        network.weight("dense0").copy_(torch.tensor([[1.0, -2.0], [-3.0, 4.0]]))
        network.weight("output").copy_(torch.tensor([[5.0, -6.0]]))
        for name, parameter in network.named_parameters():
            if name.endswith(".bias"):
                parameter.fill_(100.0)
    flow = synaptic_flow(positive(network), {})
    assert flow["dense0"].tolist() == [[5.0, 10.0], [18.0, 24.0]]
    assert flow["output"].tolist() == [[15.0, 42.0]]


def test_global_magnitude_keeps_the_largest_of_all_layers() -> None:
    given = pruning(*blobs(), sparsity=0.5, rounds=1)
    scores = magnitudes(given.trained({}))
    found = next(PRUNERS["global_magnitude"](given))
    assert not found.guarded
    kept_scores = torch.cat([scores[name][mask.bool()] for name, mask in found.masks.items()])
    others = torch.cat([scores[name][~mask.bool()] for name, mask in found.masks.items()])
    assert float(kept_scores.min()) >= float(others.max())


def test_a_round_without_guard_is_empty() -> None:
    found = keep_highest({"a": torch.arange(10.0), "b": torch.arange(10.0)}, 0.5)
    assert isinstance(found, Round)
    assert not found.guarded


def test_gradual_pruning_keeps_the_weights_of_the_dense_network() -> None:
    """One round trains nothing; the final training starts where the reference is, not at the initialisation."""
    task, dataset, architecture = PROBLEMS["classification"]()
    reference = initialised(architecture, 7)
    given = replace(pruning(task, dataset, architecture, 0.5, rounds=1), reference=lambda: copied(reference))
    found = prune("gradual", given).rounds[-1]
    start = given.final_start(found)
    assert all(torch.equal(start.weight(name), reference.weight(name)) for name in reference.weighted)
    several = prune("gradual", replace(given, rounds=3))
    for name, mask in several.rounds[0].masks.items():
        after = several.rounds[1].network
        assert after is not None
        assert not torch.equal(after.weight(name), reference.weight(name)), "it recovers between rounds"
        assert not after.weight(name)[mask == 0].any()


def test_other_pruners_train_from_their_start() -> None:
    task, dataset, architecture = PROBLEMS["classification"]()
    given = pruning(task, dataset, architecture, 0.5)
    start = given.final_start(prune("random", given).rounds[-1])
    assert all(torch.equal(start.weight(name), given.start().weight(name)) for name in start.weighted)
