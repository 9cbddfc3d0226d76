import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from datafiles import bragg_config, jet_arrays, jets_config, patch_arrays, write_npz
from problems import Problem, blobs, line

from nac.arch import Aggregate, Architecture, Conv2d, Dense, Flatten, initialised
from nac.compress.distillation import DISTILLERS, Distilled, Distilling, distil, read_distilled, write_distilled
from nac.config import DistilledDataConfig, TaskConfig, TrainConfig
from nac.errors import InputError, WorkError
from nac.tasks import Dataset, describe, make_task
from nac.tasks.losses import LOSSES
from nac.testing import check_distiller
from nac.train import evaluate, fit, predict

FEW = {"per_class": 3, "samples": 9, "experts": 1, "expert_epochs": 3, "inner_steps": 4, "iterations": 6,
       "unroll": 6, "window": 3}


def _from(config: TaskConfig, architecture: Architecture, folder: Path, **arrays: object) -> Problem:
    task = make_task(config)
    return task, task.load([write_npz(folder / "real.npz", **arrays)], seed=0), architecture


def jets(folder: Path) -> Problem:
    blocks = (Dense(width=8, norm="batch"), Aggregate(), Dense(width=8))
    architecture = Architecture(input=(3, 8), outputs=5, blocks=blocks)
    return _from(jets_config(), architecture, folder, **jet_arrays(200))


def patches(folder: Path) -> Problem:
    architecture = Architecture(input=(1, 11, 11), outputs=2, blocks=(Conv2d(channels=2), Flatten(), Dense(width=4)))
    config = bragg_config(augment=["dihedral"])
    return _from(config, architecture, folder, **patch_arrays(80))


PROBLEMS: dict[str, Callable[[Path], Problem]] = {
    "jets": jets,
    "patches": patches,
    "classification": lambda folder: blobs(),
    "regression": lambda folder: line(),
}


def distilled(problem: Problem, method: str, seed: int = 0, **settings: object) -> Distilled:
    task, dataset, architecture = problem
    config = DistilledDataConfig.model_validate({**FEW, "method": method, **settings})
    return distil(Distilling(task, dataset, partial(initialised, architecture), config, seed))


@pytest.mark.parametrize("method", DISTILLERS)
def test_contract(method: str) -> None:
    check_distiller(DISTILLERS[method])


@pytest.mark.parametrize("name", ["jets", "patches"])
@pytest.mark.parametrize("method", DISTILLERS)
def test_contract_of_distillers(method: str, name: str, tmp_path: Path) -> None:
    """As many samples as asked, of every class alike, physical, the same every time, and no real one is changed."""
    problem = PROBLEMS[name](tmp_path)
    task, dataset, _ = problem
    before = dataset.train.raw.clone(), dataset.train.physical.clone()
    made = distilled(problem, method)
    if task.config.data.kind == "classification":
        assert made.physical.tolist() == [label for label in range(task.outputs) for _ in range(3)]
    else:
        assert made.physical.shape == (9, task.outputs)
    assert torch.isfinite(made.raw).all()
    assert made.raw.dtype == torch.float32
    again = distilled(problem, method)
    assert torch.equal(made.raw, again.raw)
    assert torch.equal(made.physical, again.physical)
    assert torch.equal(before[0], dataset.train.raw)
    assert torch.equal(before[1], dataset.train.physical)
    said = made.provenance
    assert (said["samples"], said["of"], said["settings"]["method"]) == (len(made), len(dataset.train), method)
    assert json.loads(json.dumps(said)) == said


@pytest.mark.parametrize("method", DISTILLERS)
def test_distilled_jets_are_jets(method: str, tmp_path: Path) -> None:
    """Sorted by a pT that is not negative; whoever has none has no direction either. Hard steps do not change that."""
    raw = distilled(jets(tmp_path), method, learning_rate=1.0).raw
    pt = raw[:, 0]
    assert bool((pt >= 0).all())
    assert bool((pt.diff(dim=1) <= 0).all())
    assert bool((raw.transpose(1, 2)[pt == 0] == 0).all())
    assert bool((pt > 0).any())
    assert bool((pt == 0).any()), "some of these jets are padded"


