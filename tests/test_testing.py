"""The contracts that are shipped (nac.testing) hold for what comes with the program, and find what is wrong."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datafiles import arrays_config

from nac.arch import BLOCKS, Block, Flatten
from nac.arch.blocks.contract import read_block
from nac.compress.pruners import PRUNERS, Pruner, Pruning, Round
from nac.config import find_file, load_yaml
from nac.cost import COSTS, Cost
from nac.space.kinds import KINDS
from nac.space.kinds.mlp import MlpFile
from nac.tasks.layouts import layout_of
from nac.testing import check_block, check_cost, check_layout, check_pruner, check_sampler, check_space_kind

IMAGE, TRACE, FEATURES = (2, 8, 8), (2, 16), (6,)
EXAMPLES: dict[str, tuple[dict[str, Any], tuple[int, ...], tuple[Block, ...]]] = {
    "dense": ({"width": 5}, FEATURES, ()),
    "conv2d": ({"channels": 3, "kernel": 3}, IMAGE, (Flatten(),)),
    "conv1d": ({"channels": 3, "kernel": 3}, TRACE, (Flatten(),)),
    "aggregate": ({"kind": "mean"}, TRACE, ()),
    "attention": ({"width": 4}, IMAGE, (Flatten(),)),
    "flatten": ({}, TRACE, ()),
    "pool": ({"size": 2}, IMAGE, (Flatten(),)),
    "residual": ({"blocks": [{"block": "dense", "width": 6}]}, FEATURES, ()),
}


def test_every_block_has_an_example() -> None:
    assert {BLOCKS[name] for name in EXAMPLES} == set(BLOCKS.values())


@pytest.mark.parametrize("name", EXAMPLES)
def test_blocks(name: str) -> None:
    values, shape, behind = EXAMPLES[name]
    check_block(read_block({"block": name, **values}), shape, behind)


def test_a_block_that_names_foreign_nodes_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    block: Block = read_block({"block": "dense", "width": 5})
    monkeypatch.setattr(type(block), "sizes", lambda self, name: {"elsewhere": "width"})
    with pytest.raises(AssertionError, match="not its own: elsewhere"):
        check_block(block, FEATURES)


@pytest.mark.parametrize("name", sorted(COSTS))
def test_costs(name: str) -> None:
    check_cost(COSTS[name])


def test_a_cost_that_falls_is_found() -> None:
    with pytest.raises(AssertionError, match="one layer costs"):
        check_cost(Cost("left", "what is left", lambda ops: 5.0 - len(ops)))


@pytest.mark.parametrize("name", ["tpe", "nsga2", "nsga3", "random"])
def test_samplers(name: str) -> None:
    check_sampler(name)


@pytest.mark.parametrize("name", ["gradual", "lamp", "random"])
def test_pruners(name: str) -> None:
    check_pruner(PRUNERS[name])


def test_a_pruner_that_forgets_the_last_round_is_found() -> None:
    def early(pruning: Pruning) -> Iterator[Round]:
        first, *_ = PRUNERS["random"](pruning)
        yield from [first] * pruning.rounds

    with pytest.raises(AssertionError, match=r"expected 47 of 156 weights"):
        check_pruner(Pruner(early))


def test_layouts(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    raw, labels = random.normal(size=(30, 3)).astype(np.float32), np.arange(30) % 2
    check_layout(layout_of(arrays_config().data), raw, labels, tmp_path)


def test_a_layout_that_reads_otherwise_than_it_writes_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = layout_of(arrays_config().data)
    raw = np.random.default_rng(0).normal(size=(30, 3)).astype(np.float32)
    right = layout.arrays
    monkeypatch.setattr(layout, "arrays", lambda raw, y: right(2 * raw, y))
    with pytest.raises(AssertionError, match="reads other samples than it writes"):
        check_layout(layout, raw, np.arange(30) % 2, tmp_path)


@pytest.mark.parametrize("name", ["jets", "jets_mlp_digits", "jets_nac", "bragg", "waveforms"])
def test_space_kinds(name: str) -> None:
    check_space_kind(load_yaml(find_file("search_spaces", name)))


def test_every_space_kind_has_an_example() -> None:
    named = ("jets", "jets_mlp_digits", "bragg", "waveforms")
    assert {load_yaml(find_file("search_spaces", name))["kind"] for name in named} == set(KINDS)


@pytest.mark.parametrize(
    ("method", "wrong", "message"),
    [
        ("blocks", lambda self, genotype, rank: [], "genes that decided nothing: hidden"),
        ("narrowings", lambda self, genotype: iter(["elsewhere"]), "genes that there are not: elsewhere"),
    ],
)
def test_a_space_kind_that_is_not_what_its_genes_say_is_found(
    monkeypatch: pytest.MonkeyPatch, method: str, wrong: Any, message: str
) -> None:
    monkeypatch.setattr(MlpFile, method, wrong)
    file = {"kind": "mlp", "deployable": False, "input": [6], "outputs": 2,
            "hidden": {"layers": [1, 2], "width": [4, 8], "activation": "relu"}}
    with pytest.raises(AssertionError, match=message):
        check_space_kind(file)
