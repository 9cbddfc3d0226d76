"""The instant model: recovers a law, states an error that holds, reads its own table."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from nac.arch import Architecture, workload
from nac.config import TargetConfig
from nac.errors import InputError
from nac.hardware.analytic import Recorded, _folds, fit_model, model_of, read_table, shipped_table, write_table

TARGET = TargetConfig()


def network(width: int, bits: int) -> Architecture:
    layer = {"block": "dense", "width": width}
    return Architecture.model_validate({
        "input": (16,), "blocks": [layer, layer], "outputs": 5,
        "bits": {"input": 8, "weights": bits, "activations": bits},
    })  # fmt: skip


def made_up(count: int = 60) -> list[Recorded]:
    """Circuits whose costs follow a law of the model's kind."""
    generator = np.random.default_rng(1)
    circuits = []
    for _ in range(count):
        architecture = network(int(generator.integers(4, 64)), int(generator.integers(3, 9)))
        sparsity = float(generator.uniform(0, 0.9))
        ops = workload(architecture, 1 - sparsity)
        digits = float(generator.choice([1.0, generator.uniform(0.2, 1)]))
        lut = sum(0.7 * op.macs * op.density * (op.weight_bits - 1) * op.activation_bits**0.5 for op in ops)
        lut *= digits**1.3
        levels = sum(1.5 * math.log2(1 + op.fan_in * op.density * digits) + 1 for op in ops)
        costs = {"lut": lut, "ff": lut / 2, "levels": levels, "tool": "made up", "version": "1"}
        made_of = {"architecture": architecture, "sparsity": sparsity, "digits": digits, "clock_period_ns": 5}
        circuits.append(Recorded.model_validate({**made_of, **costs}))
    return circuits


def test_a_law_of_its_kind_is_found() -> None:
    model = fit_model(made_up())
    assert model.agreement["lut"].mean_error < 0.05
    assert model.agreement["levels"].mean_error < 0.02
    narrow, wide = (model.predict(workload(network(24, bits)), TARGET) for bits in (3, 8))
    assert narrow["lut"] < wide["lut"]
    fewer = model.predict(workload(network(24, 8)), TARGET, digits=0.5)
    assert fewer["lut"] / wide["lut"] == pytest.approx(0.5**1.3, rel=0.1)
    assert narrow["ii"] == 1
    assert narrow["latency_ns"] == 5 * narrow["latency_cycles"]


def test_the_stated_error_is_that_on_architectures_not_seen() -> None:
    generator = np.random.default_rng(0)
    peculiar = {width: float(generator.uniform(0.5, 2)) for width in range(4, 64)}  # known to who has seen the width
    circuits = [
        c.model_copy(update={"lut": c.lut * peculiar[c.ops[0].outputs],
                             "architecture": c.architecture.with_bits(weights=w)})
        for c in made_up(40) for w in (4, 6, 8)
    ]  # fmt: skip
    folds = _folds(circuits)
    for number in range(40):
        assert len(set(folds[3 * number : 3 * number + 3])) == 1
    assert set(folds) == set(range(5))
    assert fit_model(circuits).agreement["lut"].mean_error > 0.2


def test_what_no_circuit_tells_stays_plausible() -> None:
    model = fit_model([circuit for circuit in made_up(120) if circuit.digits == 1])
    ops = workload(network(24, 8))
    share = model.predict(ops, TARGET, digits=0.5)["lut"] / model.predict(ops, TARGET)["lut"]
    assert 0.3 < share < 0.7


def test_the_shipped_model_ranks_its_circuits_and_its_margin_holds() -> None:
    circuits, model = read_table(shipped_table()), model_of()
    predicted = [model.predict(c.ops, TargetConfig(clock_period_ns=c.clock_period_ns), c.digits) for c in circuits]
    assert spearmanr([p["lut"] for p in predicted], [c.lut for c in circuits]).statistic > 0.95
    lowest = [model.lowest(c.ops, TargetConfig(clock_period_ns=c.clock_period_ns), c.digits)["lut"] for c in circuits]
    for few in (False, True):
        of_kind = [low <= c.lut for low, c in zip(lowest, circuits, strict=True) if (c.digits < 1) == few]
        assert np.mean(of_kind) > 0.9
    assert all(low["lut"] >= bound for low, bound in zip(predicted, lowest, strict=True))


def test_tables_are_read_back(tmp_path: Path) -> None:
    circuits = made_up(5)
    write_table(tmp_path / "circuits.jsonl", circuits)
    assert read_table(tmp_path / "circuits.jsonl") == circuits


def test_a_wrong_table_is_said_to_be(tmp_path: Path) -> None:
    file = tmp_path / "circuits.jsonl"
    with pytest.raises(InputError, match="cannot be read"):
        read_table(file)
    write_table(file, made_up(2))
    file.write_text(file.read_text() + json.dumps({"lut": "many"}) + "\n")
    with pytest.raises(InputError, match="line 3"):
        read_table(file)
    with pytest.raises(InputError, match=r"at least 30 of them \(found 2\)"):
        fit_model(made_up(2))
