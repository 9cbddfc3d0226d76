"""The best float networks of a run as teachers of its designs."""

from pathlib import Path

import pytest
import torch
from problems import Problem

from nac.arch import initialised
from nac.compress import Winner, compress
from nac.compress.teachers import best_networks, named, teachers_of
from nac.config import CompressConfig, TeacherConfig, TrainConfig
from nac.design import save_float
from nac.pipeline.check import task_problems
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


def test_networks_of_a_named_architecture_are_trained_once_to_teach(problem: Problem, tmp_path: Path) -> None:
    task, dataset, _ = problem
    teacher = TeacherConfig(space="jets_mlp", baseline="tiny")
    settings = CompressConfig(train=budget(2), teachers=2, teacher=teacher)
    trained = teachers_of(tmp_path / "trials", settings, task, dataset)
    assert [network.architecture for network in trained] == [named(teacher, task)] * 2
    assert not torch.equal(*(next(network.parameters()) for network in trained)), "each begins elsewhere"
    folders = sorted((tmp_path / "teachers").iterdir())
    written = [(folder / "weights.safetensors").stat().st_mtime_ns for folder in folders]
    again = teachers_of(tmp_path / "trials", settings, task, dataset)
    assert written == [(folder / "weights.safetensors").stat().st_mtime_ns for folder in folders]
    assert all(torch.equal(a, b) for a, b in zip(trained[1].parameters(), again[1].parameters(), strict=True))
    other = TeacherConfig(space="jets_mlp", baseline="small")
    replaced = teachers_of(tmp_path / "trials", settings.model_copy(update={"teacher": other}), task, dataset)
    assert [network.architecture for network in replaced] == [named(other, task)] * 2


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"teachers": 1, "teacher": {"space": "jets_mlp", "baseline": "huge"}}, "tiny (found 'huge')"),
        ({"teachers": 1, "teacher": {"space": "nowhere", "baseline": "tiny"}}, "compress.teacher: "),
    ],
)
def test_a_teacher_that_is_not_there_is_said_before_any_work(
    problem: Problem, changes: dict[str, object], expected: str
) -> None:
    compress = CompressConfig.model_validate(changes)
    config = problem[0].config.model_copy(update={"compress": compress})
    assert any(expected in line for line in task_problems(config, "task x"))


def budget(epochs: int) -> TrainConfig:
    return TRAIN.model_copy(update={"epochs": epochs})
