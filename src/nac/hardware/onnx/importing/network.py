"""Networks of others: an ONNX, QONNX or QCDQ graph as a network of ours that computes the same."""

from typing import Any, cast

import numpy as np
import onnx
import torch
from pydantic import ValidationError
from qonnx.core.modelwrapper import ModelWrapper
from torch import nn

from nac.arch import Architecture, Network, copied
from nac.arch.quantisers.given import GIVEN
from nac.arch.quantisers.learned import Layer, Values, finest
from nac.arch.quantisers.rounding import PACE
from nac.errors import InputError, WorkError
from nac.hardware.engines.exported import run_qonnx
from nac.hardware.onnx.graph import GraphView, Quantiser
from nac.hardware.onnx.importing.chain import read_chain
from nac.hardware.onnx.importing.parts import Chain, Parameters
from nac.hardware.onnx.passes import QONNX_DOMAIN, fold_constants, infer_shapes
from nac.hardware.onnx.qcdq import from_qcdq
from nac.hardware.onnx.untrusted import BROKEN_MODEL, as_input_error

CHECKED = 64
DEEPEST = 32  # fractional bits of a bias, with which sums stay exact


def import_graph(model: onnx.ModelProto) -> Network:
    """The network of a graph in evaluation mode: quantised where its values and weights are, else float.

    Raises:
        InputError: an operation, or a way to quantise, that nothing here is built for; the text names it.
        WorkError: the network does not compute what the graph does.
    """
    try:
        prepared = fold_constants(from_qcdq(infer_shapes(ModelWrapper(model)))).model
        if QONNX_DOMAIN not in (known.domain for known in prepared.opset_import):
            prepared.opset_import.append(onnx.helper.make_opsetid(QONNX_DOMAIN, 1))
        chain = read_chain(GraphView(prepared))
        network = _quantised(chain) if chain.entry is not None else _float(chain)
    except BROKEN_MODEL as error:
        raise InputError(as_input_error(error)) from error
    _check(network, prepared)
    return network


def _architecture(chain: Chain) -> Architecture:
    *body, last = chain.steps
    try:
        return Architecture.model_validate({
            "input": chain.view.shape(chain.view.input), "outputs": last.block["width"],
            "blocks": [step.block for step in body],
        })  # fmt: skip
    except ValidationError as error:
        reasons = "; ".join(str(item["msg"]).removeprefix("Value error, ") for item in error.errors())
        raise InputError(f"the layers do not make a network: {reasons}") from error


def _layers(network: Network, chain: Chain) -> list[tuple[Any, Parameters]]:
    """The modules with weights and their parameters, shaped as the modules have them."""
    found = [step.parameters for step in chain.parts if step.parameters is not None]
    return [(network.layers[name], given) for name, given in zip(network.weighted, found, strict=True)]


@torch.no_grad()
def _float(chain: Chain) -> Network:
    network = Network(_architecture(chain)).eval()
    norms = {node.inputs[0]: network.layers[node.name] for node in network.graph.nodes if node.operation.folds}
    for name, (layer, given) in zip(network.weighted, _layers(network, chain), strict=True):
        layer.weight.copy_(torch.from_numpy(given.weight.copy()).reshape(layer.weight.shape))
        bias = torch.from_numpy(np.zeros(len(given.weight)) if given.bias is None else given.bias.copy())
        if given.norm:
            norm, values = cast(nn.BatchNorm1d, norms[name]), [torch.from_numpy(v.copy()) for v in given.norm]
            targets = (norm.weight, norm.bias, norm.running_mean, norm.running_var)
            for target, value in zip(targets, values, strict=True):
                cast(torch.Tensor, target).copy_(value)
            norm.eps = given.epsilon
        if layer.bias is not None:
            layer.bias.copy_(bias)
        elif given.norm:
            cast(torch.Tensor, cast(nn.BatchNorm1d, norms[name]).running_mean).sub_(bias.float())
    return network


@torch.no_grad()
def _quantised(chain: Chain) -> Network:
    network = Network(_architecture(chain), quantiser=GIVEN).eval()
    for layer, given in _layers(network, chain):
        _set_layer(cast(Layer, layer), given)
    named = [chain.entry, *(step.values for step in chain.parts if step.quantises)]
    nodes = [node for node in network.graph.nodes if node.operation.quantises]
    if len(named) - 1 == len(nodes):  # behind the last layer is none
        named.pop()
    for node, values in zip(nodes, named, strict=True):
        if values is None:
            raise InputError(f"{node.name}: the values are not quantised, expected a quantiser behind every layer")
        _set_values(cast(Values, network.layers[node.name]), values, node.name)
    widths = {node.name: cast(Any, network.layers[node.name]).width
              for node in network.graph.nodes if node.operation.weighted or node.operation.quantises}  # fmt: skip
    return copied(network, network.architecture.with_layer_bits(widths)).eval()


def _set_layer(layer: Layer, given: Parameters) -> None:
    """Weights on the grid that they came with; a bias is a number of few digits anyway."""
    if given.weight_fraction is None:
        raise InputError("the weights of a layer are not quantised, expected those of all layers to be")
    if given.norm:
        raise InputError("a batch norm is left in the quantised network, expected it to be folded into its layer")
    shape = layer.weight.shape
    layer.weight.copy_(torch.from_numpy(given.weight.copy()).reshape(shape))
    layer.fraction.copy_(torch.from_numpy(given.weight_fraction / PACE).reshape(shape))
    if layer.bias is None or layer.bias_fraction is None:
        return
    bias = np.zeros(shape[0]) if given.bias is None else np.broadcast_to(given.bias.reshape(-1), (shape[0],))
    layer.bias.copy_(torch.from_numpy(bias.astype(np.float32)))
    steps = finest(layer.bias)
    fraction = torch.where(torch.isinf(steps), 0.0, -torch.log2(steps))
    if int(fraction.max()) > DEEPEST:
        raise InputError(f"the biases of a layer have up to {int(fraction.max())} fractional bits, expected at most "
                         f"{DEEPEST}: quantise them")
    layer.bias_fraction.copy_(fraction / PACE)


def _set_values(layer: Values, given: Quantiser, name: str) -> None:
    fraction, width = int(given.fraction.flat[0]), int(given.width.flat[0])
    if given.signed and not layer.signed:
        width -= 1  # what ReLU leaves does not use the sign
    elif not given.signed and layer.signed:
        raise InputError(f"{name}: values without ReLU are quantised to an unsigned type, expected a signed one")
    layer.fraction.fill_(fraction / PACE)
    layer.whole.fill_((width - layer.signed - fraction) / PACE)


def _check(network: Network, model: onnx.ModelProto) -> None:
    """Raises WorkError unless the network computes what the graph does, to the last bit where it is quantised."""
    random = np.random.default_rng(0)
    size = random.choice([0.3, 1.0, 4.0], size=(CHECKED, *[1] * len(network.architecture.input)))
    x = (random.normal(size=(CHECKED, *network.architecture.input)) * size).astype(np.float32)
    expected = run_qonnx(model, x)[model.graph.output[0].name]
    with torch.no_grad():
        found = copied(network).eval().double()(torch.from_numpy(x).double()).numpy()
    close = np.array_equal(found, expected) if network.quantised else np.allclose(found, expected, rtol=1e-4, atol=1e-5)
    if not close:
        raise WorkError(f"the imported network differs from its source by up to {np.abs(found - expected).max():g}")
