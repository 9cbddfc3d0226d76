"""Canaries: what is injected into Brevitas is still found there, still needed, and still read in one place only."""

import ast
import warnings
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import torch
from brevitas.core.function_wrapper.ops_ste import RoundSte
from brevitas.quant import Int8ActPerTensorFixedPoint
from brevitas.quant.fixed_point import Int8WeightPerChannelFixedPoint
from networks import MLP
from torch import nn

from nac.arch import Network, brevitas
from nac.arch.quantisers import FIXED_POINT

SOURCE = Path(brevitas.__file__).resolve().parent.parent
PUBLIC = {"brevitas", "brevitas.quant", "brevitas.quant_tensor"}


@pytest.fixture
def network() -> Network:
    torch.manual_seed(0)
    made = Network(MLP, quantiser=FIXED_POINT)
    for _ in range(brevitas.CALIBRATION_STEPS + 1):
        made(torch.randn(64, *MLP.input))
    return made.eval()


def test_the_version_is_the_one_that_was_looked_into() -> None:
    assert metadata.version("brevitas") == brevitas.VERSION, "does `arch/brevitas.py` hold for this Brevitas?"


def test_its_layers_hold_the_parts_that_were_injected(network: Network) -> None:
    for name in network.weighted:
        layer: Any = network.layers[name]
        assert isinstance(brevitas.channel_scale(layer), brevitas.ChannelScale)
        assert type(layer.bias_quant) is brevitas.BiasProxy
        quantised = brevitas.weight_quantiser(layer)(layer.weight)
        assert torch.equal(quantised.value, layer.quant_weight().value)
        assert quantised.scale.shape == brevitas.channel_scale(layer).smallest.shape


def test_it_counts_the_steps_in_which_it_only_looks(network: Network) -> None:
    counts = {float(value) for key, value in network.state_dict().items() if "counter" in key}
    assert counts <= {float(brevitas.CALIBRATION_STEPS), float(brevitas.CALIBRATION_STEPS + 1)}, (
        "collect_stats_steps of this Brevitas is another setting"
    )


def test_its_own_bound_and_rounding_of_scales_are_still_others() -> None:
    bound = Int8WeightPerChannelFixedPoint.scaling_min_val
    assert torch.frexp(torch.tensor(bound))[0] != 0.5, (
        "scaling_min_val of this Brevitas is a power of two: SMALLEST_SCALE need not replace it"
    )
    assert Int8ActPerTensorFixedPoint.restrict_value_float_to_int_impl is not RoundSte, (
        "this Brevitas rounds scales to the nearest power of two: it need not be told to"
    )


def test_its_exporter_does_not_know_biases_of_ours(network: Network) -> None:
    x = torch.zeros(1, *MLP.input)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from brevitas.export.onnx.qonnx.manager import QONNXManager

        model = brevitas.exporter().export(network, args=x, dynamo=False)
        assert sum(node.op_type == "Quant" and "bias_quant" in node.name for node in model.graph.node) == len(
            network.weighted
        )
        with pytest.raises(TypeError):  # it has nothing to call for them
            QONNXManager.export(network, args=x, dynamo=False)


def test_it_is_told_from_torch(network: Network) -> None:
    assert brevitas.holds_brevitas(network)
    assert not brevitas.holds_brevitas(nn.Linear(2, 2))


def test_its_insides_are_read_in_one_module() -> None:
    for file in SOURCE.rglob("*.py"):
        imported = {
            str(node.module) for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "brevitas"
        }  # fmt: skip
        assert imported <= PUBLIC or file == Path(brevitas.__file__), f"{file}: imports {', '.join(imported - PUBLIC)}"
