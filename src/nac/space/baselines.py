"""Named members of a space, written with patterns: `rho.*.width: [64, 8, 32]`."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from nac.space.genes import Gene, Genotype


def expand(patterns: Mapping[str, Any], genes: Sequence[Gene]) -> tuple[Genotype, list[str]]:
    """The genotype that patterns describe, and what is wrong with them (key and expectation, one each)."""
    genotype: Genotype = {gene.name: gene.choices[0] for gene in genes}
    problems = []
    for pattern, given in patterns.items():
        matching = [gene for gene in genes if fnmatchcase(gene.name, pattern)]
        values = given if isinstance(given, list) else [given] * len(matching)
        if not matching:
            problems.append(f"{pattern}: matches no gene")
        elif len(values) > len(matching):
            problems.append(f"{pattern}: {len(values)} values for {len(matching)} genes")
        for gene, found in zip(matching, values, strict=False):
            share = isinstance(gene.choices[0], float) and type(found) is int  # YAML has 0 for 0.0
            value = float(found) if share else found
            if not any(type(value) is type(choice) and value == choice for choice in gene.choices):
                problems.append(f"{pattern}: {value!r} is no choice of {gene.name}, expected one of {_listed(gene)}")
            else:
                genotype[gene.name] = value
    return genotype, problems


def _listed(gene: Gene) -> str:
    return ", ".join(map(str, gene.choices))
