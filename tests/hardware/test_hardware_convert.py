"""Designs as plain ONNX: onnxruntime computes the same bits, and what it cannot is refused."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from designs import architecture, make_design, random_network, samples

from nac.errors import WorkError
from nac.hardware import assert_costs_agree, recount
from nac.hardware.onnx.convert import convert
from nac.hardware.onnx.export import export


@pytest.mark.parametrize(
    ("kind", "bits"),
    [("mlp", 8), ("mlp", 4), ("mean", 6), ("max", 8), ("set", 5), ("cnn", 8), ("cnn", 3), ("attention", 6)],
)
def test_onnxruntime_computes_the_same_bits(kind: str, bits: int, tmp_path: Path) -> None:
    arch = architecture(kind, bits, "leaky_relu_1_8" if bits == 5 else "relu")
    design = make_design(tmp_path / "design", arch, random_network(arch))
    assert convert(design, tmp_path / "plain.onnx", samples(arch)) == 200
    model = onnx.load(tmp_path / "plain.onnx")
    assert {node.domain for node in model.graph.node} == {""}
    stored = [onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer if "_steps" in tensor.name]
    assert {steps.dtype.name for steps in stored} == ({"uint8"} if bits == 8 else {"int8"})
    small = [steps.astype(int) for steps in stored if steps.dtype == np.int8]
    assert all(np.abs(steps).max() <= 64 for steps in small), "sums of two products saturate on some processors"
    assert [value.type.tensor_type.shape.dim[0].dim_param for value in model.graph.input] == ["N"]


@pytest.mark.parametrize(("kind", "bits"), [("mlp", 6), ("cnn", 4), ("mlp", 8), ("cnn", 8)])
def test_it_costs_the_same(kind: str, bits: int, tmp_path: Path) -> None:
    arch = architecture(kind, bits)
    design = make_design(tmp_path / "design", arch, random_network(arch))
    convert(design, tmp_path / "plain.onnx", samples(arch, 20))
    assert_costs_agree(recount(tmp_path / "plain.onnx"), recount(export(design)))


def test_inputs_of_more_than_a_byte(tmp_path: Path) -> None:
    arch = architecture("mlp", 6).with_bits(weights=6, activations=6, input=12)
    design = make_design(tmp_path / "design", arch, random_network(arch))
    assert convert(design, tmp_path / "plain.onnx", samples(arch)) == 200


def test_sums_that_float32_cannot_hold_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arch = architecture("mlp", 16)
    design = make_design(tmp_path / "design", arch, random_network(arch))
    with pytest.raises(WorkError, match=r"onnxruntime differs from the network on .* it computes in float32"):
        convert(design, tmp_path / "plain.onnx", np.random.default_rng(0).normal(size=(50, 16)).astype(np.float32))
    assert not (tmp_path / "plain.onnx").exists()
