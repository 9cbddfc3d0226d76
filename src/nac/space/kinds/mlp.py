"""Dense networks."""

from typing import ClassVar, Literal

from nac.arch.blocks import Block, Flatten
from nac.space.choices import ChainChoices, chain
from nac.space.genes import Genotype, Part
from nac.space.kinds.contract import KINDS, SpaceFile


@KINDS.register("mlp")
class MlpFile(SpaceFile):
    """Dense layers on a vector; a set or an image is flattened first."""

    ranks: ClassVar = (1, 2, 3)
    wanted: ClassVar = "one to three dimensions"

    kind: Literal["mlp"]
    hidden: ChainChoices

    def parts(self) -> tuple[Part, ...]:
        """The hidden layers."""
        return (self.hidden.chain("hidden"),)

    def blocks(self, genotype: Genotype, rank: int) -> list[Block]:
        """The hidden layers, behind a flattening where one is needed."""
        return [*([Flatten()] if rank > 1 else []), *chain("hidden", genotype)]
