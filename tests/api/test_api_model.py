"""Somebody's network: taken in, costed, compressed, verified and built without a search."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from designs import architecture, random_network
from pulses import SHORT, pulses
from torch import nn

import nac
from nac.errors import InputError
from nac.hardware import export_network


@pytest.fixture
def module() -> nn.Module:
    """Made by hand, with a batch norm that has seen data."""
    torch.manual_seed(0)
    made = nn.Sequential(nn.Linear(16, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
    made.train()(torch.randn(200, 16))
    return made.eval()


def test_a_float_module_is_costed_and_computes_the_same(module: nn.Module) -> None:
    model = nac.import_model(module, (16,), name="mine")
    x = np.random.default_rng(0).normal(size=(20, 16))
    with torch.no_grad():
        expected = module(torch.from_numpy(x).float()).numpy()
    assert np.allclose(model.predict(x), expected, atol=1e-5)
    assert not model.quantised and model.costs.totals["macs"] == 16 * 8 + 8 * 2 and "float 16: 8-2" in repr(model)
    with pytest.raises(InputError, match="mine: is not quantised"):
        model.design("nowhere")
    with pytest.raises(InputError, match="input_shape"):
        nac.import_model(module)


def test_a_float_module_becomes_designs(module: nn.Module, tmp_path: Path) -> None:
    traces, energy, time, groups = pulses()
    data = nac.Dataset.from_arrays(traces, {"energy": (energy, "GeV"), "time": (time, "ns")}, groups=groups)
    task = nac.Task.regression(data, search={"objectives": [{"name": "rmse"}, {"name": "bops"}]}, **SHORT)
    model = nac.import_model(module, (16,))
    run = model.start(task, tmp_path / "run")
    best = run.compress(bits=[6], sparsity=[0.5]).best("rmse")
    assert best.record.origin["trial"] == 0 and best.architecture.bits.weights == 6
    kept = best.predict_float(traces[:10])
    assert np.allclose(kept, model.predict(traces[:10].astype(np.float32)), atol=1e-4)
    with pytest.raises(InputError, match="takes"):
        nac.import_model(nn.Sequential(nn.Linear(4, 2)), (4,)).start(task, tmp_path / "other")


def test_a_quantised_file_is_built_as_it_is(tmp_path: Path) -> None:
    onnx.save(export_network(random_network(architecture("mlp", 6))), tmp_path / "tagger.onnx")
    model = nac.import_model(tmp_path / "tagger.onnx")
    design = model.design(tmp_path / "design", settings={"target": {"clock_period_ns": 4.0}})
    x = np.random.default_rng(0).normal(size=(100, 16)).astype(np.float32)
    answers = {engine: design.predict(x, engine=engine) for engine in ("torch", "qonnx", "rtl")}
    assert all((answer == model.predict(x)).all() for answer in answers.values())
    assert design.convert().is_file() and design.name == "design" and model.name == "tagger"
    with pytest.raises(InputError, match="exists"):
        model.design(tmp_path / "design")


@pytest.mark.parametrize("kind", ["residual", "residual_trace", "residual_image"])
def test_connections_past_layers_come_in_to_the_last_bit(tmp_path: Path, kind: str) -> None:
    arch = architecture(kind, 6)
    onnx.save(export_network(random_network(arch)), tmp_path / "network.onnx")
    model = nac.import_model(tmp_path / "network.onnx")
    blocks = [block.model_dump(exclude={"norm"}) for block in model.architecture.blocks]
    assert blocks == [block.model_dump(exclude={"norm"}) for block in arch.blocks]
    design = model.design(tmp_path / "design")
    x = np.random.default_rng(0).normal(size=(100, *arch.input)).astype(np.float32)
    assert (design.predict(x, engine="rtl") == model.predict(x)).all()


class Skip(nn.Module):
    """Two layers and what goes past them, through a layer of its own where `wider`."""

    def __init__(self, wider: bool) -> None:
        super().__init__()
        width = 7 if wider else 6
        self.first, self.inner, self.last = nn.Linear(8, 6), nn.Linear(6, width), nn.Linear(width, 2)
        self.past = nn.Linear(6, width) if wider else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.first(x))
        out: torch.Tensor = self.last(torch.relu(self.inner(x) + self.past(x)))
        return out


@pytest.mark.parametrize("wider", [False, True])
def test_a_float_module_with_a_connection_past_a_layer(wider: bool) -> None:
    torch.manual_seed(0)
    module = Skip(wider).eval()
    model, x = nac.import_model(module, (8,)), torch.randn(30, 8)
    with torch.no_grad():
        assert np.allclose(model.predict(x.numpy()), module(x).numpy(), atol=1e-5)
    assert [block.block for block in model.architecture.blocks] == ["dense", "residual"]


class Twice(nn.Module):
    """What is read three times."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.c(self.a(x) + self.b(x) + x)
        return out


def test_connections_that_nothing_is_built_for_are_named() -> None:
    with pytest.raises(InputError, match="expected two of which a sum is taken later"):
        nac.import_model(Twice(), (8,))


def test_a_brevitas_module_comes_in_to_the_last_bit(tmp_path: Path) -> None:
    qnn = pytest.importorskip("brevitas.nn")
    from brevitas.quant import (
        Int8ActPerTensorFixedPoint,
        Int8WeightPerTensorFixedPoint,
        Int16Bias,
        Uint8ActPerTensorFixedPoint,
    )

    torch.manual_seed(0)
    given = {"weight_quant": Int8WeightPerTensorFixedPoint, "weight_bit_width": 5, "bias_quant": Int16Bias,
             "return_quant_tensor": True}  # fmt: skip
    module = nn.Sequential(
        qnn.QuantIdentity(act_quant=Int8ActPerTensorFixedPoint, bit_width=7, return_quant_tensor=True),
        qnn.QuantLinear(8, 6, bias=True, **given),
        qnn.QuantReLU(act_quant=Uint8ActPerTensorFixedPoint, bit_width=4, return_quant_tensor=True),
        qnn.QuantLinear(6, 3, bias=True, **{**given, "return_quant_tensor": False}),
    )
    module.train()
    for _ in range(40):
        module(torch.randn(64, 8))
    module.eval()
    model = nac.import_model(module, (8,))
    x = torch.randn(50, 8)
    with torch.no_grad():
        expected = module(x).numpy()
    assert model.quantised and np.array_equal(model.predict(x.numpy()), expected)
    assert (model.design(tmp_path / "design").predict(x.numpy(), engine="rtl") == expected).all()
