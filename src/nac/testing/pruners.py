"""The contract of a pruner."""

import tempfile
from pathlib import Path

import numpy as np
import torch

from nac.arch import Architecture, Dense, initialised
from nac.compress.pruners import Pruner, Pruning
from nac.config import DataConfig, SearchConfig, TaskConfig, TrainConfig
from nac.config.names import Choice
from nac.tasks import Dataset, Task, make_task

FEATURES, ROUNDS, SPARSITY = 6, 2, 0.7
ARCHITECTURE = Architecture(input=(FEATURES,), blocks=(Dense(width=10), Dense(width=8)), outputs=2)


def check_pruner(pruner: Pruner) -> None:
    """Masks of every layer in every round, sparser and sparser, in the end as asked; the same for the same seed."""
    task, dataset = _points()
    budget = TrainConfig(epochs=1, batch_size=64)
    pruning = Pruning(
        task=task, dataset=dataset, start=lambda: initialised(ARCHITECTURE, 0), train=budget, sparsity=SPARSITY,
        rounds=ROUNDS, seed=0, distilled=lambda: dataset, distilled_train=budget,
    )  # fmt: skip
    rounds, again = (list(pruner(pruning)) for _ in range(2))
    assert len(rounds) == ROUNDS, f"expected {ROUNDS} rounds, found {len(rounds)}"
    network = initialised(ARCHITECTURE, 0)
    shapes = {name: network.weight(name).shape for name in network.weighted}
    for found in rounds:
        assert {name: mask.shape for name, mask in found.masks.items()} == shapes, "expected a mask of every layer"
        assert all(bool(((mask == 0) | (mask == 1)).all()) for mask in found.masks.values()), "expected zeros and ones"
        assert all(bool(mask.any()) for mask in found.masks.values()), "a layer is left without weights"
    first, last = rounds[0].masks, rounds[-1].masks
    assert all(bool((last[name] <= first[name]).all()) for name in last), "expected what is gone to stay gone"
    kept = torch.cat([mask.flatten() for mask in last.values()]).double()
    wanted = round((1 - SPARSITY) * kept.numel())
    assert int(kept.sum()) == wanted, f"expected {wanted} of {kept.numel()} weights, found {int(kept.sum())}"
    assert all(bool((again[-1].masks[name] == last[name]).all()) for name in last), "expected the same masks again"


def _points() -> tuple[Task, Dataset]:
    """Two classes of points, told apart by the sum of two features."""
    config = TaskConfig(
        name="points", space="any", search=SearchConfig.model_validate({"objectives": [{"name": "bops"}]}),
        data=DataConfig(layout=Choice(name="arrays"), kind="classification", classes=("a", "b"), shape=(FEATURES,)),
    )  # fmt: skip
    x = np.random.default_rng(0).normal(size=(400, FEATURES))
    task = make_task(config)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "points.npz"
        np.savez(path, x=x, y=(x[:, 0] + x[:, 1] > 0).astype(np.int64))
        return task, task.load([path], seed=0)
