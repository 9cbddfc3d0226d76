"""A run that optimises LUTs, from its search to designs that can be chosen by their LUTs."""

import json
from pathlib import Path

import pytest
from command import Command, process

from nac.global_search import results
from nac.rundir import Run
from nac.study import load_study

SETTINGS = (
    "search.trials=3", "search.population=2", "search.baselines=false", "train.epochs=1", "search.quantise.epochs=1",
    "compress.designs=2", "compress.rounds=1", "compress.train.epochs=1", "compress.finetune.epochs=1",
    "compress.digits=[0.5]", "compress.digits_train.epochs=1", "compress.synthesise=1", "compress.simulate_rtl=false",
    "compress.synthesise_rtl=false",
)  # fmt: skip


@pytest.fixture(scope="module")
def hardware_run(tmp_path_factory: pytest.TempPathFactory, jets_data: Path) -> Path:
    out = tmp_path_factory.mktemp("hardware") / "jets"
    settings = [word for text in SETTINGS for word in ("--set", text)]
    done = process("run", "jets", "--preset", "quantised", "--data", jets_data, "--out", out, *settings)
    assert done.status == 0, done.err
    return out


@pytest.mark.slow
def test_a_hardware_aware_run_ends_in_verified_designs_at_the_winners_own_widths(
    hardware_run: Path, nac: Command
) -> None:
    run = Run(hardware_run)
    winners = {result.number: result for result in results(load_study(run))}
    rows = json.loads(nac("front", hardware_run, "--json").out)["rows"]
    designs = [row for row in rows if row["kind"] == "design"]
    assert len(designs) == 4 and any(row["exact"] for row in designs)
    assert sum(row["name"].endswith("-d50") for row in designs) == 2
    for row in designs:
        winner = winners[row["trial"]]
        assert row["bits"] == winner.architecture.bits.weights
        assert row["activation_bits"] == winner.architecture.bits.activations
        assert row["input_bits"] == winner.architecture.bits.input
        assert row["sparsity"] >= winner.compression.sparsity - 0.05
        assert row["lut"] >= 0 and row["dsp"] == 0
    # So short a training can end in a constant, of which nothing is left to build.
    built = [row for row in designs if row["lut"] > 0]
    assert len(built) >= 2 and all(row["latency_cycles"] >= 1 for row in built)


@pytest.mark.slow
def test_designs_are_chosen_by_their_luts(hardware_run: Path, nac: Command) -> None:
    chosen = json.loads(nac("front", hardware_run, "--where", "lut<=1e6", "--best", "lut", "--json").out)
    assert chosen["rows"] and chosen["best"]["kind"] == "design"
    assert chosen["best"]["lut"] == min(row["lut"] for row in chosen["rows"] if row["kind"] == "design")
