"""What a network may be made of. A block is a frozen value that adds its operations to a graph."""

from typing import Annotated, Literal, Protocol

from pydantic import Field

from nac.arch.graph import Builder, Node
from nac.config import Model

Activation = Literal["none", "relu", "leaky_relu", "leaky_relu_1_8", "gelu"]
Norm = Literal["none", "batch", "layer"]
Width = Annotated[int, Field(ge=1, le=4096)]


class BlockProtocol(Protocol):
    """The extension point: a Model with a `block` tag that can expand itself."""

    def expand(self, builder: Builder, name: str, x: Node) -> Node:
        """Add this block's nodes, named `name` and `name_...`, behind `x`; return the last. Raises InputError."""
        ...

    def summary(self) -> str:
        """A few characters for tables."""
        ...


class Dense(Model):
    """A layer over features; on a set (features, particles) it acts on every particle with the same weights."""

    block: Literal["dense"] = "dense"
    width: Width
    activation: Activation = "relu"
    norm: Norm = "none"

    def expand(self, builder: Builder, name: str, x: Node) -> Node:
        """(F,) to (width,), or (F, P) to (width, P)."""
        y = builder.norm(f"{name}_norm", builder.dense(name, x, self.width), self.norm)
        return builder.activation(f"{name}_act", y, self.activation)

    def summary(self) -> str:
        """The width."""
        return str(self.width)


class Conv(Model):
    """A convolution without padding, stride 1."""

    block: Literal["conv"] = "conv"
    channels: Width
    kernel: Annotated[int, Field(ge=1, le=11)] = 3
    activation: Activation = "relu"
    norm: Norm = "none"

    def expand(self, builder: Builder, name: str, x: Node) -> Node:
        """(C, H, W) to (channels, H-k+1, W-k+1)."""
        y = builder.norm(f"{name}_norm", builder.conv(name, x, self.channels, self.kernel), self.norm)
        return builder.activation(f"{name}_act", y, self.activation)

    def summary(self) -> str:
        """Channels and kernel."""
        return f"c{self.channels}k{self.kernel}"


class Attention(Model):
    """Self-attention over the pixels of an image, one head, added to its input.

    With softmax it is the non-local block of BraggNN (arXiv 2008.08198). Without, the product is taken in
    the cheaper order v·(kᵀ·q) = (v·kᵀ)·q: width x width products instead of one score per pair of pixels
    (linear attention, arXiv 2006.16236), which is also what hardware can do exactly.
    """

    block: Literal["attention"] = "attention"
    width: Width
    softmax: bool = False
    activation: Activation = "none"

    def expand(self, builder: Builder, name: str, x: Node) -> Node:
        """(C, H, W) to (C, H, W)."""
        builder.require(name, x, (3,), "an image (channels, rows, columns)")
        channels, rows, columns = x.shape
        flat = builder.reshape(f"{name}_pixels", x, (channels, rows * columns))
        query, key, value = (
            builder.activation(f"{name}_{role}_act", builder.dense(f"{name}_{role}", flat, self.width))
            for role in ("query", "key", "value")
        )
        if self.softmax:
            scores = builder.softmax(
                f"{name}_softmax", builder.matmul(f"{name}_scores", query, key, transpose_a=True)
            )
            mixed = builder.matmul(f"{name}_mix", value, scores, transpose_b=True)
        else:
            context = builder.matmul(f"{name}_context", value, key, transpose_b=True)
            mixed = builder.matmul(f"{name}_mix", builder.activation(f"{name}_context_act", context), query)
        projected = builder.dense(f"{name}_project", builder.activation(f"{name}_mix_act", mixed), channels)
        total = builder.add(f"{name}_add", flat, builder.activation(f"{name}_project_act", projected))
        out = builder.activation(f"{name}_act", total, self.activation)
        return builder.reshape(f"{name}_image", out, x.shape)

    def summary(self) -> str:
        """Kind and width."""
        return f"{'softmax' if self.softmax else 'linear'}-attention{self.width}"


class Pool(Model):
    """Maximum over windows."""

    block: Literal["pool"] = "pool"
    size: Annotated[int, Field(ge=2, le=11)] = 2

    def expand(self, builder: Builder, name: str, x: Node) -> Node:
        """(C, H, W) to (C, H // size, W // size)."""
        return builder.pool(name, x, self.size)

    def summary(self) -> str:
        """Kind and window."""
        return f"pool{self.size}"


class Aggregate(Model):
    """One vector from a set, independent of the order of its members (Deep Sets, arXiv 1703.06114)."""

    block: Literal["aggregate"] = "aggregate"
    kind: Literal["mean", "max"] = "mean"

    def expand(self, builder: Builder, name: str, x: Node) -> Node:
        """(F, P) to (F,)."""
        y = builder.aggregate(name, x, self.kind)
        if self.kind == "max":
            return y
        # The mean of what ReLU leaves is not negative either: quantised without a sign it has one bit more.
        return builder.activation(f"{name}_act", y, "relu" if x.attrs.get("kind") == "relu" else "none")

    def summary(self) -> str:
        """The kind."""
        return self.kind


class Flatten(Model):
    """An image or a set as one vector."""

    block: Literal["flatten"] = "flatten"

    def expand(self, builder: Builder, name: str, x: Node) -> Node:
        """Any shape to (product,)."""
        return builder.flatten(name, x)

    def summary(self) -> str:
        """The kind."""
        return "flatten"


Block = Annotated[Dense | Conv | Attention | Pool | Aggregate | Flatten, Field(discriminator="block")]
