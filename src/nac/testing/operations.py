"""The contract of an operation of networks."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from nac.arch import OPERATIONS, Graph, Node, Operation
from nac.arch.channels import Channels
from nac.arch.operation import Extent, Shape
from nac.arch.operations import Input
from nac.arch.quantisers import FIXED_POINT, QUANTISERS
from nac.arch.quantisers.values import plain
from nac.errors import InputError

SAMPLES, BITS, FACTOR = 6, 5, 4.0
Function = Callable[..., Tensor]


def check_operation(operation: Operation, *shapes: Shape) -> None:
    """All that it says of itself fits what it computes: shapes, widths, products, channels, ranges, exactness.

    Args:
        operation: with some values; its kind is registered.
        shapes: of inputs that it takes, channels first; none for one that reads what the network is given.
    """
    name = operation.name
    assert OPERATIONS[name] is type(operation), f"{name}: another operation has this name"
    assert hash(operation) is not None, f"{name}: expected a frozen value"
    sources = [Node(f"x{index}", Input(size=shape), (), shape, BITS) for index, shape in enumerate(shapes)]
    shape = operation.shape("it", sources)
    assert shape and all(size > 0 for size in shape), f"{name}: expected positive sizes, found {shape}"
    bits = operation.bits(sources, BITS)
    assert not operation.quantises or bits == BITS, f"{name}: gives values {bits} bits, expected the {BITS} given"
    node = Node("it", operation, tuple(source.name for source in sources), shape, bits, BITS)
    module = operation.float_module(node, sources)
    assert module is not None or operation.exported or operation.quantises, (
        f"{name}: has no module, expected the names of the ONNX operations that it becomes"
    )
    generator = torch.Generator().manual_seed(0)
    values = [2 * torch.rand(SAMPLES, *given, generator=generator) - 1 for given in shapes or (shape,)]
    _check_values(node, module, values)
    if operation.weighted:
        _check_product(node, sources, module)
    _check_quantised(node, sources, values)
    _check_channels(node, sources)
    if module is None and sources:
        _check_extent(node, sources, values)


def _function(node: Node, module: nn.Module | None) -> Function:
    if module is not None:
        return module
    return lambda *values: node.operation.compute(node, *values)


def _check_values(node: Node, module: nn.Module | None, values: list[Tensor]) -> None:
    name, function = node.operation.name, _function(node, module)
    outputs: Any = function(*values)
    assert tuple(outputs.shape) == (SAMPLES, *node.shape), f"{name}: says {node.shape}, has {tuple(outputs.shape[1:])}"
    assert bool(outputs.isfinite().all()), f"{name}: expected finite values"
    if module is not None:
        if outputs.requires_grad:
            outputs.square().sum().backward()
        for path, parameter in module.named_parameters():
            assert parameter.grad is not None, f"{name}: {path} is in no path to the output"
        module.eval()
    with torch.no_grad():
        outputs, some = function(*values), function(*(value[:2] for value in values))
        assert torch.allclose(some, outputs[:2], atol=1e-6), f"{name}: a sample depends on the others in its batch"
        if node.operation.scales() and not (module and [*module.parameters()]):
            larger = function(*(FACTOR * value for value in values))
            same = torch.allclose(larger, FACTOR * outputs, rtol=1e-5)
            assert same, f"{name}: says that factors come out behind it, and they do not"


def _check_product(node: Node, sources: list[Node], module: nn.Module | None) -> None:
    name, product = node.operation.name, node.operation.product(node, sources, 0.5)
    weight = getattr(module, "weight", None)
    assert product is not None and weight is not None, f"{name}: is weighted, expected weights and a product"
    parameters = sum(parameter.numel() for parameter in (module.parameters() if module else ()))
    assert product.parameters == parameters, f"{name}: has {parameters} parameters, its product {product.parameters}"
    assert weight.shape[0] == node.shape[0], f"{name}: expected weights (outputs, inputs, ...), found {weight.shape}"
    sizes = product.outputs, product.fan_in * product.outputs
    assert sizes == (node.shape[0], weight.numel()), f"{name}: outputs and weights are {sizes} in its product"
    widths = product.weight_bits, product.activation_bits
    assert widths == (node.weight_bits, sources[0].bits), f"{name}: widths are {widths} in its product"
    assert product.density == 0.5, f"{name}: its product ignores the density"


def _check_quantised(node: Node, sources: list[Node], values: list[Tensor]) -> None:
    """Where it says that it is exact it has a quantised form, and where it has none it says so."""
    operation, name = node.operation, node.operation.name
    problems = operation.problems(node, sources)
    if operation.folds:
        return
    try:
        module = operation.quantised_module(node, sources, QUANTISERS[FIXED_POINT])
    except InputError as error:
        assert problems, f"{name}: has no quantised form ({error}), and names no problem"
        return
    assert not operation.quantises or module is not None, f"{name}: gives values a width, expected what quantises them"
    entries = [QUANTISERS[FIXED_POINT].values(source, "none") for source in sources]
    with torch.no_grad():
        given = [entry(value) for entry, value in zip(entries, values, strict=True)] if sources else values
        outputs = plain(_function(node, module)(*given))
    assert tuple(outputs.shape) == (SAMPLES, *node.shape), f"{name}: has another shape where it is quantised"


def _check_channels(node: Node, sources: list[Node]) -> None:
    axes = Channels(Graph((*sources, node))).axes[node.name]
    name = node.operation.name
    assert len(axes) == len(node.shape), f"{name}: {len(axes)} axes, expected one for each of {node.shape}"
    for axis, size in zip(axes, node.shape, strict=True):
        found = size if axis is None else len(axis.channels)
        assert found == size, f"{name}: {found} channels along an axis of {size}"


def _check_extent(node: Node, sources: list[Node], values: list[Tensor]) -> None:
    name, ends = node.operation.name, [torch.ones(source.shape[0], dtype=torch.float64) for source in sources]
    extent = node.operation.extent(node, sources, [Extent(-end, end) for end in ends], lambda before: before)
    outputs = plain(node.operation.compute(node, *values)).double().transpose(0, 1).flatten(1)
    assert extent.low.shape == (node.shape[0],), f"{name}: expected a range for each of {node.shape[0]} channels"
    inside = (extent.low[:, None] <= outputs + 1e-6) & (outputs - 1e-6 <= extent.high[:, None])
    assert bool(inside.all()), f"{name}: computes values that are not in the range that it says"
