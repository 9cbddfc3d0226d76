"""Two problems that a small network solves in a second, to try things on."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from nac.arch import Architecture, Dense
from nac.config import TaskConfig
from nac.tasks import Dataset, Task, make_task

SEARCH = {"objectives": [{"name": "bops"}]}
Problem = tuple[Task, Dataset, Architecture]


def _problem(data: dict[str, Any], x: Any, y: Any, outputs: int) -> Problem:
    config = TaskConfig.model_validate(
        {
            "name": "small",
            "space": "jets_mlp",
            "search": SEARCH,
            "data": {"layout": "arrays", "inputs": "x", "targets": "y", **data},
        }
    )
    task = make_task(config)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "data.npz"
        np.savez(file, x=x, y=y)
        dataset = task.load([file], seed=0)
    architecture = Architecture(
        input=task.input_shape, outputs=outputs, blocks=(Dense(width=16, norm="batch"), Dense(width=8))
    )
    return task, dataset, architecture


def blobs() -> Problem:
    """Three Gaussian blobs in four dimensions, 900 samples."""
    random = np.random.default_rng(0)
    y = np.arange(900) % 3
    x = random.normal(size=(900, 4)) + 4 * np.eye(4)[y]
    return _problem({"kind": "classification", "classes": ["a", "b", "c"], "shape": [4]}, x, y, 3)


def line() -> Problem:
    """Two linear functions of four values, 900 samples."""
    random = np.random.default_rng(0)
    x = random.normal(size=(900, 4))
    y = x @ random.normal(size=(4, 2))
    return _problem({"kind": "regression", "outputs": 2, "shape": [4]}, x, y, 2)
