"""The task that the site prints runs as printed, and its tables come from the script that it names."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nac.arch import Network
from nac.config import load_task
from nac.pipeline.check import check_file
from nac.rundir import Run
from nac.space import SearchSpace
from nac.tasks import make_task
from nac.train import evaluate, fit

ROOT = Path(__file__).resolve().parents[2]
TABLES = ROOT / "benchmarks" / "tables.py"


@pytest.fixture
def task_file(tmp_path: Path) -> Path:
    """The task that the site prints first, as a file."""
    page = (ROOT / "docs" / "howto" / "own_task.md").read_text()
    text, *_ = re.findall(r"^```yaml\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)
    file = tmp_path / "pulse_time.yaml"
    file.write_text(text)
    return file


def test_the_printed_task_has_no_problem(task_file: Path) -> None:
    assert check_file(task_file).problems == ()


def test_the_printed_task_trains(task_file: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    time_ns = rng.uniform(2, 12, (3000, 1))
    waveform = np.exp(-((np.arange(16) - time_ns) ** 2) / 4) + rng.normal(0, 0.01, (3000, 16))
    np.savez(tmp_path / "pulses.npz", waveform=waveform, time_ns=time_ns)
    config = load_task(str(task_file))
    task = make_task(config)
    dataset = task.load([tmp_path / "pulses.npz"], seed=0)
    space = SearchSpace.load(config.space, input_shape=task.input_shape, outputs=task.outputs)
    network = Network(space.decode(space.baselines["small"]))
    guess = float(np.abs(time_ns - time_ns.mean()).mean())
    fit(network, dataset, task, config.train, seed=0)
    assert evaluate(network, dataset.test, task)["mae"] < 0.5 * guess


def printed(*arguments: str | Path) -> str:
    done = subprocess.run([sys.executable, TABLES, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def test_the_results_table_has_its_rows_and_their_command(run: Run) -> None:
    text = printed(run.path, "--all")
    assert text.startswith("## points, features (points.npz)")
    for path in run.design_paths():
        assert f"{run.path.name}: {path.name}" in text
    assert "accuracy (test)" in text
    assert "- `nac run points --data " in text
    assert "5200" in text  # LUTs of the one that went through hardware
    assert "NAC" not in text  # nothing published is about these data
