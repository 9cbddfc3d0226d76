"""Training on a GPU, shown on one that is not there (support/elsewhere.py)."""

import pytest
import torch
from elsewhere import CUDA, HERE, Elsewhere
from problems import blobs

from nac.arch import Network, quantise
from nac.config import TrainConfig
from nac.errors import InputError, WorkError
from nac.tasks import Dataset
from nac.train import DeviceName, FitResult, Teacher, fit, training_device

SHORT = TrainConfig(epochs=2, batch_size=64)


def trained(device: torch.device, *, quantised: bool, dataset: Dataset | None = None) -> tuple[Network, FitResult]:
    """A network taught under masks on a device."""
    task, own, architecture = blobs()
    dataset = dataset or own
    dataset.device = device
    torch.manual_seed(0)
    network, teacher = Network(architecture), Network(architecture)
    if quantised:
        network = quantise(network)
    name = network.weighted[0]
    masks = {name: (torch.arange(network.weight(name).numel()).reshape(network.weight(name).shape) % 2).float()}
    return network, fit(network, dataset, task, SHORT, seed=0, masks=masks, teacher=Teacher((teacher,)))


@pytest.mark.parametrize("quantised", [False, True])
def test_a_training_elsewhere_is_the_training_here(quantised: bool) -> None:
    here, plain = trained(HERE, quantised=quantised)
    with Elsewhere() as elsewhere:
        there, result = trained(CUDA, quantised=quantised)
    assert elsewhere.operations > 500
    assert result.history == plain.history
    for before, after in zip(here.state_dict().values(), there.state_dict().values(), strict=True):
        assert torch.equal(before, after)
        assert not elsewhere.holds(after)


def test_samples_are_moved_once() -> None:
    _, dataset, _ = blobs()
    with Elsewhere() as elsewhere:
        for _ in range(2):
            trained(CUDA, quantised=False, dataset=dataset)
    for split in (dataset.train, dataset.validation):
        assert elsewhere.moved.count(tuple(split.x.shape)) == 1
        assert not elsewhere.holds(split.x)


def test_a_network_comes_back_from_a_training_that_fails() -> None:
    task, dataset, architecture = blobs()
    dataset.device = CUDA
    network = Network(architecture)

    def diverge(epoch: int, figures: object) -> None:
        raise WorkError("diverged")

    with Elsewhere() as elsewhere:
        with pytest.raises(WorkError, match="diverged"):
            fit(network, dataset, task, SHORT, seed=0, on_epoch=diverge)
        assert elsewhere.operations
        assert not any(elsewhere.holds(parameter) for parameter in network.parameters())


def test_tensors_on_two_devices_do_not_meet() -> None:
    with Elsewhere(), pytest.raises(AssertionError, match="two devices"):
        torch.ones(3).to(CUDA) + torch.ones(3)


@pytest.mark.parametrize(
    ("name", "gpu", "expected"),
    [("auto", True, "cuda"), ("auto", False, "cpu"), ("cpu", True, "cpu"), ("cuda", True, "cuda")],
)
def test_the_device_of_a_name(monkeypatch: pytest.MonkeyPatch, name: DeviceName, gpu: bool, expected: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    assert training_device(name).type == expected


def test_a_gpu_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="--device cuda: there is no GPU"):
        training_device("cuda")
