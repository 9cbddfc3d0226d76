import json
from pathlib import Path

import numpy as np
import pytest
import torch
from networks import BRAGGNN, DEEP_SETS
from problems import Problem

from nac.arch import bit_widths, measured_workload
from nac.compress import Winner, compress, recipes
from nac.config import CompressConfig
from nac.cost import costs
from nac.design import Design
from nac.errors import InputError
from nac.rundir import Run
from nac.train import evaluate

SETTINGS = CompressConfig.model_validate(
    {
        "bits": [8, 4],
        "sparsity": [0.0, 0.5],
        "rounds": 2,
        "train": {"epochs": 6, "batch_size": 64, "learning_rate": 1e-2},
        "finetune": {"epochs": 6, "batch_size": 64, "learning_rate": 5e-3},
    }
)


def test_makes_every_width_at_every_sparsity(made: tuple[Run, list[Design]]) -> None:
    names = [design.record.name for design in made[1]]
    assert names == ["t0003-w8-s00", "t0003-w4-s00", "t0003-w8-s50", "t0003-w4-s50"]
    assert [path.name for path in made[0].design_paths()] == sorted(names)


def test_designs_solve_the_problem_and_are_as_narrow_and_sparse_as_said(made: tuple[Run, list[Design]]) -> None:
    for design in made[1]:
        record = design.record
        assert record.metrics["test"]["accuracy"] > 0.9
        assert record.architecture.bits.weights == record.architecture.bits.activations == record.bits
        assert record.sparsity >= record.origin["sparsity"] - 0.03
        assert record.costs == costs(measured_workload(design.network))


def test_a_loaded_design_is_the_one_that_was_made(made: tuple[Run, list[Design]], problem: Problem) -> None:
    task, dataset, _ = problem
    for design in made[1]:
        again = Design.load(design.path)
        assert again.record == design.record
        assert evaluate(again.network, dataset.test, task) == design.record.metrics["test"]


def test_every_metric_of_a_design_and_of_its_float_network_has_its_interval(made: tuple[Run, list[Design]]) -> None:
    for design in made[1]:
        record = Design.load(design.path).record
        reference = record.origin["float_intervals"]
        for split in ("validation", "test"):
            assert set(record.intervals[split]) == set(record.metrics[split]) == set(reference[split])
            accuracy, known = record.metrics[split]["accuracy"], record.intervals[split]["accuracy"]
            assert 0 < known.low < accuracy <= known.high
            assert reference[split]["accuracy"].low < record.origin["float"][split]["accuracy"]


def test_a_design_of_before_has_no_intervals_and_can_be_read(made: tuple[Run, list[Design]], tmp_path: Path) -> None:
    stored = json.loads((made[1][0].path / "design.json").read_text())
    del stored["intervals"]
    (tmp_path / "design.json").write_text(json.dumps(stored))
    assert Design.load(tmp_path).record.intervals == {}


def test_finished_designs_are_not_made_again(made: tuple[Run, list[Design]], problem: Problem) -> None:
    run, designs = made
    task, dataset, architecture = problem
    (run.design("t0003-w4-s50") / "design.json").unlink()
    before = {design.path: (design.path / "design.json").stat().st_mtime_ns for design in designs[:-1]}
    again = compress([Winner(3, architecture)], task, dataset, run, SETTINGS, seed=0)
    assert {path: (path / "design.json").stat().st_mtime_ns for path in before} == before
    old, new = designs[-1].network.state_dict(), again[-1].network.state_dict()
    assert all(torch.equal(old[key], new[key]) for key in old), "the same seed gives the same design in any order"


def test_engines_are_fed_inputs_on_the_grid(made: tuple[Run, list[Design]], problem: Problem) -> None:
    design, x = made[1][0], problem[1].test.x.numpy()
    once = design.quantised_input(x)
    assert not np.array_equal(once, x)
    assert np.array_equal(design.quantised_input(once), once)


def test_progress_counts_designs(problem: Problem, made: tuple[Run, list[Design]]) -> None:
    task, dataset, architecture = problem
    seen: list[tuple[str, int, int]] = []
    compress(
        [Winner(3, architecture)], task, dataset, made[0], SETTINGS, seed=0,
        on_progress=lambda *step: seen.append(step),
    )  # fmt: skip
    assert seen[0] == ("t0003-w8-s00", 0, 4)
    assert seen[-1][1:] == (4, 4)


def test_means_of_narrow_designs_are_not_rounded_but_where_the_search_measured_them_so() -> None:
    settings = CompressConfig.model_validate({"bits": [8, 6, 4], "mixed": [4]})
    means = [
        bit_widths(recipe.architecture)["aggregate3_act"] for recipe in recipes([Winner(0, DEEP_SETS)], settings)
        if not recipe.sparsity
    ]
    assert means == [8, 8, 7, 4], "8, 6 and 4 bits; mixed widths are compared with what is the same everywhere"
    narrow = Winner(0, DEEP_SETS.with_bits(input=8, weights=4, activations=4))
    own = CompressConfig.model_validate({"bits": [], "sparsity": [0.0]})
    assert [recipe.architecture for recipe in recipes([narrow], own)] == [narrow.architecture]


def test_an_architecture_without_exact_form_is_refused_before_training() -> None:
    with pytest.raises(InputError, match=r"trial 1 cannot be quantised exactly.*softmax"):
        recipes([Winner(1, BRAGGNN)], SETTINGS)


@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (lambda folder: (folder / "design.json").write_text("{"), "design.json"),
        (lambda folder: (folder / "design.json").write_text(json.dumps({"name": "x"})), "architecture"),
        (lambda folder: (folder / "weights.safetensors").write_bytes(b"short"), "weights"),
        (lambda folder: (folder / "weights.safetensors").unlink(), "weights"),
    ],
)
def test_broken_designs_are_named(
    made: tuple[Run, list[Design]], tmp_path: Path, break_it: object, sentence: str
) -> None:
    folder = tmp_path / "copy"
    folder.mkdir()
    for file in ("design.json", "weights.safetensors"):
        (folder / file).write_bytes((made[1][0].path / file).read_bytes())
    assert callable(break_it)
    break_it(folder)
    with pytest.raises(InputError, match=sentence):
        _ = Design.load(folder).network
