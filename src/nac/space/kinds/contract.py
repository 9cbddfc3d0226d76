"""What every search-space file says, whatever its kind."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from nac.arch.blocks import Block
from nac.config import Model
from nac.registry import Registry
from nac.space.choices import BitChoices, Choices, Digits, Positions, Recall, Sparsity, Wait
from nac.space.genes import COMPRESSION_GENES, FOLDING_GENES, Gene, Genotype, Part, Switch, Value

Pattern = Annotated[str, Field(max_length=100)]


class SpaceFile(Model):
    """The extension point: a search-space file of one kind, which `kind` names.

    `input` and `outputs` are the shape the space was designed for (channels first); a task brings its own.
    `sparsity` and `digits` are genes where they are given: the share of weights that a search of quantised networks
    prunes, and the share of the signed digits of weights that it leaves. So are `fold`, how many positions come with a
    clock, and beside it `wait` and `recall`, all as a target has them.
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
    fold: Choices[Positions] | None = None
    wait: Choices[Wait] | None = None
    recall: Choices[Recall] | None = None
    baselines: Mapping[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")], Mapping[Pattern, Any]] = Field(
        default_factory=dict
    )

    @model_validator(mode="after")
    def _right_rank(self) -> "SpaceFile":
        if len(self.input) not in self.ranks:
            raise ValueError(f"input: expected {self.wanted}, found {self.input}")
        return self

    @model_validator(mode="after")
    def _folded_at_all(self) -> "SpaceFile":
        for name in FOLDING_GENES:
            if getattr(self, name) is not None and self.fold is None:
                raise ValueError(f"{name}: decides something of a folded circuit only, expected fold beside it "
                                 f"(or target.{name} in the task)")  # fmt: skip
        return self

    @abstractmethod
    def parts(self) -> tuple[Part, ...]:
        """The tree of genes, without the common ones."""

    def common_parts(self) -> tuple[Part, ...]:
        """The genes that every kind has."""
        given = ((name, getattr(self, name)) for name in COMPRESSION_GENES)
        compression = (Gene(name, choices) for name, choices in given if choices is not None)
        return (*self.bits.parts("bits"), *compression, *self._folding())

    def _folding(self) -> tuple[Part, ...]:
        """How far the circuit is folded, and what that makes a choice."""
        if self.fold is None:
            return ()
        fold, *others = ((name, getattr(self, name)) for name in FOLDING_GENES)
        where = tuple(Gene(name, choices) for name, choices in others if choices is not None)
        branches: dict[Value, tuple[Part, ...]] = {choice: () if choice == "all" else where for choice in self.fold}
        return (Switch(Gene(*fold), branches),) if where else (Gene(*fold),)

    @abstractmethod
    def blocks(self, genotype: Genotype, rank: int) -> list[Block]:
        """The blocks that a genotype stands for, on an input of `rank` dimensions."""

    def reductions(self, genotype: Genotype) -> Iterator[str]:
        """Genes that may shrink so that a too small image fits, most dispensable first."""
        return iter(())

    def narrowings(self, genotype: Genotype) -> Iterator[str]:
        """Genes that may become smaller so that every sum stays exact, most dispensable first."""
        return iter(())


KINDS: Registry[type[SpaceFile]] = Registry("space kind", "nac.space.kinds")
"""Every kind of search-space file by name."""
