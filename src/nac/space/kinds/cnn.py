"""Convolutional networks on images."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from nac.arch.blocks import Block, Flatten, Pool
from nac.config import Model
from nac.space.choices import AttentionChoices, ChainChoices, Choices, ConvChoices, attention, chain, conv
from nac.space.genes import Gene, Genotype, Part, Switch, Value
from nac.space.kinds.contract import KINDS, SpaceFile


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


@KINDS.register("cnn")
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
