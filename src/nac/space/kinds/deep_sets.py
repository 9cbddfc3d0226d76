"""Networks on sets."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from nac.arch.blocks import Aggregate, Block
from nac.space.choices import ChainChoices, Choices, Width, chain, dense
from nac.space.genes import Gene, Genotype, Part
from nac.space.kinds.contract import KINDS, SpaceFile


class PhiChoices(ChainChoices):
    """Layers applied to every particle; the last one is the bottleneck, with widths of its own."""

    layers: Choices[Annotated[int, Field(strict=True, ge=1, le=16)]]
    bottleneck: Choices[Width]


@KINDS.register("deep_sets")
class DeepSetsFile(SpaceFile):
    """A Deep Sets network: phi on every particle, one aggregation, rho on the result (arXiv 1703.06114)."""

    ranks: ClassVar = (2,)
    wanted: ClassVar = "a set (features, particles)"

    kind: Literal["deep_sets"]
    phi: PhiChoices
    aggregate: Choices[Literal["mean", "max"]]
    rho: ChainChoices

    def parts(self) -> tuple[Part, ...]:
        """phi, the bottleneck, the aggregation and rho."""
        bottleneck = self.phi.model_copy(update={"width": self.phi.bottleneck})
        return (
            self.phi.chain("phi", extra=1),
            *bottleneck.parts("phi.bottleneck"),
            Gene("aggregate", self.aggregate),
            self.rho.chain("rho"),
        )

    def blocks(self, genotype: Genotype, rank: int) -> list[Block]:
        """phi layers, the bottleneck, the aggregation and rho layers."""
        return [
            *chain("phi", genotype, extra=1),
            dense("phi.bottleneck", genotype),
            Aggregate.model_validate({"kind": genotype["aggregate"]}),
            *chain("rho", genotype),
        ]
