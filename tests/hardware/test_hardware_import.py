"""Networks of others: quantised ones to the last bit, float ones to rounding, and what is not covered is named."""

import numpy as np
import onnx
import pytest
import torch
from designs import architecture, random_network
from torch import nn

from nac.arch import measured_workload
from nac.errors import InputError
from nac.hardware import assert_costs_agree, export_network
from nac.hardware.engines.exported import run_qonnx
from nac.hardware.onnx.importing import import_graph
from nac.hardware.onnx.plain import to_plain
from nac.hardware.onnx.recount import recount_model


def exported(module: nn.Module, *shape: int) -> onnx.ModelProto:
    """A module as torch writes it."""
    import tempfile
    import warnings

    with tempfile.NamedTemporaryFile(suffix=".onnx") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module.eval(), (torch.zeros(1, *shape),), file.name, dynamo=False, opset_version=18)
        return onnx.load(file.name)


@pytest.mark.parametrize("way", ["qonnx", "qcdq"])
@pytest.mark.parametrize(("kind", "bits"), [("mlp", 6), ("mean", 5), ("max", 8), ("set", 4), ("cnn", 6)])
def test_a_quantised_graph_comes_back_to_the_last_bit(kind: str, bits: int, way: str) -> None:
    source = export_network(random_network(architecture(kind, bits)))
    network = import_graph(to_plain(source) if way == "qcdq" else source)
    again = export_network(network)
    x = np.random.default_rng(1).normal(size=(50, *network.architecture.input)).astype(np.float32) * 3
    expected, found = (run_qonnx(model, x)[model.graph.output[0].name] for model in (source, again))
    assert np.array_equal(found, expected) and np.ptp(expected) > 0
    assert_costs_agree(recount_model(again), measured_workload(network.float()))


def randomised(module: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            for tensor in (layer.weight, layer.bias, layer.running_mean):
                nn.init.normal_(tensor)  # type: ignore[arg-type]
            nn.init.uniform_(layer.running_var, 0.5, 2.0)  # type: ignore[arg-type]
    return module


@pytest.mark.parametrize(("module", "shape", "summary"), [
    (nn.Sequential(nn.Linear(8, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 2)), (8,), "8: 6-2"),
    (nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.LeakyReLU(0.125), nn.MaxPool2d(2), nn.Flatten(),
                   nn.Linear(27, 4, bias=False), nn.ReLU(), nn.Linear(4, 2)), (1, 8, 8), "1x8x8: c3k3-pool2"),
    (nn.Sequential(nn.Conv1d(1, 3, 5, stride=2, padding=2), nn.ReLU(), nn.Flatten(), nn.Dropout(), nn.Linear(24, 1)),
     (1, 16), "1x16:"),
])  # fmt: skip
def test_a_float_module_computes_the_same(module: nn.Module, shape: tuple[int, ...], summary: str) -> None:
    network = import_graph(exported(randomised(module), *shape))
    assert not network.quantised and network.architecture.summary().startswith(summary)


class Joined(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x) + x


@pytest.mark.parametrize(("module", "shape", "said"), [
    (nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 1)), (4,), "the operation Tanh"),
    (nn.Sequential(nn.Linear(4, 4), Joined(), nn.Linear(4, 1)), (4,), "expected an activation directly behind a layer"),
    (nn.Sequential(nn.Linear(4, 4), nn.ReLU()), (4,), "is the last layer and has a norm, an activation"),
    (nn.Sequential(nn.Linear(4, 4), nn.LeakyReLU(0.3), nn.Linear(4, 1)), (4,), "expected a slope of 1/8 or 0.01"),
    (nn.Sequential(nn.Flatten()), (2, 3), "does not end with a dense layer"),
])  # fmt: skip
def test_what_is_not_covered_is_named(module: nn.Module, shape: tuple[int, ...], said: str) -> None:
    with pytest.raises(InputError, match=said):
        import_graph(exported(module, *shape))
