"""The best float networks of a run as teachers of its designs."""

from pathlib import Path

import pytest
import torch
from problems import Problem

from nac.arch import initialised
from nac.compress import Winner, compress
from nac.compress.teachers import best_networks
from nac.config import CompressConfig, TrainConfig
from nac.design import save_float
from nac.rundir import Run
from nac.train import Teacher, fit, validation_loss

TRAIN = TrainConfig(epochs=6, batch_size=64, learning_rate=1e-2)


def test_the_best_float_networks_of_all_trials_teach(
    problem: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, dataset, architecture = problem
    run, losses = Run(tmp_path), []
    for number, epochs in enumerate((1, 8, 4)):
        network = initialised(architecture, number)
        fit(network, dataset, task, budget(epochs), seed=number)
        save_float(run.trial(number), network)
        losses.append(validation_loss(network, dataset.validation, task))
    (run.trial(7)).mkdir(parents=True)  # one that was cut off
    folders = list(run.trial(0).parent.glob("*"))
    best = best_networks(folders, 2, task, dataset)
    assert [validation_loss(network, dataset.validation, task) for network in best] == sorted(losses)[:2]

    taught: list[Teacher] = []
    outputs = Teacher.outputs

    def listening(self: Teacher, x: torch.Tensor) -> torch.Tensor:
        taught.append(self)
        return outputs(self, x)

    monkeypatch.setattr(Teacher, "outputs", listening)
    settings = CompressConfig(bits=(8,), sparsity=(0.0,), train=TRAIN, finetune=TRAIN, teachers=2, distil=0.7)
    compress([Winner(0, architecture)], task, dataset, run, settings, seed=1)
    assert taught
    assert {teacher.share for teacher in taught} == {0.7}
    for network, known in zip(taught[0].networks, best, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(network.parameters(), known.parameters(), strict=True))


def budget(epochs: int) -> TrainConfig:
    return TRAIN.model_copy(update={"epochs": epochs})
