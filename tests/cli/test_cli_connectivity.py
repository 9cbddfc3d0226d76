"""`nac connectivity`: barriers by pruner and round, as a table, JSON and a figure."""

import json
from pathlib import Path

import pytest
from command import Command

SHORT = tuple(
    word
    for text in ("compress.train.epochs=2", "compress.distilled_train.epochs=2", "compress.distilled_data.per_class=4",
                 "compress.distilled_data.method=random", "data.limit=300")
    for word in ("--set", text)
)  # fmt: skip


def test_rounds_of_every_pruner_beside_the_dense_network(nac: Command, jets_file: Path, tmp_path: Path) -> None:
    figure = tmp_path / "barriers.svg"
    done = nac("connectivity", "jets", "--data", jets_file, "--architecture", "tiny", "--rounds", 2, "--sparsity", 0.75,
               "--plot", figure, "--json", *SHORT)
    assert done.status == 0, done.err
    rows = json.loads(done.out)["rows"]
    assert [(row["pruner"], row["round"]) for row in rows] == [
        ("dense", 0), *((name, count) for name in ("lamp", "distilled", "random") for count in (1, 2))
    ]  # fmt: skip
    assert [row["sparsity"] for row in rows[1:3]] == pytest.approx([0.5, 0.75], abs=0.01)
    assert all(0 <= row["error"] <= 1 for row in rows)
    text = figure.read_text()
    assert text.startswith("<?xml")
    assert all(name in text for name in ("lamp", "distilled", "random", "dense"))


def test_trainings_start_from_the_weights_that_pruning_rewinds_to(nac: Command, jets_file: Path) -> None:
    dense = {}
    for epochs in (0, 1):
        done = nac("connectivity", "jets", "--data", jets_file, "--architecture", "tiny", "--rounds", 1, "--sparsity",
                   0.5, "--pruner", "random", "--json", *SHORT, "--set", f"compress.rewind={epochs}")
        assert done.status == 0, done.err
        dense[epochs] = json.loads(done.out)["rows"][0]
    assert dense[0] != dense[1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--pruner", "scissors"], "pruner"),
        (["--sparsity", "0"], "--sparsity 0: expected a share"),
        (["--sparsity", "1"], "sparsities are in [0, 1)"),
        (["--trial", "3"], "--trial: a task has no trials"),
        (["--architecture", "cathedral"], "is no baseline"),
    ],
)
def test_wrong_requests(nac: Command, jets_file: Path, arguments: list[str], sentence: str) -> None:
    done = nac("connectivity", "jets", "--data", jets_file, *arguments)
    assert done.status == 2
    assert sentence in done.err


def test_a_folder_that_is_no_run_is_named(nac: Command, tmp_path: Path) -> None:
    done = nac("connectivity", tmp_path)
    assert done.status == 2
    assert "is no run" in done.err
