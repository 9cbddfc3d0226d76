"""Genes, and which of them matter: a flat genotype whose meaning is a small tree."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields

from nac.arch import Compression
from nac.config import AS_TARGET, Folding

Value = int | float | str | bool
Genotype = dict[str, Value]
COMPRESSION_GENES = tuple(field.name for field in fields(Compression))
FOLDING_GENES = tuple(field.name for field in fields(Folding))
DEPLOYMENT_GENES = (*COMPRESSION_GENES, *FOLDING_GENES)
"""Genes that any space may have, and that decide something in a search of quantised networks only."""


@dataclass(frozen=True, slots=True)
class Gene:
    """One choice. Values are what is built (64 channels), never positions in a list."""

    name: str
    choices: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Switch:
    """A gene whose value decides which further genes are active. Branches may share genes."""

    gene: Gene
    branches: Mapping[Value, tuple["Part", ...]]


Part = Gene | Switch


def genes_of(parts: Iterable[Part]) -> Iterator[Gene]:
    """Every gene of a tree, in order; a gene that branches share comes several times."""
    for part in parts:
        if isinstance(part, Gene):
            yield part
        else:
            yield part.gene
            for branch in part.branches.values():
                yield from genes_of(branch)


def active_genes(parts: Iterable[Part], genotype: Mapping[str, Value]) -> Iterator[Gene]:
    """The genes that decide what is built from this genotype."""
    for part in parts:
        if isinstance(part, Gene):
            yield part
        else:
            yield part.gene
            yield from active_genes(part.branches.get(genotype[part.gene.name], ()), genotype)


def count(parts: Iterable[Part]) -> int:
    """How many different assignments of active genes there are."""
    return math.prod(
        len(part.choices) if isinstance(part, Gene) else sum(count(branch) for branch in part.branches.values())
        for part in parts
    )


def activators(parts: Iterable[Part], name: str) -> Genotype | None:
    """Switch values that make a gene active; None when the tree lacks it."""
    for part in parts:
        gene = part if isinstance(part, Gene) else part.gene
        if gene.name == name:
            return {}
        if isinstance(part, Switch):
            for value, branch in part.branches.items():
                inner = activators(branch, name)
                if inner is not None:
                    return {part.gene.name: value, **inner}
    return None


def compression(genotype: Mapping[str, Value]) -> Compression:
    """How much of the weights a genotype wants to go; nothing where its space has no such genes."""
    return Compression(**{name: float(genotype[name]) for name in COMPRESSION_GENES if name in genotype})


def folding(genotype: Mapping[str, Value]) -> Folding:
    """How a genotype wants its circuit folded; as the target says where its space has no such genes."""
    fold, *others = FOLDING_GENES
    if fold not in genotype:
        return AS_TARGET
    if genotype[fold] == "all":  # then the others decide nothing
        return Folding("all")
    return Folding(int(genotype[fold]), **{name: int(genotype[name]) for name in others if name in genotype})
