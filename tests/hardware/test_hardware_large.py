"""Networks too large for a circuit of their own: io_stream and Resource, with target settings from the command line."""

import shutil
from typing import Any

import numpy as np
import pytest
import yaml
from designs import FLATTEN, POOL, DesignMaker, conv, dense, make_design, random_network, samples

from nac.arch import Architecture
from nac.config import load_task
from nac.hardware import HlsProject, generate, synthesise
from nac.hardware.onnx.export import circuit_of
from nac.hardware.rtl.lowering import MOST_PRODUCTS, unrolled_products

SETTINGS = ("target.part=xczu9eg-ffvb1156-2-e", "target.clock_period_ns=8", "target.strategy=Resource",
            "target.io_type=io_stream", "target.reuse_factor=3")  # fmt: skip


def settings_of(project: HlsProject) -> dict[str, Any]:
    """What hls4ml was told, as it wrote it down."""

    class Loader(yaml.SafeLoader):
        """Also reads the tags of hls4ml's own types, as plain text."""

    Loader.add_multi_constructor("", lambda loader, _, node: loader.construct_scalar(node))
    found: dict[str, Any] = yaml.load((project.path / "hls4ml_config.yml").read_text(), Loader)
    return found


def test_every_target_setting_arrives_in_the_project(design_of: DesignMaker) -> None:
    target = load_task("bragg", overrides=SETTINGS).target
    project = generate(design_of("cnn", 4), target)
    settings, script = settings_of(project), (project.path / "project.tcl").read_text()
    assert 'set part "xczu9eg-ffvb1156-2-e"' in script
    assert "set clock_period 8.0" in script
    assert settings["IOType"] == "io_stream"
    assert settings["HLSConfig"]["Model"]["Strategy"] == "Resource"
    layers = {name: layer for name, layer in settings["HLSConfig"]["LayerName"].items() if "ReuseFactor" in layer}
    assert {layer["Strategy"] for layer in layers.values()} == {"Resource"}
    assert layers["conv2d1"]["ReuseFactor"] == 3
    assert project.record.target == target
    source = (project.path / "firmware" / "parameters.h").read_text()
    assert "reuse_factor = 3;" in source
    assert "nnet::io_stream" in source


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")
def test_a_network_too_large_for_rtl_is_exact_as_a_stream(design_of: DesignMaker) -> None:
    arch = Architecture.model_validate(
        {"input": (1, 21, 21), "blocks": [*[conv(9, "relu")] * 2, *[POOL] * 2, FLATTEN, dense(4, "relu")],
         "outputs": 2, "bits": {"input": 8, "weights": 6, "activations": 6}}
    )  # fmt: skip
    design = make_design(design_of("mlp", 2).path.parent / "large", arch, random_network(arch))
    assert unrolled_products(circuit_of(design)) > MOST_PRODUCTS
    target = load_task("bragg", overrides=SETTINGS).target
    report = synthesise(design, target, check_inputs=samples(arch, 100))
    assert report.verification.hls_samples == 100
    assert (report.rtl_samples, report.rtl_simulation, report.rtl_synthesis) == (0, None, None)
    assert any("too many to be unrolled" in line for line in report.skipped)
    assert np.isfinite(HlsProject.open(design.path / "hls").predict(design.quantised_input(samples(arch, 5)))).all()
