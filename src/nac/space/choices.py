"""What a search-space file offers for one layer, and the genes that this becomes."""

from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field

from nac.arch.blocks import Activation, Attention, Conv2d, Dense, Norm
from nac.config import Model
from nac.space.genes import Gene, Genotype, Part, Switch

T = TypeVar("T")


def listed(value: object) -> object:
    """A value that stands alone as a list of one."""
    return value if isinstance(value, list | tuple) else [value]


def _distinct(values: tuple[T, ...]) -> tuple[T, ...]:
    if len(set(values)) != len(values):
        raise ValueError("every choice may be listed once")
    return values


Choices = Annotated[
    tuple[T, ...], Field(min_length=1, max_length=64), BeforeValidator(listed), AfterValidator(_distinct)
]
Width = Annotated[int, Field(strict=True, ge=1, le=4096)]
Kernel = Annotated[int, Field(strict=True, ge=1, le=11)]
BitWidth = Annotated[int, Field(strict=True, ge=2, le=32)]
Flag = Annotated[bool, Field(strict=True)]
Sparsity = Annotated[float, Field(ge=0, lt=1)]
Digits = Annotated[float, Field(ge=0.01, le=1)]
Positions = Literal["all"] | Annotated[int, Field(strict=True, ge=1)]
Wait = Annotated[int, Field(strict=True, ge=0)]
Recall = Annotated[int, Field(strict=True, ge=1)]


class BitChoices(Model):
    """Bit widths of inputs, weights and activations; 32 is floating point."""

    input: Choices[BitWidth] = (8,)
    weights: Choices[BitWidth] = (8,)
    activations: Choices[BitWidth] = (8,)

    def parts(self, name: str) -> tuple[Part, ...]:
        """The genes of the three widths."""
        return (
            Gene(f"{name}.input", self.input),
            Gene(f"{name}.weights", self.weights),
            Gene(f"{name}.activations", self.activations),
        )


class DenseChoices(Model):
    """One dense layer."""

    width: Choices[Width]
    activation: Choices[Activation] = ("relu",)
    norm: Choices[Norm] = ("none",)

    def parts(self, name: str) -> tuple[Part, ...]:
        """The genes of the layer called `name`."""
        return (
            Gene(f"{name}.width", self.width),
            Gene(f"{name}.activation", self.activation),
            Gene(f"{name}.norm", self.norm),
        )


def dense(name: str, genotype: Genotype) -> Dense:
    """The layer called `name` as the genotype has it."""
    return Dense.model_validate({field: genotype[f"{name}.{field}"] for field in ("width", "activation", "norm")})


class ChainChoices(DenseChoices):
    """`layers` dense layers one after the other, each with choices of its own from the same lists."""

    layers: Choices[Annotated[int, Field(strict=True, ge=0, le=16)]]

    def chain(self, name: str, extra: int = 0) -> Switch:
        """The depth gene, under each depth the genes of its layers; `extra` layers of a depth live elsewhere."""
        return Switch(
            Gene(f"{name}.layers", self.layers),
            {
                depth: tuple(part for i in range(1, depth - extra + 1) for part in self.parts(f"{name}.{i}"))
                for depth in self.layers
            },
        )


def chain(name: str, genotype: Genotype, extra: int = 0) -> list[Dense]:
    """The layers of the chain called `name`."""
    return [dense(f"{name}.{i}", genotype) for i in range(1, int(genotype[f"{name}.layers"]) - extra + 1)]


class ConvChoices(Model):
    """One convolution."""

    channels: Choices[Width]
    kernel: Choices[Kernel]
    activation: Choices[Activation] = ("relu",)
    norm: Choices[Norm] = ("none",)

    def parts(self, name: str) -> tuple[Part, ...]:
        """The genes of the layer called `name`."""
        return (
            Gene(f"{name}.channels", self.channels),
            Gene(f"{name}.kernel", self.kernel),
            Gene(f"{name}.activation", self.activation),
            Gene(f"{name}.norm", self.norm),
        )


def conv(name: str, genotype: Genotype) -> Conv2d:
    """The convolution called `name` as the genotype has it."""
    fields = ("channels", "kernel", "activation", "norm")
    return Conv2d.model_validate({field: genotype[f"{name}.{field}"] for field in fields})


class AttentionChoices(Model):
    """One attention block over pixels. With softmax it cannot be deployed bit-exactly."""

    width: Choices[Width]
    softmax: Choices[Flag] = (False,)
    activation: Choices[Activation] = ("none",)

    def parts(self, name: str) -> tuple[Part, ...]:
        """The genes of the block called `name`."""
        return (
            Gene(f"{name}.width", self.width),
            Gene(f"{name}.softmax", self.softmax),
            Gene(f"{name}.activation", self.activation),
        )


def attention(name: str, genotype: Genotype) -> Attention:
    """The attention block called `name` as the genotype has it."""
    fields = ("width", "softmax", "activation")
    return Attention.model_validate({field: genotype[f"{name}.{field}"] for field in fields})
