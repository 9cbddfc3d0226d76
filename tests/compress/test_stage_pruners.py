"""Several pruners in one local search: which designs there are, what they say about themselves, what is kept."""

from pathlib import Path

import pytest
from problems import Problem

from nac.compress import Winner, compress, recipes
from nac.compress.distillation import read_distilled
from nac.compress.floats import FloatNetworks
from nac.config import CompressConfig
from nac.design import Design
from nac.errors import InputError
from nac.rundir import Run

SETTINGS = CompressConfig.model_validate(
    {
        "bits": [6],
        "sparsity": [0.0, 0.5],
        "pruner": ["gradual", "distilled", "random"],
        "rounds": 2,
        "rewind": 1,
        "distilled_data": {"method": "soft_labels", "per_class": 4},
        "distilled_train": {"epochs": 5, "batch_size": 64, "learning_rate": 1e-2},
        "train": {"epochs": 3, "batch_size": 64, "learning_rate": 1e-2},
        "finetune": {"epochs": 2, "batch_size": 64, "learning_rate": 5e-3},
        "distil": 0,
    }
)


def test_a_design_per_pruner_but_one_where_nothing_is_pruned(made: tuple[Run, list[Design]]) -> None:
    names = [design.record.name for design in made[1]]
    assert names == ["t0003-w6-s00", "t0003-w6-s50", "t0003-w6-s50-distilled", "t0003-w6-s50-random"]


def test_designs_say_how_they_were_pruned(made: tuple[Run, list[Design]]) -> None:
    dense, *pruned = (design.record.origin for design in made[1])
    assert "pruning" not in dense
    assert [origin["pruning"]["pruner"] for origin in pruned] == ["gradual", "distilled", "random"]
    for origin in pruned:
        assert origin["pruning"]["guarded"] == [{}, {}]
        assert len(origin["pruning"]["idle"]) == 2
        assert origin["pruning"]["seconds"] > 0
        assert origin["compress"]["rewind"] == 1
    samples = pruned[1]["pruning"]["distilled_data"]
    assert (samples["samples"], samples["settings"]["method"]) == (12, "soft_labels")
    assert "distilled_data" not in pruned[0]["pruning"]


def test_distilled_samples_lie_beside_the_trial_and_serve_again(
    made: tuple[Run, list[Design]], problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, designs = made
    task, dataset, architecture = problem
    file = run.trial(3) / "distilled.npz"
    assert len(read_distilled(file, task.config.data, dataset.preprocessing)) == 12
    monkeypatch.setattr("nac.compress.floats.distil", lambda distilling: pytest.fail("distilled again"))
    (designs[2].path / "design.json").unlink()
    again = compress([Winner(3, architecture)], task, dataset, run, SETTINGS, seed=0)[2]
    before, after = designs[2].network.state_dict(), again.network.state_dict()
    assert all(before[key].equal(after[key]) for key in before)


def test_labels_of_a_reference_from_before_tuning_are_forgotten(problem: Problem, tmp_path: Path) -> None:
    task, dataset, architecture = problem
    winner, run = Winner(3, architecture), Run(tmp_path)
    before = FloatNetworks(task, dataset, run, SETTINGS, seed=0)
    before.begun(winner)
    labels = before.distilled(winner).probabilities
    after = FloatNetworks(task, dataset, run, SETTINGS.model_copy(update={"tune": 3}), seed=0)
    after.begun(winner)
    again = after.distilled(winner).probabilities
    assert labels is not None
    assert again is not None
    assert not again.equal(labels)


def test_samples_of_a_file_are_used_instead(made: tuple[Run, list[Design]], problem: Problem, tmp_path: Path) -> None:
    task, dataset, architecture = problem
    file = made[0].trial(3) / "distilled.npz"
    few = SETTINGS.distilled_data.model_copy(update={"file": file})
    settings = SETTINGS.model_copy(update={"distilled_data": few, "pruner": ("distilled",), "sparsity": (0.5,)})
    run = Run(tmp_path)
    design = compress([Winner(3, architecture)], task, dataset, run, settings, seed=0)[0]
    assert not (run.trial(3) / "distilled.npz").exists()
    assert design.record.origin["compress"]["distilled_data"]["file"] == str(file)
    missing = settings.model_copy(update={"distilled_data": few.model_copy(update={"file": tmp_path / "none.npz"})})
    with pytest.raises(InputError, match=r"none\.npz: no such data file"):
        compress([Winner(4, architecture)], task, dataset, run, missing, seed=0)


def test_one_name_is_one_pruner_and_repeated_ones_count_once(problem: Problem) -> None:
    assert CompressConfig.model_validate({"pruner": "synflow"}).pruner == ("synflow",)
    twice = SETTINGS.model_copy(update={"pruner": ("random", "random"), "sparsity": (0.5,)})
    assert [recipe.name for recipe in recipes([Winner(3, problem[2])], twice)] == ["t0003-w6-s50-random"]


def test_early_weights_are_not_trained_for_a_pruner_that_keeps_the_trained_ones(
    problem: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nac.compress.floats.rewound", lambda *given: pytest.fail("trained for nothing"))
    task, dataset, architecture = problem
    settings = SETTINGS.model_copy(update={"pruner": ("gradual",), "sparsity": (0.5,)})
    compress([Winner(3, architecture)], task, dataset, Run(tmp_path), settings, seed=0)


def test_an_older_run_that_called_lamp_magnitude_goes_on_with_it(tmp_path: Path, problem: Problem) -> None:
    """What it finished is not made again, what is new gets the new name."""
    task, dataset, architecture = problem
    run = Run(tmp_path)
    changes = {"sparsity": [0.5], "pruner": "magnitude", "train": {"epochs": 1}, "finetune": {"epochs": 1}}
    settings = CompressConfig.model_validate(SETTINGS.model_dump() | changes)
    assert settings.pruner == ("lamp",)
    made = compress([Winner(3, architecture)], task, dataset, run, settings, seed=0)[0]
    made.path.rename(run.design("t0003-w6-s50-magnitude"))
    assert [design.path.name for design in compress(
        [Winner(3, architecture), Winner(4, architecture)], task, dataset, run, settings, seed=0
    )] == ["t0003-w6-s50-magnitude", "t0004-w6-s50-lamp"]  # fmt: skip
