"""What a block is."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, SerializeAsAny

from nac.arch import operations as ops
from nac.arch.graph import Builder
from nac.arch.operation import Node
from nac.config import Model
from nac.registry import Registry

Activation = Literal["none", "relu", "leaky_relu", "leaky_relu_1_8", "gelu"]
Norm = Literal["none", "batch", "layer"]
Width = Annotated[int, Field(ge=1, le=4096)]
NORMS = {"batch": ops.BatchNorm, "layer": ops.LayerNorm}


class Block(Model):
    """The extension point: values that are written under `blocks` of an architecture and add nodes to its graph.

    `block` is the name under which it is registered; the first node of block 3 of a network is called after it, such
    as `dense3`, and with it the block's weights on disk.
    """

    block: str

    @abstractmethod
    def expand(self, builder: Builder, name: str, x: Node) -> Node:
        """Add this block's nodes, named `name` and `name_...`, behind `x`; return the last. Raises InputError."""

    @abstractmethod
    def summary(self) -> str:
        """A few characters for tables."""

    def sizes(self, name: str) -> Mapping[str, str]:
        """The field that says how many channels a node makes, by the names of the nodes for which there is one."""
        return {}

    def resized(self, name: str, channels: Mapping[str, int]) -> Self:
        """The same block whose nodes make so many channels each."""
        return self.model_copy(update={field: channels[node] for node, field in self.sizes(name).items()})


BLOCKS: Registry[type[Block]] = Registry("block", "nac.arch.blocks")
"""Every block by name."""


def read_block(value: Any) -> Block:
    """The block that a mapping with its name under `block` describes. Raises ValueError where there is none."""
    if isinstance(value, Block):
        return value
    name = value.get("block") if isinstance(value, Mapping) else None
    if not isinstance(name, str):
        raise ValueError("expected a block with its name under `block`")
    return BLOCKS[BLOCKS.check(name)].model_validate(value)


AnyBlock = Annotated[SerializeAsAny[Block], BeforeValidator(read_block)]
"""A block of any kind, as a field of a model."""


def activated(builder: Builder, name: str, x: Node, norm: str, activation: str) -> Node:
    """A norm, unless it is `none`, and an activation behind the layer called `name`."""
    if norm != "none":
        x = builder.add(f"{name}_norm", NORMS[norm](), x)
    return builder.add(f"{name}_act", ops.Activation(kind=activation), x)
