"""Several outputs: regression beside classification, each with its own loss and metrics."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datafiles import task_config, write_npz
from numpy.typing import NDArray
from pydantic import ValidationError
from torch.nn import functional

from nac.arch import Architecture, Dense, Network
from nac.compress.distillation import Distilling, distil, read_distilled, write_distilled
from nac.config import DistilledDataConfig, TaskConfig, TrainConfig
from nac.errors import InputError
from nac.global_search import goals
from nac.report.quantities import quantity
from nac.tasks import Dataset, Preprocessing, Task, baselines, describe, make_task
from nac.train import Teacher, evaluate, fit

HEADS: dict[str, Any] = {
    "energy": {"kind": "regression", "loss": "huber", "metrics": ["mae"], "weight": 2.0},
    "particle": {"kind": "classification", "targets": "pid", "classes": ["electron", "pion", "muon"],
                 "metrics": ["accuracy", "efficiency@0.1:0"]},
}  # fmt: skip


def config(**data: Any) -> TaskConfig:
    return task_config("calorimeter", **{
        "layout": "arrays", "kind": "several", "shape": [4], "heads": HEADS, "scaling": "standard", **data,
    })  # fmt: skip


def samples(n: int = 900) -> dict[str, NDArray[Any]]:
    """Energies around 50 that are a linear function of the inputs, and three kinds of particles."""
    generator = np.random.default_rng(0)
    pid = generator.integers(3, size=n)
    x = generator.normal(size=(n, 4)) + 3 * np.eye(4)[pid]
    return {"x": x, "energy": 50 + 8 * x[:, 3] + x[:, 0], "pid": np.array(["electron", "PION", "muon"])[pid]}


def loaded(tmp_path: Path, **data: Any) -> tuple[Task, Dataset]:
    task = make_task(config(**data))
    return task, task.load([write_npz(tmp_path / "d.npz", **samples())], seed=0)


NETWORK = Architecture(input=(4,), outputs=4, blocks=(Dense(width=16),))
BUDGET = TrainConfig(epochs=25, batch_size=64, learning_rate=1e-2)


def test_outputs_lie_side_by_side(tmp_path: Path) -> None:
    task, dataset = loaded(tmp_path)
    assert task.outputs == 4
    assert task.metric_names == ("mae@energy", "accuracy@particle", "efficiency@0.1:0@particle")
    assert dataset.train.y.shape == (764, 4)
    assert set(dataset.train.y[:, 1:].sum(dim=1).tolist()) == {1.0}, "classes are one-hot, without offset and scale"
    assert dataset.preprocessing.output_offset[0] == pytest.approx(51, abs=1)
    assert dataset.preprocessing.output_scale[1:] == (1.0, 1.0, 1.0)
    assert set(dataset.ranges.targets) == {"energy", "particle=electron", "particle=pion", "particle=muon"}


def test_the_loss_is_the_sum_of_those_of_the_heads(tmp_path: Path) -> None:
    task, dataset = loaded(tmp_path)
    outputs, y = torch.randn(20, 4, generator=torch.Generator().manual_seed(0)), dataset.train.y[:20]
    huber = functional.huber_loss(outputs[:, 0], y[:, 0])
    entropy = functional.cross_entropy(outputs[:, 1:], y[:, 1:].argmax(dim=1))
    assert float(task.loss(outputs, y)) == pytest.approx(float(2 * huber + entropy), rel=1e-5)
    goal = torch.zeros(20, 4)
    taught = Teacher((), temperature=1.0).loss(outputs, goal, task.heads)
    student = functional.log_softmax(outputs[:, 1:], dim=1)
    divergence = functional.kl_div(student, torch.full((20, 3), 1 / 3), reduction="batchmean")
    assert float(taught) == pytest.approx(float(2 * outputs[:, 0].square().mean() + divergence), rel=1e-5)


def test_both_are_learned_and_beat_the_trivial_answers(tmp_path: Path) -> None:
    task, dataset = loaded(tmp_path)
    torch.manual_seed(0)
    network = Network(NETWORK)
    fit(network, dataset, task, BUDGET, seed=0)
    found = evaluate(network, dataset.test, task)
    assert list(found) == ["mae@energy", "accuracy@particle", "efficiency@0.1:0@particle"]
    assert found["accuracy@particle"] > 0.9
    assert found["mae@energy"] < 1.5
    constant, linear = baselines(task, dataset)
    assert constant.metrics["test"]["mae@energy"] > 4
    assert constant.metrics["test"]["accuracy@particle"] < 0.6
    assert linear.metrics["test"]["mae@energy"] < 0.1


def test_metrics_of_heads_are_objectives_and_columns(tmp_path: Path) -> None:
    task, _ = loaded(tmp_path)
    search = task.config.search.model_validate({"objectives": [{"name": "mae@energy", "max": 5}, {"name": "bops"}]})
    asked = goals(search, task.metric_names)
    assert asked.directions == ["minimize", "minimize"]
    assert [limit.name for limit in asked.limits] == ["mae@energy<=5"]
    assert quantity("mae@energy").axis == "Mean absolute error of energy"
    assert quantity("test_mae@energy_se").label == "standard error of the mean absolute error of energy"
    assert quantity("efficiency@0.1:0@particle").percent


def test_tables_and_described_files(tmp_path: Path) -> None:
    arrays = samples()
    head = "a,b,c,d,energy,pid"
    rows = [",".join([*(f"{v:.4f}" for v in x), f"{e:.4f}", p])
            for x, e, p in zip(arrays["x"], arrays["energy"], arrays["pid"], strict=True)]  # fmt: skip
    (tmp_path / "t.csv").write_text("\n".join([head, *rows]))
    task = make_task(config())
    table = task.load([tmp_path / "t.csv"], seed=0)
    arrays_ = loaded(tmp_path)[1]
    assert table.preprocessing.features == ("a", "b", "c", "d")
    assert torch.allclose(table.train.y, arrays_.train.y, atol=1e-3)
    facts = describe(task, [tmp_path / "t.csv"])
    assert "problem" not in facts
    assert len(facts["targets"]) == 4


def test_distilled_samples_are_written_and_read_again(tmp_path: Path) -> None:
    task, dataset = loaded(tmp_path)
    settings = DistilledDataConfig(method="unrolled", samples=12, iterations=3)
    few = distil(Distilling(task, dataset, lambda seed: Network(NETWORK), settings, 0))
    write_distilled(tmp_path / "few.npz", few, task.config.data)
    again = read_distilled(tmp_path / "few.npz", task.config.data, dataset.preprocessing)
    assert torch.allclose(again.raw, few.raw)
    assert torch.allclose(again.physical[:, 0], few.physical[:, 0])
    assert torch.equal(again.physical[:, 1:].argmax(dim=1), few.physical[:, 1:].argmax(dim=1))


def test_a_class_without_samples_is_named(tmp_path: Path) -> None:
    arrays = samples()
    arrays["pid"] = np.where(arrays["pid"] == "muon", "electron", arrays["pid"])
    with pytest.raises(InputError, match=r"no sample of class muon, expected some of each of electron, pion, muon"):
        make_task(config()).load([write_npz(tmp_path / "d.npz", **arrays)])


@pytest.mark.parametrize(
    ("data", "match"),
    [
        ({"heads": {"energy": HEADS["energy"]}}, "names at least two"),
        ({"kind": "regression", "outputs": 1}, "no other has any"),
        ({"heads": {**HEADS, "x": {"kind": "classification"}}}, "expected at least two for a classification"),
        ({"heads": {**HEADS, "x": {"kind": "regression", "loss": "focal"}}}, "'focal' is for a classification"),
        ({"heads": {**HEADS, "x": {"kind": "regression", "metrics": ["accuracy"]}}}, "'accuracy' is for a class"),
        ({"heads": {**HEADS, "x_low": {"kind": "regression"}}}, "does not end in"),
        ({"heads": {**HEADS, "x": {"kind": "regression", "targets": ["a", "b"]}}}, r"heads\.x\.targets: expected one"),
        ({"layout": "patches", "scaling": "patch", "shape": []}, "the layout 'patches' is for regression"),
        ({"class_weights": "balanced"}, "expected them under data.heads"),
    ],
)
def test_wrong_heads_are_refused(data: dict[str, Any], match: str) -> None:
    with pytest.raises(ValidationError, match=match):
        config(**data)


def test_losses_and_metrics_of_all_outputs_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"loss: expected it under data\.heads\.NAME"):
        TaskConfig.model_validate({**config().model_dump(mode="json"), "loss": "mse"})


TWO: dict[str, Any] = {
    "layout": "arrays", "kind": "regression", "shape": [4], "targets": ["energy", "time"], "outputs": 2,
    "units": ["GeV", "ns"], "scaling": "standard",
}  # fmt: skip


def test_every_target_has_a_metric_of_its_own_in_its_unit() -> None:
    task = make_task(task_config("pulse", **TWO))
    assert task.metric_names == ("rmse", "mae", "rmse@energy", "rmse@time")
    generator = np.random.default_rng(1)
    truth, outputs = (generator.normal(size=(200, 2)) * [1, 30] for _ in range(2))
    found = task.metrics(outputs, truth, Preprocessing(scaling="none"))
    each = np.sqrt(np.mean((outputs - truth) ** 2, axis=0))
    assert [found["rmse@energy"], found["rmse@time"]] == pytest.approx(each)
    assert found["rmse"] == pytest.approx(np.sqrt(np.mean(each**2)))
    search = task.config.search.model_validate({"objectives": [{"name": "rmse@time"}, {"name": "bops"}]})
    assert goals(search, task.metric_names).names == ["rmse@time", "bops"]
    assert quantity("rmse@time").direction == "minimize"


def test_a_metric_of_a_target_that_there_is_not_is_refused() -> None:
    settings = task_config("pulse", **TWO).model_copy(update={"metrics": ("rmse@enrgy",)})
    with pytest.raises(InputError, match=r"metrics: rmse@enrgy: expected one of the targets energy, time after the @"):
        make_task(settings)
