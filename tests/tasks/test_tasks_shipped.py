"""The contract of a task, through which every shipped task file is run, in every preset."""

import inspect
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from datafiles import OPENML_FEATURES, jet_arrays, patch_arrays, write_arff, write_frames, write_npz
from numpy.typing import NDArray

from nac.config import (
    BraggSimulation,
    DistilledDataConfig,
    JetSimulation,
    Model,
    PulseSimulation,
    ReadoutSimulation,
    Resources,
    TaskConfig,
    load_task,
)
from nac.errors import InputError
from nac.tasks import METRICS, Task, make_task
from nac.tasks.simulators.pulses import pulses
from nac.tasks.simulators.readout import readout

ROOT = Path(__file__).resolve().parents[2]
TASKS = sorted(path.stem for path in (ROOT / "tasks").glob("*.yaml"))
PRESETS = ("demo", "default", "full")


def jets_file(folder: Path) -> list[Path]:
    return [write_npz(folder / "jets.npz", **jet_arrays(n=300, particles=40), event=np.arange(300) // 2)]


def features_file(folder: Path) -> list[Path]:
    random = np.random.default_rng(0)
    return [write_npz(folder / "f.npz", features=random.normal(size=(300, 8)), label=np.arange(300) % 5)]


def openml_file(folder: Path) -> list[Path]:
    write_arff(folder / "t.arff", n=300)
    return [folder / "t.arff"]


def bragg_file(folder: Path) -> list[Path]:
    return [write_npz(folder / "p.npz", **patch_arrays(n=300, size=21), panel=np.arange(300) % 4,
                      frame=np.arange(300), npeaks=np.ones(300, dtype=int))]


def qubit_file(folder: Path) -> list[Path]:
    random = np.random.default_rng(0)
    state = np.arange(300) % 2
    return [write_npz(folder / "q.npz", iq=random.normal(size=(300, 2)) + 3 * state[:, None], state=state)]


def pulses_file(folder: Path) -> list[Path]:
    return [write_npz(folder / "p.npz", **pulses(300, 64, PulseSimulation(), seed=0))]


def readout_file(folder: Path) -> list[Path]:
    return [write_npz(folder / "r.npz", **readout(300, 400, ReadoutSimulation(), seed=0))]


FILES: dict[str, Callable[[Path], list[Path]]] = {
    "jets": jets_file, "jets_features": features_file, "jets_openml": openml_file, "bragg": bragg_file,
    "qubit": qubit_file, "pulses": pulses_file, "readout": readout_file,
}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAC_CACHE", str(tmp_path / "cache"))


def test_every_task_has_an_example_here() -> None:
    assert set(TASKS) == set(FILES)


def small(name: str, preset: str = "default") -> TaskConfig:
    overrides = ("data.simulate=100",) if name == "bragg" else ()
    return load_task(str(ROOT / "tasks" / f"{name}.yaml"), preset, overrides)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("name", TASKS)
def test_contract(tmp_path: Path, name: str, preset: str) -> None:
    config = small(name, preset)
    task = make_task(config)
    files = FILES[name](tmp_path)
    assert config.name == name
    for member, function in inspect.getmembers(Task, inspect.isfunction):
        if not member.startswith("_"):
            assert inspect.signature(getattr(task, member)).parameters.keys() == \
                inspect.signature(function).parameters.keys() - {"self"}
    dataset = task.load(files, seed=1)
    for split in (dataset.train, dataset.validation, dataset.test):
        assert len(split) == len(split.x) == len(split.y) > 0
        assert split.x.shape[1:] == task.input_shape
        assert split.x.dtype == torch.float32
        assert bool(split.x.isfinite().all())
        assert split.y.dtype == (torch.int64 if config.data.kind == "classification" else torch.float32)
    x, y = dataset.train.epoch(torch.Generator().manual_seed(0))
    assert x.shape == dataset.train.x.shape
    assert y.shape == dataset.train.y.shape
    again = task.load(files, seed=1)
    assert torch.equal(again.train.x, dataset.train.x)
    assert torch.equal(again.test.y, dataset.test.y)
    assert again.preprocessing == dataset.preprocessing

    everything = task.read(files, dataset.preprocessing)
    assert everything.x.shape[1:] == task.input_shape
    outputs = torch.zeros((len(everything), task.outputs), requires_grad=True)
    loss = task.loss(outputs, everything.y)
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.ndim == 0
    metrics = task.metrics(outputs.detach().numpy(), everything.y.numpy(), everything.preprocessing)
    assert tuple(metrics) == task.metric_names
    assert all(name in METRICS for name in metrics)
    assert config.search.objectives[0].name == task.metric_names[0]


@pytest.mark.parametrize("name", TASKS)
def test_evaluation_reads_what_training_saw(tmp_path: Path, name: str) -> None:
    overrides = ("data.simulate=0", "data.windows=[]")  # a file is evaluated with its windows as they are
    task = make_task(load_task(str(ROOT / "tasks" / f"{name}.yaml"), overrides=overrides))
    files = FILES[name](tmp_path)
    dataset = task.load(files, seed=1)
    everything = task.read(files, dataset.preprocessing)
    rows = {row.numpy().tobytes() for row in everything.x}
    splits = (dataset.train, dataset.validation, dataset.kept, dataset.test)
    parts = [{row.numpy().tobytes() for row in split.x} for split in splits if split is not None]
    assert set.union(*parts) == rows
    assert sum(map(len, parts)) == len(rows)


@pytest.mark.parametrize("count", [8, 16, 32])
def test_the_number_of_constituents_is_a_setting(tmp_path: Path, count: int) -> None:
    config = load_task(str(ROOT / "tasks" / "jets.yaml"), overrides=(f"data.constituents={count}",))
    task = make_task(config)
    assert task.input_shape == (3, count)
    assert task.load(jets_file(tmp_path), seed=0).train.x.shape[1:] == (3, count)


def test_bragg_takes_the_pair(tmp_path: Path) -> None:
    frames, peaks, _ = write_frames(tmp_path, frames=40)
    dataset = make_task(small("bragg")).load([peaks, frames], seed=0)
    assert dataset.provenance["split_by"] == "frame"


def test_bragg_can_be_split_by_panel(tmp_path: Path) -> None:
    config = load_task(str(ROOT / "tasks" / "bragg.yaml"), overrides=("data.simulate=0", "data.split.by=panel"))
    assert make_task(config).load(bragg_file(tmp_path), seed=0).provenance["split_by"] == "panel"


def test_openml_features_are_stored_with_the_preprocessing(tmp_path: Path) -> None:
    dataset = make_task(small("jets_openml")).load(openml_file(tmp_path), seed=0)
    assert dataset.preprocessing.features == OPENML_FEATURES


def test_jets_features_of_images(jets_20k: Path) -> None:
    dataset = make_task(small("jets_features")).load([jets_20k], seed=0)
    assert dataset.train.x.shape[1:] == (8,)
    assert float(dataset.train.x.abs().max()) <= 4


def test_qubit_shots_as_the_task_file_says(tmp_path: Path, qubit_shots: NDArray[np.float64]) -> None:
    np.savez(tmp_path / "qubit.npz", iq=qubit_shots.reshape(-1, 2), state=np.repeat([0, 1], qubit_shots.shape[1]))
    task = make_task(small("qubit", "demo"))
    dataset = task.load([tmp_path / "qubit.npz"], seed=0)
    assert len(dataset.train) == 8500
    x, y = dataset.train.x.numpy(), dataset.train.y.numpy()
    difference = x[y == 1].mean(axis=0) - x[y == 0].mean(axis=0)
    middle = (x[y == 1].mean(axis=0) + x[y == 0].mean(axis=0)) / 2
    score = (dataset.test.x.numpy() - middle) @ difference
    outputs = np.stack([-score, score], axis=1)
    assert task.metrics(outputs, dataset.test.y.numpy(), dataset.preprocessing)["accuracy"] > 0.96


def test_a_file_of_another_task_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no array 'patches'"):
        make_task(small("bragg")).load(jets_file(tmp_path), seed=0)


def keys(model: type[Model]) -> Iterator[str]:
    """The keys of a task file, but not those of settings that are a chapter of their own."""
    apart = {BraggSimulation, JetSimulation, PulseSimulation, ReadoutSimulation, DistilledDataConfig, Resources}
    for name, about in model.model_fields.items():
        yield name
        for part in (about.annotation, *get_args(about.annotation)):
            if isinstance(part, type) and issubclass(part, Model) and part not in apart:
                yield from keys(part)


def test_the_task_of_jets_explains_every_key() -> None:
    """In a comment, or with one beside it or above it."""
    lines = [line.split("# ", 1) for line in (ROOT / "tasks" / "jets.yaml").read_text().splitlines()]
    explained = {word for _, *comment in lines for text in comment for word in re.findall(r"\w+", text)}
    for (before, *above), (code, *beside) in pairwise([("", ""), *lines]):
        if beside or (above and not before.strip()):
            explained |= set(re.findall(r"\w+(?=:)", code))
    assert set(keys(TaskConfig)) - explained == set()