@pytest.mark.parametrize("method", DISTILLERS)
def test_distilled_patches_are_counts_with_their_peak_inside(method: str, tmp_path: Path) -> None:
    made = distilled(patches(tmp_path), method, learning_rate=1.0)
    assert made.raw.shape == (9, 11, 11)
    assert bool((made.raw >= 0).all())
    assert bool(((made.physical >= 0) & (made.physical <= 10)).all())
    assert bool((made.raw.amax(dim=(1, 2)) > 10).all()), "counts, not shares of the brightest one"


@pytest.mark.parametrize("method", ["unrolled", "trajectories"])
def test_targets_of_a_regression_are_learned_too(method: str) -> None:
    problem = line()
    task, dataset, _ = problem
    before, after = distilled(problem, "random"), distilled(problem, method, iterations=20)
    real = {tuple(row) for row in dataset.train.physical.tolist()}
    assert {tuple(row) for row in before.physical.tolist()} <= real
    assert not {tuple(row) for row in after.physical.tolist()} & real
    assert task.outputs == after.physical.shape[1]


def test_learned_samples_lead_where_the_experts_went() -> None:
    facts = distilled(blobs(), "trajectories", iterations=60, inner_steps=8).provenance
    assert facts["distance"]["last"] < 0.8 * facts["distance"]["first"]
    assert facts["distance"]["last"] < 0.9, "nearer to the expert than the weights that it started from"


@pytest.mark.parametrize("method", DISTILLERS)
def test_a_network_learns_the_real_task_from_distilled_samples_only(method: str) -> None:
    problem = blobs()
    task, dataset, architecture = problem
    made = distilled(problem, method, iterations=30).dataset(dataset, task.config)
    network = initialised(architecture, 1)
    budget = TrainConfig(optimiser="adamw", learning_rate=1e-2, epochs=60, batch_size=64, patience=60)
    fit(network, made, task, budget, seed=0)
    assert evaluate(network, dataset.test, task)["accuracy"] > 0.9


def test_samples_lower_the_loss_of_trainings_on_them() -> None:
    facts = distilled(blobs(), "unrolled", iterations=60, unroll=10, inner_rate=0.03).provenance
    assert facts["loss"]["last"] < 0.8 * facts["loss"]["first"]


def test_a_last_batch_of_one_real_sample_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = blobs()
    monkeypatch.setattr("nac.compress.distillation.unrolled.REAL_BATCH", len(problem[1].train) - 1)
    assert len(distilled(problem, "unrolled")) == 9


def test_what_is_learned_are_the_probabilities(tmp_path: Path) -> None:
    """Through a file as well, whether the task augments or not; the best epoch is chosen by them."""
    for name in ("jets", "classification"):
        problem = PROBLEMS[name](tmp_path)
        task, dataset, _ = problem
        file = tmp_path / f"{name}.npz"
        write_distilled(file, distilled(problem, "unrolled"), task.config.data)
        made = read_distilled(file, task.config.data, dataset.preprocessing)
        assert made.probabilities is not None
        assert not torch.equal(made.probabilities, made.probabilities.round())
        few = made.dataset(dataset, task.config)
        _, y = few.train.epoch(torch.Generator().manual_seed(0))
        torch.testing.assert_close(y, made.probabilities)
        torch.testing.assert_close(few.validation.y, made.probabilities)
        assert few.train.y.dtype == torch.int64


@pytest.mark.parametrize("method", ["unrolled", "soft_labels"])
def test_a_loss_that_takes_labels_only_gets_labels(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LOSSES._objects, "cross_entropy", replace(LOSSES["cross_entropy"], soft=False))
    assert distilled(blobs(), method).probabilities is None


def test_a_loss_that_takes_labels_only_learns_those_of_any_file(monkeypatch: pytest.MonkeyPatch) -> None:
    task, dataset, _ = problem = blobs()
    made = distilled(problem, "soft_labels")
    assert made.probabilities is not None
    monkeypatch.setitem(LOSSES._objects, "cross_entropy", replace(LOSSES["cross_entropy"], soft=False))
    few = made.dataset(dataset, task.config)
    assert few.train.learned.equal(few.train.y)
    assert few.validation.y.equal(few.train.y)


