"""What CONTRIBUTING says of additions is so: the kinds and their homes, one or two files, a pruner of ten lines."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from datafiles import task_config

import nac.testing
from nac.arch import Architecture, initialised
from nac.compress.pruners import PRUNERS, Pruning, prune
from nac.config import TrainConfig
from nac.registry import Registry
from nac.tasks import make_task

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "nac"
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
TABLE = TEXT.split("<!-- kinds:begin -->")[1].split("<!-- kinds:end -->")[0]
ROWS = [[cell.strip().strip("`") for cell in line.strip("| ").split("|")] for line in TABLE.strip().splitlines()[2:]]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_kind_has_its_home_and_its_contract(row: list[str]) -> None:
    kind, files, home, registry, contract = row
    module, name = registry.rsplit(".", 1)
    known = getattr(import_module(module), name)
    assert isinstance(known, Registry)
    assert known.kind == kind
    assert known.group == f"nac.{kind.replace(' ', '_')}"
    assert len(known) > 0
    assert int(files) in (1, 2)
    where = ROOT / home
    assert where.is_dir() if home.endswith("/") else where.is_file()
    assert known.home == ".".join(where.relative_to(ROOT / "src").with_suffix("").parts)
    assert contract in nac.testing.__all__


def kinds() -> Iterator[str]:
    """Those of all registries of the program."""
    for path in SOURCE.rglob("*.py"):
        yield from re.findall(r"= Registry\(\s*\"([^\"]+)\"", path.read_text())


def test_every_kind_is_in_the_table() -> None:
    assert sorted(kinds()) == [row[0] for row in ROWS]


def test_a_pruner_in_ten_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As printed: it is short, known by its name afterwards, and prunes what it is asked to."""
    page = (ROOT / "docs" / "howto" / "own_pruner.md").read_text()
    (code,) = re.findall(r"^```python\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)
    lines = [line for line in code.splitlines() if line.strip() and "import" not in line]
    assert len(lines) <= 10
    PRUNERS.check("gradual")
    monkeypatch.setattr(PRUNERS, "_objects", dict(PRUNERS._objects))  # what a test adds goes with it
    exec(compile(code, "own_pruner.md", "exec"), {})

    task = make_task(task_config(layout="arrays", kind="classification", classes=["a", "b"], shape=[6]))
    x = np.random.default_rng(0).normal(size=(300, 6))
    np.savez(tmp_path / "points.npz", x=x, y=(x[:, 0] + x[:, 1] > 0).astype(np.int64))
    dataset = task.load([tmp_path / "points.npz"], seed=0)
    architecture = Architecture.model_validate(
        {"input": [6], "outputs": 2, "blocks": [{"block": "dense", "width": 8}, {"block": "dense", "width": 6}]}
    )
    budget = TrainConfig(epochs=2, batch_size=64)
    pruned = prune("growth", Pruning(
        task=task, dataset=dataset, start=lambda: initialised(architecture, 0), train=budget, sparsity=0.75, rounds=2,
        seed=0, distilled=lambda: dataset, distilled_train=budget,
    ))
    first, last = (round.masks for round in pruned.rounds)
    kept = torch.cat([mask.flatten() for mask in last.values()])
    assert float(kept.mean()) == pytest.approx(0.25, abs=0.01)
    assert all(bool((last[name] <= first[name]).all()) for name in last)
