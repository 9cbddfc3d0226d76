"""Trains the two small reference networks and keeps what is specific to each of their HLS projects in this folder.

    python hls_projects/train_references.py JETS.npz BRAGG.npz

A test writes both projects again from `model.onnx` and `nac.json`, compares every file and simulates them.
"""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch

from nac.arch import Architecture, Network, measured_workload, quantise
from nac.config import load_task
from nac.cost import costs
from nac.design import Design, DesignRecord
from nac.hardware import HlsProject, synthesise
from nac.tasks import make_task
from nac.train import evaluate, fit

HERE = Path(__file__).resolve().parent
BITS = {"input": 8, "weights": 6, "activations": 6}
NETWORKS: dict[str, list[dict[str, Any]]] = {
    "jets": [*[{"block": "dense", "width": 16, "norm": "batch"}] * 2, {"block": "aggregate"},
             {"block": "dense", "width": 16, "norm": "batch"}],
    "bragg": [*[{"block": "conv", "channels": channels, "norm": "batch"} for channels in (4, 4, 2)],
              {"block": "flatten"}, {"block": "dense", "width": 8, "norm": "batch"}],
}  # fmt: skip


def make(name: str, data: Path) -> str:
    """Train, synthesise and store one reference; returns a line about it."""
    config = load_task(name)
    task = make_task(config)
    dataset = task.load([data], seed=0)
    arch = Architecture.model_validate(
        {"input": task.input_shape, "blocks": NETWORKS[name], "outputs": task.outputs, "bits": BITS}
    )
    torch.manual_seed(0)
    network = Network(arch)
    fit(network, dataset, task, config.train, seed=0)
    quantised = quantise(network)
    finetune = config.compress.finetune.model_copy(update={"epochs": 10})
    fit(quantised, dataset, task, finetune, seed=0)
    quantised.eval()
    metrics = evaluate(quantised, dataset.test, task)
    ops = measured_workload(quantised)
    record = DesignRecord(
        name="reference", task=config, architecture=arch, sparsity=0.0, density={op.name: op.density for op in ops},
        preprocessing=dataset.preprocessing, metrics={"test": metrics}, costs=costs(ops), origin={},
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        design = Design.create(Path(folder) / "reference", record, quantised)
        synthesise(design, config.target, check_inputs=dataset.test.x[:1000].numpy())
        store(design, HERE / name)
    figures = ", ".join(f"{key} {value:.4g}" for key, value in {**metrics, **costs(ops)}.items())
    return f"{name}: {arch.summary()}: {figures}\n"


def store(design: Design, folder: Path) -> None:
    """Keep the model and the files that belong to its project alone."""
    shutil.rmtree(folder, ignore_errors=True)
    project = HlsProject.open(design.path / "hls")
    for file in project.specific_files():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(project.path / file, folder / file)
    shutil.copy(design.path / "model.onnx", folder / "model.onnx")


if __name__ == "__main__":
    for task_name, file_name in zip(NETWORKS, sys.argv[1:], strict=True):
        sys.stdout.write(make(task_name, Path(file_name)))
        sys.stdout.flush()
