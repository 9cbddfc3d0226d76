"""Circuits of a run join the recorded ones."""

import json
import shutil
from pathlib import Path

import pytest
from designs import architecture, make_design, random_network

from nac.config import TargetConfig, TaskConfig
from nac.errors import InputError
from nac.hardware import synthesise
from nac.hardware.analytic import read_table, shipped_table
from nac.pipeline.circuits import refit
from nac.pipeline.costs import cost_of
from nac.rundir import Run, RunRecord


@pytest.mark.slow
def test_a_refit_has_the_synthesised_designs_of_a_run(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    arch = architecture("mlp", 3)
    design = make_design(run.design("mlp"), arch, random_network(arch))
    run.write(RunRecord(task=TaskConfig.model_validate(design.record.task.model_dump())))
    with pytest.raises(InputError, match="no design was taken to RTL"):
        refit([run.path], tmp_path / "circuits.jsonl")
    synthesise(design, TargetConfig(), simulation=False, synthesis=False)
    few = run.design("few")
    shutil.copytree(design.path, few)
    record = json.loads((few / "design.json").read_text())
    record["origin"] = {"sparsity": 0.5, "digits": {"share": 0.25, "start": "mlp"}}
    (few / "design.json").write_text(json.dumps(record))
    done = refit([run.path], tmp_path / "circuits.jsonl")
    assert done.added == 2
    assert done.after.circuits == done.before.circuits + 2
    compressed, added = read_table(tmp_path / "circuits.jsonl")[-2:]
    assert (compressed.sparsity, compressed.digits, added.sparsity, added.digits) == (0.5, 0.25, 0, 1)
    (few / "design.json").write_text(json.dumps({**record, "origin": {"digits": {}}}))
    with pytest.raises(InputError, match="few: digits: "):
        refit([run.path], tmp_path / "circuits.jsonl")
    shutil.rmtree(few)
    assert (added.architecture, added.kind, added.clock_period_ns) == (arch, "estimate", 5)
    assert added.lut > 100
    assert added.levels > 3
    assert {name for name, _, _ in done.rows} == {"lut", "ff", "levels"}
    (design.path / "reports.json").write_text('{"numbers": 3')
    with pytest.raises(InputError, match=r"reports\.json: is no JSON"):
        refit([run.path], tmp_path / "circuits.jsonl")
    (design.path / "reports.json").write_text('{"design": "mlp"}')
    with pytest.raises(InputError, match=r"reports\.json: "):
        refit([run.path], tmp_path / "circuits.jsonl")
    with pytest.raises(InputError, match="is no run"):
        refit([tmp_path], tmp_path / "circuits.jsonl")


def test_cost_forecasts_the_circuit(tmp_path: Path) -> None:
    assert shipped_table().is_file()
    file = tmp_path / "architecture.json"
    file.write_text(architecture("mlp", 6).to_json())
    table = cost_of(file)
    assert table.forecast is not None
    assert table.to_json()["forecast"]["lut"] == table.forecast["lut"] > 100
    assert "LUT" in table.forecast_sentence
    file.write_text(architecture("mlp", 6).with_bits(weights=32).to_json())
    assert cost_of(file).forecast is None
    assert "no forecast" in cost_of(file).forecast_sentence
