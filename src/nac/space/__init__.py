"""Search spaces: YAML that says what may be built, read as flat genotypes."""

from nac.space.genes import COMPRESSION_GENES, Gene, Genotype, Value, compression
from nac.space.space import SearchSpace, Unbuildable, changes

__all__ = ["COMPRESSION_GENES", "Gene", "Genotype", "SearchSpace", "Unbuildable", "Value", "changes", "compression"]
