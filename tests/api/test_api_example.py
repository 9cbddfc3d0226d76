"""The example of the front page, word for word but for its budgets."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import Command
from matplotlib.figure import Figure

import nac
from nac.tasks.metrics import METRICS

BUDGET: dict[str, Any] = {
    "train": {"epochs": 2, "batch_size": 64}, "search": {"quantise": {"epochs": 1}},
    "compress": {
        "designs": 1, "rounds": 1, "train": {"epochs": 2}, "finetune": {"epochs": 1}, "simulate_rtl": False,
        "synthesise_rtl": False,
    },
}  # fmt: skip


@pytest.mark.slow
def test_the_example(tmp_path: Path, command: Command) -> None:
    random = np.random.default_rng(0)
    n = 300
    e, t0 = random.uniform(1, 10, n), random.uniform(6, 10, n)
    since = np.arange(32) - t0[:, None]
    waveforms = e[:, None] * np.where(since > 0, since / 3 * np.exp(1 - since / 3), 0) + random.normal(0, 0.1, (n, 32))
    new_waveforms, w, run_number = waveforms[:20], np.ones(n), np.arange(n) // 10

    data = nac.Dataset.from_arrays(
        x=waveforms, y={"energy": (e, "GeV"), "time": (t0, "ns")}, weights=w, groups=run_number
    )

    @nac.metric(direction="minimize", unit="GeV")
    def resolution(predicted, true):  # type: ignore[no-untyped-def]
        return np.std(predicted[:, 0] - true[:, 0])

    task = nac.Task.regression(
        data, metrics=[resolution, "mae"], loss="huber", space=nac.spaces.Conv1d(channels=[4, 8], kernels=[3, 5]),
        **BUDGET,
    )  # fmt: skip
    run = nac.search(task, objectives=["resolution", "lut<=20000"], trials=2, out=tmp_path / "runs" / "pulse")
    designs = run.compress(bits=[8, 6], sparsity=[0, 0.5])
    best = designs.where("lut<=2000000").best("resolution")
    answers = best.predict(new_waveforms, engine="rtl")
    assert answers.shape == (20, 2) and (answers == best.predict(new_waveforms)).all()
    synthesis = best.synthesise(simulation=False, synthesis=False)
    assert synthesis.report.verification.equal and isinstance(run.front.plot(), Figure)
    assert run.report().is_file()
    assert run.record.task.data.units == ("GeV", "ns") and run.record.task.data.weights == "weight"
    assert "resolution" in command("evaluate", best.path).out
    METRICS._own.clear()
