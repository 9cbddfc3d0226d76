"""How far a circuit is folded as a gene: what it may be, what it becomes where the network cannot be folded so."""

from typing import Any

import pytest

from nac.config import AS_TARGET, Folding, TargetConfig
from nac.errors import InputError
from nac.space import SearchSpace, Unbuildable, folding
from nac.testing import check_space_kind

SET: dict[str, Any] = {
    "kind": "deep_sets", "deployable": True, "input": [3, 16], "outputs": 5,
    "fold": [1, 2, 4, "all"], "wait": [0, 16], "recall": [1, 2],
    "phi": {"layers": [1, 2], "width": [4], "bottleneck": [4]}, "aggregate": "mean",
    "rho": {"layers": [1], "width": [4]},
}  # fmt: skip
TRACE: dict[str, Any] = {
    "kind": "sequence", "deployable": True, "input": [1, 16], "outputs": 2, "fold": [1, 2, "all"],
    "sequence": {
        "stem": [{"block": "none"}, {"block": "conv1d", "channels": 2, "kernel": [3, 1], "padding": "same"}],
        "flat": {"block": "flatten"},
        "hidden": {"block": "dense", "width": [2, 4]},
    },
}  # fmt: skip
ALWAYS: dict[str, Any] = {
    **TRACE, "sequence": {"stem": {"block": "conv1d", "channels": 2, "kernel": 3}, "flat": {"block": "flatten"}},
}
IMAGE: dict[str, Any] = {
    "kind": "cnn", "deployable": True, "input": [1, 9, 9], "outputs": 2, "stem": {"channels": [2], "kernel": [3]},
    "slots": {"count": 0, "block": ["none"]}, "head": {"layers": [0], "width": [4]},
}  # fmt: skip


def space_of(file: dict[str, Any], **edit: Any) -> SearchSpace:
    return SearchSpace.described("space", {**file, **edit}, "space.yaml")


@pytest.mark.parametrize("file", [SET, TRACE], ids=["set", "trace"])
def test_a_space_with_folds_keeps_the_contract(file: dict[str, Any]) -> None:
    check_space_kind(file)


def test_only_what_is_folded_waits() -> None:
    space = space_of(SET)
    whole, some = ({**next(iter(_members(space))), "fold": fold, "wait": 16} for fold in ("all", 4))
    assert {"wait", "recall"} <= space.active(some) and not {"wait", "recall"} & space.active(whole)
    assert (folding(some), folding(whole)) == (Folding(4, 16, 1), Folding("all"))
    assert space.canonical(whole)["wait"] == 0
    assert space.decode(some) == space.decode(whole)


def _members(space: SearchSpace) -> list[dict[str, Any]]:
    return [{name: choices[0] for name, choices in space.genes.items()}]


def test_windows_take_one_position_a_clock_or_all() -> None:
    (plain,) = _members(space_of(TRACE))
    windows = {**plain, "stem.block": "conv1d"}
    for fold in (1, 2, "all"):
        for free in (plain, {**windows, "stem.conv1d.kernel": 1}):
            assert space_of(TRACE).repair({**free, "fold": fold})["fold"] == fold
    assert space_of(TRACE).repair({**windows, "fold": 2})["fold"] == 1
    assert space_of(TRACE, fold=[2, "all"]).repair({**windows, "fold": 2})["fold"] == "all"
    with pytest.raises(Unbuildable, match="has windows, which take one position a clock"):
        space_of(TRACE, fold=[2, 4]).repair({**windows, "fold": 2})


@pytest.mark.parametrize(
    ("file", "fold", "said"),
    [
        (SET, [1, 3], "fold: 3: 3 positions a clock do not divide the input's 16"),
        (SET, [32], "fold: 32: 32 positions a clock do not divide the input's 16"),
        (IMAGE, [1, 2], "fold: 2: 2 positions a clock of an image, expected 1 or a row of 9"),
        (ALWAYS, [1, 2], "fold: 2: conv1d0 has windows, which take one position a clock (expected 1)"),
    ],
)
def test_a_fold_that_no_network_can_have_is_a_problem_of_the_space(
    file: dict[str, Any], fold: list[int], said: str
) -> None:
    assert [problem for problem in space_of(file, fold=fold).problems() if said in problem]
    assert not space_of(file, fold=[1, "all"]).problems()


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"fold": [0]}, "fold"),
        ({"fold": ["some"]}, "fold"),
        ({"fold": [2, 2]}, "every choice may be listed once"),
        ({"fold": None, "wait": [8]}, "wait: decides something of a folded circuit only, expected fold beside it"),
        ({"fold": None, "wait": None}, "recall: decides something of a folded circuit only"),
        ({"recall": [0]}, "recall"),
        ({"wait": [-1]}, "wait"),
    ],
)
def test_other_values_are_refused(edit: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        space_of(SET, **edit)


def test_a_genotype_without_the_gene_leaves_the_target_as_it_is() -> None:
    target = TargetConfig(rate_mhz=10, wait=8)
    assert folding({"phi.layers": 1}) is AS_TARGET
    assert AS_TARGET.of(target) == target
    assert Folding(4).of(target) == TargetConfig(fold=4, wait=8)
    assert Folding(1, 0).of(target) == TargetConfig(fold=1)
    assert Folding(1, recall=8).of(target) == TargetConfig(fold=1, wait=8, recall=8)
    assert Folding("all").of(target) == TargetConfig(wait=8)
    assert (AS_TARGET.suffix, Folding(4, 0).suffix, Folding("all").suffix) == ("", "-f4-w0", "-fall")
