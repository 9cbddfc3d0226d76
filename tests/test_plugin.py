"""examples/plugin, installed as a package of its own: its names work in task files, and no file of nac knows it."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from command import process
from datafiles import task_config
from designs import random_network

from nac.arch import BLOCKS, OPERATIONS, Architecture
from nac.global_search.samplers import SAMPLERS
from nac.hardware import export_network, read_circuit
from nac.hardware.circuit import CIRCUIT_OPERATIONS
from nac.testing import (
    check_block,
    check_circuit_operation,
    check_cost,
    check_layout,
    check_loss,
    check_metric,
    check_operation,
    check_pruner,
    check_sampler,
)

ROOT = Path(__file__).resolve().parent.parent
PLUGIN = ROOT / "examples" / "plugin"
TASK = PLUGIN / "traces.yaml"
POINTS = tomllib.loads((PLUGIN / "pyproject.toml").read_text())["project"]["entry-points"]
SMALL = (
    "search.trials=4", "search.population=2", "data.simulate_without_file=600", "train.epochs=2",
    "compress.train.epochs=2", "compress.finetune.epochs=1", "compress.simulate_rtl=false",
    "compress.synthesise_rtl=false",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where it is installed."""
    target = tmp_path_factory.mktemp("site")
    options = ["--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check", "--target", str(target)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(PLUGIN)], check=True)
    return target


@pytest.fixture
def installed(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that a test starts find it."""
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=":")
    monkeypatch.setenv("NAC_CACHE", str(tmp_path / "cache"))


@pytest.mark.slow
def test_a_run_uses_all_of_it(installed: None, tmp_path: Path) -> None:
    run = tmp_path / "run"
    done = process("run", TASK, "--out", run, *(word for setting in SMALL for word in ("--set", setting)))
    assert done.status == 0, done.err
    front = json.loads(process("front", run, "--json").out)
    assert [objective["name"] for objective in front["objectives"]] == ["sigma68", "weight_memory"]
    (design,) = (run / "designs").iterdir()
    assert "growth" in design.name
    record = json.loads((design / "design.json").read_text())
    assert record["costs"]["weight_memory"] > 0
    assert record["metrics"]["test"]["sigma68"] > 0
    trials = [json.loads(path.read_text()) for path in run.glob("trials/*/architecture.json")]
    assert any(block["block"] == "squeeze" for trial in trials for block in trial["blocks"])


def test_without_it_its_names_are_unknown(tmp_path: Path) -> None:
    done = process("check", TASK)
    assert done.status == 2
    assert "unknown layout 'traces'" in done.err + done.out


def test_it_keeps_the_contracts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PLUGIN / "src")
    from nac_traces.blocks import Squeeze
    from nac_traces.costs import weight_memory
    from nac_traces.layouts import Traces
    from nac_traces.losses import log_cosh
    from nac_traces.metrics import sigma68
    from nac_traces.pruners import growth
    from nac_traces.samplers import Mutations
    from nac_traces.simulators import pulses

    monkeypatch.setattr(BLOCKS, "_objects", {**BLOCKS._objects, "squeeze": Squeeze})  # for this test alone
    monkeypatch.setattr(SAMPLERS, "_objects", {**SAMPLERS._objects, "mutations": Mutations})
    check_sampler("mutations")
    check_block(Squeeze(rank=2, width=5), (6,))
    check_cost(weight_memory)
    check_loss(log_cosh)
    check_metric(sigma68)
    check_pruner(growth)
    config = task_config(layout="arrays", kind="regression", shape=[32], outputs=1, targets="height", scaling="common")
    layout = Traces(config.data.model_copy(update={"shape": (), "outputs": 0}))
    made = pulses.samples(config.data, 20, 0)
    raw = made["traces"] - made["traces"][:, :8].mean(axis=1, keepdims=True)
    check_layout(layout, raw.astype(np.float32), made["height"][:, None], tmp_path)


@pytest.mark.slow
def test_its_operation_is_exact_in_every_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """From a block to C simulation and Verilog's adder graph, by three files of its own."""
    monkeypatch.syspath_prepend(PLUGIN / "src")
    from nac_traces.blocks import Modulus
    from nac_traces.circuits import absolute
    from nac_traces.operations import Absolute

    for registry, name, value in (
        (BLOCKS, "modulus", Modulus), (OPERATIONS, "absolute", Absolute), (CIRCUIT_OPERATIONS, "absolute", absolute)
    ):  # fmt: skip
        monkeypatch.setattr(registry, "_objects", {**registry._objects, name: value})  # for this test alone
    check_operation(Absolute(), (3, 4))
    check_block(Modulus(width=5), (6,))
    architecture = Architecture(input=(6,), blocks=(Modulus(width=5),), outputs=2).with_bits(weights=4, activations=4)
    check_circuit_operation(absolute, read_circuit(export_network(random_network(architecture))))


def test_it_has_one_of_each_kind_that_physicists_add() -> None:
    kinds = {group.removeprefix("nac.") for group in POINTS}
    assert kinds >= {"operation", "circuit_operation"}
    assert kinds >= {"block", "layout", "loss", "metric", "cost", "pruner", "sampler"}


def test_no_file_of_nac_knows_it() -> None:
    names = {name for group in POINTS.values() for name in group} - {"traces"}
    known = re.compile(rf"nac_traces|['\"]({'|'.join(names)})['\"]")
    for path in (ROOT / "src").rglob("*.py"):
        assert not known.search(path.read_text(encoding="utf-8")), path
