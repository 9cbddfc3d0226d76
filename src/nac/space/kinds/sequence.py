"""A space of blocks one after the other, of whatever kinds are registered."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, model_validator
from typing_extensions import TypeIs

from nac.arch.blocks import Block
from nac.arch.blocks.contract import read_block
from nac.config import Model
from nac.space.choices import Choices, listed
from nac.space.genes import Gene, Genotype, Part, Switch, Value, genes_of
from nac.space.kinds.contract import KINDS, SpaceFile

NONE = "none"
"""As a block: nothing here."""
SHRINK = ("kernel", "size", "stride", "block")
"""Fields of which smaller values leave more of an image or a trace, and whether there is a block at all."""
NARROW = ("channels", "width")
_VALUES = TypeAdapter(Choices[bool | int | float | str])


class BlockChoices(Model):
    """A block by name, and for its fields a value or a list of values to choose from.

    A field that holds blocks has a list of such descriptions.
    """

    model_config = ConfigDict(extra="allow")

    block: str

    @property
    def fields(self) -> "dict[str, tuple[Value, ...] | tuple[BlockChoices, ...]]":
        """The choices of every field; of one that holds blocks, theirs."""
        return {name: _choices(given) for name, given in (self.model_extra or {}).items()}

    @model_validator(mode="after")
    def _buildable(self) -> "BlockChoices":
        """Every value of every field is one that the block takes."""
        if self.block != NONE:
            first = self.built("", {gene.name: gene.choices[0] for gene in genes_of(self.parts(""))})
            for field, choices in self.fields.items():
                for value in () if _are_blocks(choices) else choices:
                    read_block({**first, field: value})
            read_block(first)
        elif self.model_extra:
            raise ValueError(f"nothing is described by block: {NONE}, expected no further fields")
        return self

    def parts(self, name: str) -> tuple[Part, ...]:
        """The genes of the block called `name`."""
        found: list[Part] = []
        for field, choices in self.fields.items():
            if _are_blocks(choices):
                found += (part for i, inner in enumerate(choices) for part in inner.parts(f"{name}.{field}.{i}"))
            else:
                found.append(Gene(f"{name}.{field}", choices))
        return tuple(found)

    def built(self, name: str, genotype: Genotype) -> dict[str, Any]:
        """What a genotype says of the block called `name`, as it is written in an architecture."""
        values: dict[str, Any] = {"block": self.block}
        for field, choices in self.fields.items():
            if _are_blocks(choices):
                values[field] = [inner.built(f"{name}.{field}.{i}", genotype) for i, inner in enumerate(choices)]
            else:
                values[field] = genotype[f"{name}.{field}"]
        return values


def _choices(given: Any) -> tuple[Value, ...] | tuple[BlockChoices, ...]:
    if isinstance(given, list | tuple) and given and isinstance(given[0], Mapping):
        return tuple(BlockChoices.model_validate(inner) for inner in given)
    return _VALUES.validate_python(given)


def _are_blocks(choices: tuple[Value, ...] | tuple[BlockChoices, ...]) -> TypeIs[tuple[BlockChoices, ...]]:
    return isinstance(choices[0], BlockChoices)


Alternatives = Annotated[tuple[BlockChoices, ...], Field(min_length=1, max_length=16), BeforeValidator(listed)]
"""One block, or several of which one is chosen."""
StepName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,39}$")]


@KINDS.register("sequence")
class SequenceFile(SpaceFile):
    """Blocks one after the other, each described with choices for its fields, or one of several blocks.

    Genes are called after the step and the field (`stem.channels`), behind the block's name where there are several
    (`body.conv1d.channels`), which `body.block` chooses.
    """

    ranks: ClassVar = (1, 2, 3)
    wanted: ClassVar = "one to three dimensions"

    kind: Literal["sequence"]
    sequence: Annotated[Mapping[StepName, Alternatives], Field(min_length=1, max_length=64)]

    @model_validator(mode="after")
    def _told_apart(self) -> "SequenceFile":
        for name, step in self.sequence.items():
            blocks = [choices.block for choices in step]
            if len(set(blocks)) != len(blocks):
                raise ValueError(f"sequence.{name}: every block may be listed once")
        return self

    def parts(self) -> tuple[Part, ...]:
        """The genes of every step."""
        return tuple(part for name, step in self.sequence.items() for part in _parts(name, step))

    def blocks(self, genotype: Genotype, rank: int) -> list[Block]:
        """The blocks that are not left out."""
        found = []
        for name, step in self.sequence.items():
            chosen, place = step[0], name
            if len(step) > 1:
                block = genotype[f"{name}.block"]
                chosen, place = next(one for one in step if one.block == block), f"{name}.{block}"
            if chosen.block != NONE:
                found.append(read_block(chosen.built(place, genotype)))
        return found

    def reductions(self, genotype: Genotype) -> Iterator[str]:
        """Kernels, windows and strides from the last to the first, then blocks."""
        for fields in (SHRINK[:-1], SHRINK[-1:]):
            yield from self._genes_of(fields)

    def narrowings(self, genotype: Genotype) -> Iterator[str]:
        """Channels and widths from the last to the first."""
        return self._genes_of(NARROW)

    def _genes_of(self, fields: tuple[str, ...]) -> Iterator[str]:
        names = [gene.name for gene in genes_of(self.parts())]
        return (name for name in reversed(names) if name.rpartition(".")[2] in fields)


def _parts(name: str, step: tuple[BlockChoices, ...]) -> tuple[Part, ...]:
    if len(step) == 1:
        return step[0].parts(name)
    choice = Gene(f"{name}.block", tuple(one.block for one in step))
    return (Switch(choice, {one.block: one.parts(f"{name}.{one.block}") for one in step}),)
