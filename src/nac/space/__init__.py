"""Search spaces: YAML that says what may be built, read as flat genotypes."""

from nac.space.genes import DEPLOYMENT_GENES, FOLDING_GENES, Gene, Genotype, Value, compression, folding
from nac.space.space import SearchSpace, Unbuildable, changes

__all__ = [
    "DEPLOYMENT_GENES",
    "FOLDING_GENES",
    "Gene",
    "Genotype",
    "SearchSpace",
    "Unbuildable",
    "Value",
    "changes",
    "compression",
    "folding",
]
