"""A device that is not here: what is moved to it lies there, and cannot meet what does not.

It is said to be `cuda`; the arithmetic is the CPU's. Tensors made of tensors that lie there lie there too, and an
operation on one that does and one that does not fails as it would on a GPU (single numbers go everywhere, an index
may stay in main memory, and what is copied from one place to the other stays where it is).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

CUDA, HERE = torch.device("cuda"), torch.device("cpu")


class Elsewhere(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the operations done there, and the tensors moved there by their sizes."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.operations = 0
        self.moved: list[tuple[int, ...]] = []
        self._there: dict[int, Tensor] = {}  # kept: another tensor must not come to lie at the same place
        self._moves = _Moves(self)

    def __enter__(self) -> Self:
        self._moves.__enter__()  # type: ignore[no-untyped-call]
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *raised: Any) -> None:
        super().__exit__(*raised)  # type: ignore[no-untyped-call]
        self._moves.__exit__(*raised)  # type: ignore[no-untyped-call]

    def holds(self, tensor: Tensor) -> bool:
        """Whether a tensor lies there."""
        return tensor.untyped_storage().data_ptr() in self._there

    def put(self, tensor: Tensor) -> Tensor:
        """Note that a tensor lies there."""
        self._there[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Do it here; say that it was done there."""
        given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor) and leaf.numel()]
        there = [tensor for tensor in given if self.holds(tensor)]
        out = func(*args, **(kwargs or {}))
        if there and func.overloadpacket is not torch.ops.aten.copy_:
            here = any(tensor.dim() for tensor in given if not self.holds(tensor))
            assert not here or func.overloadpacket is torch.ops.aten.index, f"{func}: tensors on two devices"
            self.operations += 1
            for leaf in tree_leaves(out):
                if isinstance(leaf, Tensor):
                    self.put(leaf)
        return out


class _Moves(TorchFunctionMode):
    """Takes tensors there and back, and answers where one is."""

    def __init__(self, elsewhere: Elsewhere) -> None:
        super().__init__()
        self.elsewhere = elsewhere

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """What `to`, `type_as`, `cpu`, `device` of a tensor and tensors made there would do with a GPU."""
        device = next((arg for arg in args[1:] if isinstance(arg, torch.device)), None)
        if func is torch.Tensor.to and device is not None:
            return self._to(args[0], device)
        if func is torch.Tensor.type_as:
            return self._to(args[0].to(args[1].dtype), CUDA if self.elsewhere.holds(args[1]) else HERE)
        if func is torch.Tensor.cpu:
            return self._to(args[0], HERE)
        if func == torch.Tensor.device.__get__ and self.elsewhere.holds(args[0]):
            return CUDA
        given = dict(kwargs or {})
        if given.get("device") == CUDA:
            return self.elsewhere.put(func(*args, **{**given, "device": HERE}))
        return func(*args, **given)

    def _to(self, tensor: Tensor, device: torch.device) -> Tensor:
        if (device == CUDA) == self.elsewhere.holds(tensor):
            return tensor
        copy = tensor.detach().numpy().copy()
        if device == CUDA:
            self.elsewhere.moved.append(tuple(tensor.shape))
            return self.elsewhere.put(torch.from_numpy(copy))
        return torch.from_numpy(copy)
