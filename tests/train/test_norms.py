"""Batch norms measured on samples as a training meets them."""

from pathlib import Path

import pytest
import torch
from datafiles import jet_arrays, jets_config, write_npz
from problems import blobs

from nac.arch import Aggregate, Architecture, Dense, Network, initialised
from nac.tasks import make_task
from nac.train import measure_norms


def _statistics(network: Network) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in network.state_dict().items() if "running" in name}


def test_norms_know_the_real_inputs_afterwards(tmp_path: Path) -> None:
    task = make_task(jets_config(augment=["flip_eta"]))
    dataset = task.load([write_npz(tmp_path / "jets.npz", **jet_arrays(200))], seed=0)
    blocks = (Dense(width=8, norm="batch"), Aggregate(), Dense(width=8))
    network = initialised(Architecture(input=(3, 8), outputs=5, blocks=blocks), 0)
    weights = {name: value.clone() for name, value in network.named_parameters()}
    measure_norms(network, dataset.train, 0)
    assert not network.training
    first = _statistics(network)
    assert first
    x, _ = dataset.train.epoch(torch.Generator().manual_seed(0))
    network.train()
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                module.reset_running_stats()
                module.momentum = None
        network(x)
    for name, value in _statistics(network).items():
        torch.testing.assert_close(first[name], value, rtol=1e-4, atol=1e-5)
    assert all(torch.equal(value, weights[name]) for name, value in network.named_parameters())


@pytest.mark.parametrize("more", [1, 2])
def test_a_few_samples_more_than_a_batch_count_no_more_than_others(more: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one a batch norm has no variance; two would count for half of all."""
    _, dataset, architecture = blobs()
    monkeypatch.setattr("nac.train.norms.BATCH", len(dataset.train) - more)
    network, whole = (initialised(architecture, 0) for _ in range(2))
    measure_norms(network, dataset.train, 0)
    monkeypatch.setattr("nac.train.norms.BATCH", len(dataset.train))
    measure_norms(whole, dataset.train, 0)
    for name, value in _statistics(network).items():
        torch.testing.assert_close(value, _statistics(whole)[name], rtol=0.02, atol=0.02)
