"""The kinds of network that a search-space file can describe."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from nac.arch.blocks import Aggregate, Block, Flatten, Pool
from nac.config import Model
from nac.space.choices import (
    AttentionChoices,
    BitChoices,
    ChainChoices,
    Choices,
    ConvChoices,
    Digits,
    Sparsity,
    Width,
    attention,
    chain,
    conv,
    dense,
)
from nac.space.genes import COMPRESSION_GENES, Gene, Genotype, Part, Switch, Value

Pattern = Annotated[str, Field(max_length=100)]


class SpaceFile(Model):
    """What every search-space file says, whatever its kind.

    `input` and `outputs` are the shape the space was designed for (channels first); a task brings its own.
    `sparsity` and `digits` are genes where they are given: the share of weights that a search of quantised networks
    prunes, and the share of the signed digits of weights that it leaves.
    `deployable` promises that every member has a bit-exact route to hardware; `nac check` verifies it.
    `baselines` are known good members, tried first: gene names or patterns (`rho.*.width`) to a value, or to
    a list of values for the matching genes in order; a later key overrides an earlier one, and a gene that
    is not named takes its first choice.
    """

    ranks: ClassVar[tuple[int, ...]]
    wanted: ClassVar[str]

    description: str = ""
    deployable: bool
    input: Annotated[tuple[Annotated[int, Field(strict=True, ge=1)], ...], Field(min_length=1, max_length=3)]
    outputs: Annotated[int, Field(strict=True, ge=1)]
    bits: BitChoices = BitChoices()
    sparsity: Choices[Sparsity] | None = None
    digits: Choices[Digits] | None = None
    baselines: Mapping[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")], Mapping[Pattern, Any]] = Field(
        default_factory=dict
    )

    @model_validator(mode="after")
    def _right_rank(self) -> "SpaceFile":
        if len(self.input) not in self.ranks:
            raise ValueError(f"input: expected {self.wanted}, found {self.input}")
        return self

    @abstractmethod
    def parts(self) -> tuple[Part, ...]:
        """The tree of genes, without the common ones."""

    def common_parts(self) -> tuple[Part, ...]:
        """The genes that every kind has."""
        given = ((name, getattr(self, name)) for name in COMPRESSION_GENES)
        return (*self.bits.parts("bits"), *(Gene(name, choices) for name, choices in given if choices is not None))

    @abstractmethod
    def blocks(self, genotype: Genotype, rank: int) -> list[Block]:
        """The blocks that a genotype stands for, on an input of `rank` dimensions."""

    def reductions(self, genotype: Genotype) -> Iterator[str]:
        """Genes that may shrink so that a too small image fits, most dispensable first."""
        return iter(())

    def narrowings(self, genotype: Genotype) -> Iterator[str]:
        """Genes that may become smaller so that every sum stays exact, most dispensable first."""
        return iter(())


class PhiChoices(ChainChoices):
    """Layers applied to every particle; the last one is the bottleneck, with widths of its own."""

    layers: Choices[Annotated[int, Field(strict=True, ge=1, le=16)]]
    bottleneck: Choices[Width]


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


class SlotChoices(Model):
    """`count` slots, each filled by one of `block`. A conv block is two convolutions with own genes."""

    count: Annotated[int, Field(strict=True, ge=0, le=8)]
    block: Choices[Literal["conv_block", "attention", "none"]]
    conv_block: ConvChoices | None = None
    attention: AttentionChoices | None = None

    @model_validator(mode="after")
    def _described(self) -> "SlotChoices":
        for kind in ("conv_block", "attention"):
            if (kind in self.block) != (getattr(self, kind) is not None):
                raise ValueError(f"{kind}: is described if and only if it is listed under block")
        return self

    def parts(self, name: str) -> tuple[Part, ...]:
        """The genes of the slot called `name`."""
        branches: dict[Value, tuple[Part, ...]] = dict.fromkeys(self.block, ())
        if self.conv_block is not None:
            branches["conv_block"] = (*self.conv_block.parts(f"{name}.conv1"), *self.conv_block.parts(f"{name}.conv2"))
        if self.attention is not None:
            branches["attention"] = self.attention.parts(f"{name}.attention")
        return (Switch(Gene(f"{name}.block", self.block), branches),)


class PoolChoices(Model):
    """A maximum over windows behind the stem, behind the slots, or not at all."""

    position: Choices[Literal["none", "stem", "slots"]]
    size: Choices[Annotated[int, Field(strict=True, ge=2, le=11)]] = (2,)

    def parts(self) -> tuple[Part, ...]:
        """The genes of position and window."""
        size = (Gene("pool.size", self.size),)
        return (Switch(Gene("pool.position", self.position), {p: () if p == "none" else size for p in self.position}),)


class CnnFile(SpaceFile):
    """A convolutional network: a stem, slots, an optional pool and dense layers on the flattened image."""

    ranks: ClassVar = (3,)
    wanted: ClassVar = "an image (channels, rows, columns)"

    kind: Literal["cnn"]
    stem: ConvChoices
    slots: SlotChoices
    pool: PoolChoices = PoolChoices(position=("none",))
    head: ChainChoices

    def parts(self) -> tuple[Part, ...]:
        """The stem, the slots, the pool and the head."""
        slots = (part for i in range(1, self.slots.count + 1) for part in self.slots.parts(f"slot{i}"))
        return (*self.stem.parts("stem"), *slots, *self.pool.parts(), self.head.chain("head"))

    def blocks(self, genotype: Genotype, rank: int) -> list[Block]:
        """The stem, the filled slots with the pool before or behind them, and the head."""
        position = genotype["pool.position"]
        pool = [Pool.model_validate({"size": genotype["pool.size"]})] if position != "none" else []
        blocks: list[Block] = [conv("stem", genotype), *(pool if position == "stem" else [])]
        for slot in _slots(genotype):
            match genotype[f"{slot}.block"]:
                case "conv_block":
                    blocks += [conv(f"{slot}.conv1", genotype), conv(f"{slot}.conv2", genotype)]
                case "attention":
                    blocks.append(attention(f"{slot}.attention", genotype))
        return [*blocks, *(pool if position == "slots" else []), Flatten(), *chain("head", genotype)]

    def reductions(self, genotype: Genotype) -> Iterator[str]:
        """Kernels from the last to the first, then the pool, then the slots from the last to the first."""
        slots = list(_slots(genotype))[::-1]
        for slot in slots:
            if genotype[f"{slot}.block"] == "conv_block":
                yield f"{slot}.conv2.kernel"
                yield f"{slot}.conv1.kernel"
        yield "stem.kernel"
        yield "pool.size"
        yield "pool.position"
        for slot in slots:
            yield f"{slot}.block"

    def narrowings(self, genotype: Genotype) -> Iterator[str]:
        """Channels from the last convolution to the first."""
        for slot in list(_slots(genotype))[::-1]:
            yield f"{slot}.conv2.channels"
            yield f"{slot}.conv1.channels"
        yield "stem.channels"


def _slots(genotype: Genotype) -> Iterator[str]:
    """The names of the slots that a genotype speaks of, in order."""
    i = 1
    while f"slot{i}.block" in genotype:
        yield f"slot{i}"
        i += 1


KINDS: dict[str, type[SpaceFile]] = {"deep_sets": DeepSetsFile, "mlp": MlpFile, "cnn": CnnFile}