def test_soft_labels_are_those_of_the_trained_network() -> None:
    task, dataset, architecture = blobs()
    reference = initialised(architecture, 7)
    asked = Distilling(task, dataset, partial(initialised, architecture), DistilledDataConfig(per_class=4), 0,
                       reference=lambda: reference)  # fmt: skip
    made = distil(asked)
    x = made.dataset(dataset, task.config).train.x
    assert made.probabilities is not None
    torch.testing.assert_close(made.probabilities, predict(reference, x).softmax(1))
    assert torch.equal(made.raw, distilled(blobs(), "random", per_class=4).raw)


def test_soft_labels_are_learned_by_a_reference_of_its_own_where_none_is_given() -> None:
    made = distilled(blobs(), "soft_labels", per_class=20)
    assert made.probabilities is not None
    assert float((made.probabilities.argmax(1) == made.physical).float().mean()) > 0.9


def test_values_of_a_regression_have_no_soft_labels() -> None:
    made, drawn = distilled(line(), "soft_labels"), distilled(line(), "random")
    assert made.probabilities is None
    assert torch.equal(made.physical, drawn.physical)


@pytest.mark.parametrize("wrong", [np.ones((2, 2)), np.array([[0.5, 0.6, 0.0], [1, 0, 0]]), np.full((2, 3), np.nan)])
def test_strange_probabilities_are_named(tmp_path: Path, wrong: np.ndarray) -> None:
    task, dataset, _ = blobs()
    file = write_npz(tmp_path / "d.npz", x=np.zeros((2, 4), np.float32), y=np.array([0, 1]), probabilities=wrong)
    with pytest.raises(InputError, match=r"'probabilities': expected \(2, 3\) probabilities of the classes"):
        read_distilled(file, task.config.data, dataset.preprocessing)


@pytest.mark.parametrize("name", PROBLEMS)
def test_files_are_read_like_any_data_of_the_task(name: str, tmp_path: Path) -> None:
    problem = PROBLEMS[name](tmp_path)
    task, dataset, _ = problem
    made, file = distilled(problem, "unrolled"), tmp_path / "distilled.npz"
    write_distilled(file, made, task.config.data)
    again = read_distilled(file, task.config.data, dataset.preprocessing)
    torch.testing.assert_close(again.raw, made.raw, rtol=0, atol=0)
    torch.testing.assert_close(again.physical.double(), made.physical.double(), rtol=0, atol=1e-6)
    assert again.provenance == made.provenance
    facts = describe(task, [file])
    assert "problem" not in facts
    assert facts["selected"] == len(made)


def test_what_is_stored_is_what_was_trained_on(tmp_path: Path) -> None:
    """Preprocessing the stored samples gives inputs on which the preprocessing of the real ones has nothing to do."""
    for name, make in PROBLEMS.items():
        problem = make(tmp_path)
        task, dataset, _ = problem
        once: Dataset = distilled(problem, "unrolled").dataset(dataset, task.config)
        assert bool(torch.isfinite(once.train.x).all()), name
        limit = dataset.preprocessing.limit
        assert limit is None or bool((once.train.x.abs() <= limit).all()), name
        if name == "patches":
            assert float(once.train.x.amin()) == 0
            assert float(once.train.x.amax()) == 1


def test_one_sample_altogether_is_too_few_to_train_on() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 2"):
        DistilledDataConfig(samples=1)


def test_more_samples_than_there_are_is_said(tmp_path: Path) -> None:
    with pytest.raises(WorkError, match=r"g has \d+ samples to train on, 1000 distilled ones"):
        distilled(jets(tmp_path), "random", per_class=1000)


@pytest.mark.parametrize("text", ["{", "[1]"])
def test_a_strange_provenance_is_named(tmp_path: Path, text: str) -> None:
    task, dataset, _ = blobs()
    file = write_npz(tmp_path / "d.npz", x=np.zeros((2, 4), np.float32), y=np.array([0, 1]), provenance=np.array(text))
    with pytest.raises(InputError, match="'provenance' is"):
        read_distilled(file, task.config.data, dataset.preprocessing)
