"""Attention over pixels."""

from collections.abc import Mapping
from typing import Literal

from nac.arch import operations as ops
from nac.arch.blocks.contract import BLOCKS, Activation, Block, Width
from nac.arch.graph import Builder
from nac.arch.operation import Node, require_rank


@BLOCKS.register("attention")
class Attention(Block):
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
        require_rank(name, x, (3,), "an image (channels, rows, columns)")
        channels, rows, columns = x.shape
        flat = builder.add(f"{name}_pixels", ops.Reshape(to=(channels, rows * columns)), x)
        query, key, value = (
            _quantised(builder, f"{name}_{role}", ops.Dense(width=self.width, averages=role == "key"), flat)
            for role in ("query", "key", "value")
        )
        if self.softmax:
            scores = builder.add(f"{name}_scores", ops.MatMul(transpose_a=True), query, key)
            shares = builder.add(f"{name}_softmax", ops.Softmax(), scores)
            mixed = _quantised(builder, f"{name}_mix", ops.MatMul(transpose_b=True), value, shares)
        else:
            context = _quantised(builder, f"{name}_context", ops.MatMul(transpose_b=True), value, key)
            mixed = _quantised(builder, f"{name}_mix", ops.MatMul(), context, query)
        projected = _quantised(builder, f"{name}_project", ops.Dense(width=channels), mixed)
        total = builder.add(f"{name}_add", ops.Add(), flat, projected)
        out = builder.add(f"{name}_act", ops.Activation(kind=self.activation), total)
        return builder.add(f"{name}_image", ops.Reshape(to=x.shape), out)

    def summary(self) -> str:
        """Kind and width."""
        return f"{'softmax' if self.softmax else 'linear'}-attention{self.width}"

    def sizes(self, name: str) -> Mapping[str, str]:
        """As many queries as keys and values; what is projected has the channels of the input."""
        return {f"{name}_{role}": "width" for role in ("query", "key", "value")}


def _quantised(builder: Builder, name: str, operation: ops.Dense | ops.MatMul, *sources: Node) -> Node:
    """An operation whose values get their width."""
    return builder.add(f"{name}_act", ops.Activation(), builder.add(name, operation, *sources))
