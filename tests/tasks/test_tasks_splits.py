"""Every split has every class, or a sentence says which one lacks which before anything is trained."""

from pathlib import Path

import numpy as np
import pytest
from datafiles import arrays_config, task_config, write_npz
from numpy.typing import NDArray

from nac.config import SplitConfig
from nac.errors import InputError
from nac.tasks import make_task
from nac.tasks.split import require_all_classes, split


def file_of(path: Path, y: NDArray[np.int64], run: NDArray[np.int64] | None = None) -> Path:
    x = np.random.default_rng(0).normal(size=(len(y), 3))
    return write_npz(path / "d.npz", x=x, y=y, **({} if run is None else {"run": run}))


def test_groups_that_are_classes_are_refused(tmp_path: Path) -> None:
    task = make_task(arrays_config(classes=list("abcde"), split={"by": "run"}))
    classes = np.repeat(np.arange(5), 200)
    with pytest.raises(InputError, match=r"d\.npz: split by groups of 'run': train has no sample of class .*; "
                       r"validation has no sample of class .*; test has no sample of class .*\(samples in all: "):
        task.load([file_of(tmp_path, classes, classes)], seed=0)


def test_a_class_too_rare_for_the_shares_is_refused(tmp_path: Path) -> None:
    rare = np.arange(400) < 5
    with pytest.raises(InputError, match=r"split by seed: validation has no sample of class b; test has no sample of "
                       r"class b \(samples in all: b 5\), expected every class"):
        make_task(arrays_config()).load([file_of(tmp_path, rare.astype(np.int64))], seed=0)
    shares = {"train": 0.4, "validation": 0.3, "test": 0.3}
    dataset = make_task(arrays_config(split=shares)).load([file_of(tmp_path, rare.astype(np.int64))], seed=0)
    assert dataset.kept is not None
    assert int(dataset.validation.y.sum() + dataset.kept.y.sum()) == 2


@pytest.mark.parametrize("seed", range(5))
def test_groups_are_drawn_until_every_split_has_every_class(seed: int) -> None:
    """Three of sixty runs have the second class: most draws leave a split without."""
    runs = np.repeat(np.arange(60), 20)
    labels = (np.isin(runs, (7, 20, 41)) & (np.arange(1200) % 2 == 0)).astype(np.int64)
    rows = split(labels, {"run": runs}, SplitConfig(by=("run",)), seed, 1200)
    require_all_classes(rows, labels, ("a", "b"))
    found = [set(runs[part]) for part in rows.named.values()]
    assert not (found[0] & found[1] or found[0] & found[2] or found[1] & found[2])
    assert [len(part) for part in found] == [51, 5, 4] or [len(part) for part in found] == [51, 4, 5]


def test_groups_that_have_all_classes_at_once_are_drawn_once() -> None:
    """Runs made before still find their splits."""
    runs = np.repeat(np.arange(40), 50)
    labels = np.arange(2000) % 2
    with_classes = split(labels, {"run": runs}, SplitConfig(by=("run",)), 3, 2000)
    without = split(None, {"run": runs}, SplitConfig(by=("run",)), 3, 2000)
    for one, other in zip(with_classes.named.values(), without.named.values(), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("samples", [12, 19])
def test_a_split_of_one_sample_is_named(tmp_path: Path, samples: int) -> None:
    task = make_task(task_config(layout="arrays", kind="regression", outputs=1, shape=[3]))
    file = write_npz(tmp_path / "d.npz", x=np.zeros((samples, 3)), y=np.arange(samples))
    with pytest.raises(InputError, match=r"too few .*: validation 1, test 1, expected at least 2 in each"):
        task.load([file], seed=0)
