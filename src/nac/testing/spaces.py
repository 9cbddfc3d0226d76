"""The contract of a kind of search space."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from nac.arch import Architecture, Network, deployment_problems
from nac.errors import InputError
from nac.space import DEPLOYMENT_GENES, Genotype, SearchSpace

MEMBERS = 40
MOST_RANK = 3


def check_space_kind(file: Mapping[str, Any], seed: int = 0) -> None:
    """What its genes say can be built, every one of them counts, and repairing changes only what has to be.

    Members are drawn at random, each gene on its own; give it a file with few choices that has all that the kind knows.

    Args:
        file: a search-space file of the kind, as its YAML reads.
        seed: of the draws.
    """
    space = SearchSpace.described("space", file, "space.yaml")
    assert not (problems := space.problems()), "; ".join(problems)
    _check_ranks(space, file)
    random = np.random.default_rng(seed)
    used: set[str] = set()
    for _ in range(MEMBERS):
        used |= _check_member(space, space.random(random), random)
    assert used == set(space.genes), f"genes that decided nothing: {', '.join(sorted(set(space.genes) - used))}"


def _check_ranks(space: SearchSpace, file: Mapping[str, Any]) -> None:
    """A shape of a rank that the kind does not take is an error that names it."""
    for rank in set(range(1, MOST_RANK + 1)) - set(space.file.ranks):
        try:
            SearchSpace.described("space", {**file, "input": [8] * rank}, "space.yaml")
        except InputError as error:
            assert space.file.wanted in str(error), f"expected that the error says {space.file.wanted!r}, found {error}"
        else:
            raise AssertionError(f"takes an input of {rank} dimensions, and says that it takes {space.file.wanted}")


def _check_member(space: SearchSpace, drawn: Genotype, random: np.random.Generator) -> set[str]:
    """Check one member. The genes of which another value is another network."""
    genotype = space.repair(drawn)
    assert set(genotype) == set(space.genes), "a repair leaves every gene, and adds none"
    assert space.repair(genotype) == genotype, "expected that what is repaired needs no repair"
    architecture = space.decode(genotype)
    assert architecture == space.decode(space.canonical(genotype)), "genes that are said to decide nothing do"
    assert Architecture.from_json(architecture.to_json()) == architecture, "expected the same network after JSON"
    assert Network(architecture).graph.nodes, "expected a network that computes something"
    if space.deployable:
        assert not (left := deployment_problems(architecture)), "; ".join(left)
    for names in (space.file.reductions(genotype), space.file.narrowings(genotype)):
        foreign = set(names) - set(space.genes)
        assert not foreign, f"repairs shrink genes that there are not: {', '.join(sorted(foreign))}"
    return {name for name in space.active(genotype) if _decides(space, genotype, name, random)}


def _decides(space: SearchSpace, genotype: Genotype, name: str, random: np.random.Generator) -> bool:
    """Whether another choice of one gene stands for something else; what is made of a network is no part of it."""
    others = [value for value in space.genes[name] if value != genotype[name]]
    if not others or name in DEPLOYMENT_GENES:
        return True
    changed = {**genotype, name: others[random.integers(len(others))]}
    try:
        return space.decode(changed) != space.decode(genotype)
    except InputError:  # too large for the input: it decides something, as the repair is needed
        return True
