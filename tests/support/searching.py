"""A search that takes milliseconds per candidate: real training on a few points in four dimensions."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import yaml

from nac.config import SearchConfig, TaskConfig, validate
from nac.global_search import run_search
from nac.rundir import Run
from nac.space import SearchSpace
from nac.tasks import Dataset, Task, make_task

SPACE: dict[str, Any] = {
    "kind": "mlp",
    "deployable": True,
    "input": [4],
    "outputs": 2,
    "hidden": {"layers": [1, 2], "width": [2, 3, 4, 6, 8], "norm": ["none", "batch"]},
    "baselines": {
        "wide": {"hidden.layers": 2, "hidden.*.width": 8},
        "narrow": {"hidden.layers": 1, "hidden.1.width": 2},
    },
}

SAMPLERS = ("nsga2", "nsga3", "tpe", "gp", "random")


@dataclass(frozen=True)
class Setting:
    """A task with its data and space, and a folder for runs."""

    folder: Path
    task: Task
    dataset: Dataset
    space: SearchSpace

    def run(self, name: str = "run") -> Run:
        return Run(self.folder / name)

    def search(self, name: str = "run", trials: int = 8, seed: int = 1, **settings: Any) -> optuna.Study:
        """Search in the run `name`; a `space` replaces the setting's."""
        space = settings.pop("space", self.space)
        how = {key: settings.pop(key) for key in ("storage", "joining") if key in settings}
        return run_search(
            self.task, space, self.dataset, self.run(name), search_config(trials=trials, **settings), seed, **how
        )


def work(folder: Path, name: str, trials: int, storage: str | None, epochs: int) -> None:
    """What a worker process does: join the search in the run `name`. It only reads: others read the same files."""
    setting = open_setting(folder, epochs)
    run_search(
        setting.task, setting.space, setting.dataset, setting.run(name), search_config(trials=trials), 1,
        storage=storage, joining=True,
    )  # fmt: skip


def search_config(**settings: Any) -> SearchConfig:
    defaults = {"objectives": [{"name": "accuracy"}, {"name": "bops"}], "population": 4}
    return validate(SearchConfig, {**defaults, **settings}, "test")


def write_space(folder: Path, edit: Mapping[str, Any] | None = None, name: str = "tiny") -> SearchSpace:
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump({**SPACE, **(edit or {})}, sort_keys=False))
    return SearchSpace.load(path)


def make_setting(folder: Path, epochs: int = 2) -> Setting:
    """The same points for every folder."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 4)).astype(np.float32)
    y = (x[:, 0] * x[:, 1] > 0).astype(np.int64)
    np.savez(folder / "points.npz", x=x, y=y)
    write_space(folder)
    return open_setting(folder, epochs)


def open_setting(folder: Path, epochs: int = 2) -> Setting:
    """The setting whose files `make_setting` wrote."""
    data = {"layout": "arrays", "kind": "classification", "classes": ["same", "other"], "shape": [4], "scaling": "none"}
    config = validate(
        TaskConfig,
        {
            "name": "points",
            "data": data,
            "space": "tiny",
            "train": {"epochs": epochs, "patience": epochs, "batch_size": 64, "learning_rate": 0.02},
            "search": {"objectives": [{"name": "accuracy"}, {"name": "bops"}]},
        },
        "test",
    )
    task = make_task(config)
    return Setting(folder, task, task.load([folder / "points.npz"], seed=0), SearchSpace.load(folder / "tiny.yaml"))


def drawn(study: optuna.Study) -> list[tuple[Any, ...]]:
    """What a search did, without times and numbers: genes, state, values and attributes of trials that count."""
    skipped = {"training", "duplicate_of", "workers"}
    return [
        (t.params, t.state, t.values, t.constraints, {k: v for k, v in t.user_attrs.items() if k not in skipped})
        for t in study.trials
    ]
