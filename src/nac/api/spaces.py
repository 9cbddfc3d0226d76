"""Search spaces as values: what a file in search_spaces/ says, in one call.

Every setting may be one value or a list of choices; the search chooses among these.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias, TypeVar

from nac.config import validate
from nac.errors import InputError
from nac.space import DEPLOYMENT_GENES
from nac.space.kinds import KINDS

T = TypeVar("T")
OneOrMany: TypeAlias = T | Sequence[T]


@dataclass(frozen=True, kw_only=True)
class Space(ABC):
    """What every space has.

    `bits` are widths of weights and activations that may be chosen, `input_bits` those of the inputs: of use in a
    search for hardware costs, else 8. So are `sparsity`, shares of weights that go, and `digits`, shares of the
    weights' signed digits that stay, `fold`, positions that come with a clock ("all": there is a copy of the logic for
    each), with `wait`, clocks that dense layers behind a stream may take, and `recall`, how much faster positions come
    again behind a sum over all. `baselines` are members that are tried first, as in a file. A space that is not
    `deployable` may only be searched.
    """

    kind: ClassVar[str]
    rank: ClassVar[int | None] = None
    """Dimensions of an input, the channels among them; None where any will do."""

    bits: OneOrMany[int] = 8
    input_bits: OneOrMany[int] = 8
    sparsity: OneOrMany[float] | None = None
    digits: OneOrMany[float] | None = None
    fold: OneOrMany[int | str] | None = None
    wait: OneOrMany[int] | None = None
    recall: OneOrMany[int] | None = None
    baselines: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    deployable: bool = True
    description: str = ""

    @abstractmethod
    def choices(self) -> dict[str, Any]:
        """What this kind's file says besides."""

    @property
    def name(self) -> str:
        """What a run calls it."""
        return type(self).__name__.lower()

    def shape(self, sample: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of a network input for samples of a shape: one channel where they have no axis of channels.

        Raises InputError when a sample has other dimensions.
        """
        if self.rank is None:
            return sample or (1,)
        if len(sample) == self.rank - 1:
            return (1, *sample)
        if len(sample) != self.rank:
            raise InputError(f"x: one sample has shape {sample}, expected {self.rank} dimensions, channels first, "
                             f"for the space {type(self).__name__}")
        return sample

    def file(self, sample: tuple[int, ...], outputs: int) -> dict[str, Any]:
        """The mapping of the search-space file for samples of a shape. Raises InputError naming what is wrong."""
        said: dict[str, Any] = {
            "description": self.description,
            "kind": self.kind,
            "deployable": self.deployable,
            "input": list(self.shape(sample)),
            "outputs": outputs,
            "bits": {"input": listed(self.input_bits), "weights": listed(self.bits), "activations": listed(self.bits)},
            **{name: listed(value) for name in DEPLOYMENT_GENES if (value := getattr(self, name)) is not None},
            **self.choices(),
            "baselines": {name: dict(member) for name, member in self.baselines.items()},
        }
        validate(KINDS[self.kind], said, f"nac.spaces.{type(self).__name__}")
        return said


def listed(choice: object) -> list[Any]:
    """The choices as a list; what is no sequence is the only one."""
    return list(choice) if isinstance(choice, Sequence) and not isinstance(choice, str) else [choice]


def _layers(
    layers: OneOrMany[int], width: OneOrMany[int], activation: OneOrMany[str], norm: OneOrMany[str]
) -> dict[str, Any]:
    return {"layers": listed(layers), "width": listed(width), "activation": listed(activation), "norm": listed(norm)}


@dataclass(frozen=True, kw_only=True)
class Dense(Space):
    """Dense layers on a vector; traces and images are flattened.

    >>> Dense(layers=[1, 2], width=[8, 16]).file((64,), outputs=2)["hidden"]["width"]
    [8, 16]
    """

    kind: ClassVar = "mlp"

    layers: OneOrMany[int] = (1, 2, 3)
    width: OneOrMany[int] = (8, 16, 32, 64)
    activation: OneOrMany[str] = "relu"
    norm: OneOrMany[str] = ("batch", "none")

    def choices(self) -> dict[str, Any]:
        """The hidden layers."""
        return {"hidden": _layers(self.layers, self.width, self.activation, self.norm)}


@dataclass(frozen=True, kw_only=True)
class DeepSets(Space):
    """One network on every particle of a set (features, particles), an aggregation, another network on the result.

    The aggregation `flatten` keeps every particle's values, for particles that come in order; 0 `layers` take them as
    they are.
    `layers` and `width` are of the first, the last of which is as wide as `bottleneck` says; `head_layers` and
    `head_width` of the second (arXiv 1703.06114).
    """

    kind: ClassVar = "deep_sets"
    rank: ClassVar = 2

    layers: OneOrMany[int] = (1, 2, 3)
    width: OneOrMany[int] = (8, 16, 32)
    bottleneck: OneOrMany[int] = (8, 16, 32)
    aggregate: OneOrMany[str] = ("mean", "max")
    head_layers: OneOrMany[int] = (1, 2)
    head_width: OneOrMany[int] = (8, 16, 32)
    activation: OneOrMany[str] = "relu"
    norm: OneOrMany[str] = "batch"

    def choices(self) -> dict[str, Any]:
        """phi, the aggregation and rho."""
        phi = _layers(self.layers, self.width, self.activation, self.norm)
        return {
            "phi": {**phi, "bottleneck": listed(self.bottleneck)},
            "aggregate": listed(self.aggregate),
            "rho": _layers(self.head_layers, self.head_width, self.activation, self.norm),
        }


@dataclass(frozen=True, kw_only=True)
class Conv2d(Space):
    """Convolutions on an image (channels, rows, columns), and dense layers on the result.

    One convolution, then up to `blocks` times two, each with its own `channels` and `kernels` (no padding), a maximum
    over windows of `pool` pixels (0: none), then `head_layers` of `head_width`.
    """

    kind: ClassVar = "cnn"
    rank: ClassVar = 3

    channels: OneOrMany[int] = (2, 4, 8)
    kernels: OneOrMany[int] = (1, 3)
    blocks: int = 2
    pool: OneOrMany[int] = (0, 2)
    head_layers: OneOrMany[int] = (0, 1, 2)
    head_width: OneOrMany[int] = (4, 8, 16, 32)
    activation: OneOrMany[str] = "relu"
    norm: OneOrMany[str] = ("batch", "none")

    def choices(self) -> dict[str, Any]:
        """The stem, the slots, the pool and the head."""
        conv = {
            "channels": listed(self.channels), "kernel": listed(self.kernels), "activation": listed(self.activation),
            "norm": listed(self.norm),
        }  # fmt: skip
        sizes = [size for size in listed(self.pool) if size]
        positions = [*(["none"] if 0 in listed(self.pool) or not sizes else []), *(["stem", "slots"] if sizes else [])]
        return {
            "stem": conv,
            "slots": {"count": self.blocks, "block": ["conv_block", "none"], "conv_block": conv},
            "pool": {"position": positions, **({"size": sizes} if sizes else {})},
            "head": _layers(self.head_layers, self.head_width, self.activation, self.norm),
        }


@dataclass(frozen=True, kw_only=True)
class Conv1d(Space):
    """Convolutions on a trace (channels, samples), and dense layers on the result.

    Up to `layers` convolutions, each with its own `channels`, `kernels` and `strides` (with zeros around, so that a
    stride alone says how many samples are left), connections past all but the first where `residual`, a maximum over
    windows of `pool` samples (0: none), then up to `head_layers` of `head_width`.

    >>> Conv1d(channels=[4, 8], kernels=[3, 5]).shape((64,))
    (1, 64)
    """

    kind: ClassVar = "sequence"
    rank: ClassVar = 2

    channels: OneOrMany[int] = (2, 4, 8)
    kernels: OneOrMany[int] = (3, 5, 7)
    strides: OneOrMany[int] = (2, 4, 1)
    layers: int = 2
    residual: bool = False
    pool: OneOrMany[int] = (0, 2)
    head_layers: int = 1
    head_width: OneOrMany[int] = (4, 8, 16)
    activation: OneOrMany[str] = "relu"
    norm: OneOrMany[str] = ("batch", "none")

    def choices(self) -> dict[str, Any]:
        """The convolutions, the pool and the head as a sequence of blocks."""
        about = {"activation": listed(self.activation), "norm": listed(self.norm)}
        conv = {
            "block": "conv1d", "channels": listed(self.channels), "kernel": listed(self.kernels), "padding": "same",
            **about,
        }  # fmt: skip
        strided, nothing = {**conv, "stride": listed(self.strides)}, {"block": "none"}
        past = [{"block": "residual", "projection": True, "blocks": [conv]}] if self.residual else []
        sizes = [size for size in listed(self.pool) if size]
        pool = {"block": "pool", "size": sizes}
        hidden = [{"block": "dense", "width": listed(self.head_width), **about}, nothing]
        return {
            "sequence": {
                "conv1": strided,
                **{f"conv{i}": [strided, nothing, *past] for i in range(2, self.layers + 1)},
                **({"pool": [nothing, pool] if 0 in listed(self.pool) else pool} if sizes else {}),
                "flat": {"block": "flatten"},
                **{f"hidden{i}": hidden for i in range(1, self.head_layers + 1)},
            }
        }  # fmt: skip
