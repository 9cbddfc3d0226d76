"""Fronts to draw and to choose from, built through the real classes."""


import numpy as np
import pytest
import yaml

from nac.arch import Architecture
from nac.compress import Winner, compress
from nac.config import TaskConfig, validate
from nac.global_search import run_search
from nac.hardware.report import HardwareNumber, HardwareReport
from nac.hardware.verify import Verification
from nac.report import Front
from nac.rundir import DataFile, Run, RunRecord, provenance, sha256
from nac.space import SearchSpace
from nac.tasks import make_task

SPACE = {
    "kind": "mlp", "deployable": True, "input": [4], "outputs": 2,
    "hidden": {"layers": [1, 2], "width": [2, 3, 4, 6, 8], "norm": ["none", "batch"]},
    "baselines": {"wide": {"hidden.layers": 2, "hidden.*.width": 8}},
}
TASK = {
    "name": "points", "description": "Two classes <of> points & nothing else", "space": "tiny",
    "data": {"layout": "arrays", "kind": "classification", "classes": ["same", "other"], "shape": [4],
             "scaling": "none"},
    "train": {"epochs": 2, "batch_size": 64, "learning_rate": 0.02},
    "search": {"objectives": [{"name": "accuracy"}, {"name": "bops", "max": 6000}], "population": 4, "trials": 12},
    "compress": {"bits": [8, 4], "sparsity": [0.0], "distil": 0, "train": {"epochs": 2}, "finetune": {"epochs": 1}},
}


def rows() -> list[dict[str, object]]:
    """Forty trials (three of them baselines, one infeasible) and twelve designs with a known trade-off."""
    rng = np.random.default_rng(3)
    found: list[dict[str, object]] = []
    for number in range(40):
        bops = float(10 ** rng.uniform(4, 6))
        accuracy = float(0.5 + 0.05 * np.log10(bops / 1e4) + rng.normal(0, 0.01))
        found.append({
            "kind": "trial", "name": f"{number:04d}", "trial": number, "baseline": {0: "base", 1: "medium"}.get(number),
            "architecture": "3x8: 32-mean-16-5 @w8a8", "bits": 8, "feasible": number != 5, "accuracy": accuracy,
            "bops": bops,
        })
    for bits in (8, 6, 4):
        for sparsity in (0.0, 0.5, 0.8, 0.9):
            bops = 2e5 * (bits / 8) ** 2 * (1 - 0.8 * sparsity)
            accuracy = 0.66 - 0.004 * (8 - bits) - 0.02 * sparsity**2
            found.append({
                "kind": "design", "name": f"t0001-w{bits}-s{round(100 * sparsity)}", "trial": 1,
                "architecture": f"3x8: 32-mean-16-5 @w{bits}a{bits}", "bits": bits, "sparsity": sparsity,
                "feasible": True, "accuracy": accuracy, "test_accuracy": accuracy - 0.002, "bops": bops,
                "exact": sparsity < 0.9 or None, "lut": bops / 10 if bits < 8 else None,
            })
    return found


@pytest.fixture
def front() -> Front:
    """A front of 40 trials and 12 designs."""
    return Front.build(rows(), ["accuracy", "bops"], metrics=("accuracy",), task="jets", title="jets, 8 constituents",
                       states={"complete": 40, "failed": 2})


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A real search of twelve trials and two designs of one of them, the first with a hardware report."""
    folder = tmp_path_factory.mktemp("runs")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 4)).astype(np.float32)
    np.savez(folder / "points.npz", x=x, y=(x[:, 0] * x[:, 1] > 0).astype(np.int64))
    (folder / "tiny.yaml").write_text(yaml.safe_dump(SPACE))
    config = validate(TaskConfig, TASK, "test")
    task, space = make_task(config), SearchSpace.load(folder / "tiny.yaml")
    data = folder / "points.npz"
    dataset = task.load([data], seed=0)
    run = Run(folder / "a run's folder")
    run_search(task, space, dataset, run, config.search, seed=1)
    file = DataFile(path=data, sha256=sha256(data), bytes=data.stat().st_size)
    run.write(RunRecord(task=config, data=(file,), provenance=provenance()))
    number = int(Front.read(run).best("accuracy")["trial"])
    architecture = (run.trial(number) / "architecture.json").read_text()
    winner = Winner(number, Architecture.from_json(architecture))
    design, _ = compress([winner], task, dataset, run, config.compress, seed=0)
    (design.path / "reports.json").write_text(hardware(design.record.name, config).model_dump_json())
    return run


def hardware(name: str, config: TaskConfig) -> HardwareReport:
    """A report as `nac synth` writes it, with a second, better founded number of LUTs."""
    checked = Verification(samples=1000, qonnx_samples=100, hls_samples=1000, equal=True, proven=True,
                           predictions_sha256="ab" * 32)
    numbers = (
        HardwareNumber(name="lut", value=5200, tool="Vitis HLS", version="2024.1", kind="synthesis"),
        HardwareNumber(name="lut", value=9000, tool="Vitis HLS", version="2024.1", kind="estimate"),
        HardwareNumber(name="latency_ns", value=35, unit="ns", tool="Vitis HLS", version="2024.1", kind="c-synthesis"),
        HardwareNumber(name="bops", value=1, tool="nac", version="0.1.0", kind="count"),
    )
    return HardwareReport(design=name, target=config.target, model="model.onnx", project="hls", verification=checked,
                          numbers=numbers, skipped=("C synthesis: vitis_hls is not on the PATH",))
