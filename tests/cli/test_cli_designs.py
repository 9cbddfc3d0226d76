"""The verbs on one design: what they say about circuits."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import Command
from designs import architecture, make_design, random_network, samples
from staged import staged_design

from nac.design import Design
from nac.hardware.rtl.simulation import simulator
from nac.report.quantities import quantity

needs_simulator = pytest.mark.skipif(simulator() is None, reason="no simulator for Verilog")
needs_gxx = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")


@pytest.fixture
def design(tmp_path: Path) -> Design:
    arch = architecture("mlp", 3)
    return make_design(tmp_path / "small", arch, random_network(arch))


@pytest.fixture
def data(tmp_path: Path, design: Design) -> Path:
    record = design.record
    x = samples(record.architecture, 60)
    file = tmp_path / "data.npz"
    names = record.task.data
    arrays: dict[str, Any] = {str(names.inputs): x, str(names.targets): np.zeros((60, record.architecture.outputs))}
    np.savez(file, allow_pickle=False, **arrays)
    return file


@needs_simulator
def test_the_simulated_circuit_predicts_the_same(nac: Command, design: Design, data: Path) -> None:
    told = []
    for flags in ([], ["--simulate"]):
        done = nac("evaluate", design.path, "--data", data, "--engine", "rtl", *flags, "--json")
        assert done.status == 0, done.err
        told.append(json.loads(done.out))
    assert told[0] == told[1]


def test_only_circuits_are_simulated(nac: Command, design: Design, data: Path) -> None:
    done = nac("evaluate", design.path, "--data", data, "--engine", "hls", "--simulate")
    assert (done.status, done.out) == (2, "")
    assert "--engine rtl" in done.err


def test_firmware_of_a_folder_without_weights_is_refused_and_nothing_is_written(nac: Command, tmp_path: Path) -> None:
    kit = staged_design(tmp_path / "kit", "shift").path  # kits have a design.json
    (kit / "weights.safetensors").unlink()
    done = nac("synth", kit)
    assert (done.status, done.out) == (2, "")
    assert "kit/weights.safetensors: does not hold this network's weights" in done.err
    assert [file.name for file in kit.iterdir()] == ["design.json"]


@needs_gxx
def test_synth_says_what_was_proven_and_what_was_not(nac: Command, design: Design, data: Path) -> None:
    done = nac("synth", design.path, "--data", data, "--no-simulation", "--no-synthesis")
    assert done.status == 0, done.err
    assert "torch == QONNX == C simulation on 60 samples" in done.out
    assert "RTL == network on 1,060 samples (adder graph)" in done.out
    assert "skipped: C synthesis: vitis_hls" in done.out
    for what in ("simulation", "synthesis"):
        assert f"skipped: RTL {what}: not asked for" in done.out
    assert str(design.path / "rtl") in done.out


def test_metrics_are_told_with_their_intervals(nac: Command, design: Design, data: Path) -> None:
    told = json.loads(nac("evaluate", design.path, "--data", data, "--json").out)
    assert set(told["intervals"]) == set(told["metrics"])
    error, known = told["metrics"]["rmse"], told["intervals"]["rmse"]
    assert set(known) == {"low", "high", "standard_error", "confidence"}
    assert known["confidence"] == 0.95
    assert known["low"] < error < known["high"]
    table = nac("evaluate", design.path, "--data", data).out
    assert " ± " in table
    assert quantity("rmse").between(known["low"], known["high"]) in table


def test_flipped_bits_are_told_beside_the_metrics(nac: Command, design: Design, data: Path) -> None:
    plain = json.loads(nac("evaluate", design.path, "--data", data, "--json").out)
    done = nac("evaluate", design.path, "--data", data, "--flip-bits", "0.01", "--repeats", 2, "--json")
    assert done.status == 0, done.err
    told = json.loads(done.out)
    upsets = told.pop("upsets")
    assert told == plain
    assert upsets["flips"] == {"rate": 0.01, "seed": 0, "repeats": 2}
    assert upsets["flipped_bits"] > 0
    assert set(upsets["metrics"]) == set(plain["metrics"])
    assert upsets["metrics"]["rmse"]["standard_error"] >= 0
    table = nac("evaluate", design.path, "--data", data, "--flip-bits", "0.01").out
    assert "every bit flipped with probability 0.01, 5 times" in table
    assert nac("evaluate", design.path, "--data", data, "--flip-bits", "2").status == 2
