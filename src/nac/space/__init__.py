"""Search spaces: YAML that says what may be built, read as flat genotypes."""

from nac.space.genes import Gene, Genotype, Value
from nac.space.space import SearchSpace, Unbuildable, changes, compression

__all__ = ["Gene", "Genotype", "SearchSpace", "Unbuildable", "Value", "changes", "compression"]
