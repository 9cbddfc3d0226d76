"""Networks on sets, and on particles in their order."""

from typing import ClassVar, Literal

from nac.arch.blocks import Aggregate, Block, Flatten
from nac.space.choices import ChainChoices, Choices, Width, chain, dense
from nac.space.genes import Gene, Genotype, Part, Switch
from nac.space.kinds.contract import KINDS, SpaceFile


class PhiChoices(ChainChoices):
    """Layers applied to every particle; the last one, if there is any, is the bottleneck, with widths of its own."""

    bottleneck: Choices[Width]


@KINDS.register("deep_sets")
class DeepSetsFile(SpaceFile):
    """A Deep Sets network: phi on every particle, one aggregation, rho on the result (arXiv 1703.06114).

    The aggregation `flatten` keeps every particle's values, by its place: rho is a dense network on particles in order.
    """

    ranks: ClassVar = (2,)
    wanted: ClassVar = "a set (features, particles)"

    kind: Literal["deep_sets"]
    phi: PhiChoices
    aggregate: Choices[Literal["mean", "max", "flatten"]]
    rho: ChainChoices

    def parts(self) -> tuple[Part, ...]:
        """phi, the bottleneck, the aggregation and rho."""
        phi = self.phi.chain("phi", extra=1)
        bottleneck = self.phi.model_copy(update={"width": self.phi.bottleneck}).parts("phi.bottleneck")
        if 0 in self.phi.layers:  # then it is not always there
            branches = phi.branches.items()
            phi = Switch(phi.gene, {depth: (*bottleneck, *parts) if depth else () for depth, parts in branches})
            bottleneck = ()
        return phi, *bottleneck, Gene("aggregate", self.aggregate), self.rho.chain("rho")

    def blocks(self, genotype: Genotype, rank: int) -> list[Block]:
        """phi layers, the bottleneck, the aggregation and rho layers."""
        kind = genotype["aggregate"]
        return [
            *chain("phi", genotype, extra=1),
            *([dense("phi.bottleneck", genotype)] if genotype["phi.layers"] else []),
            Flatten() if kind == "flatten" else Aggregate.model_validate({"kind": kind}),
            *chain("rho", genotype),
        ]
