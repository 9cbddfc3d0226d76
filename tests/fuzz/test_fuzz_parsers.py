"""Spoilt files of every kind: each is read, or refused with an InputError; no other exception leaves a reader.

What was found this way and mended is kept by name in `test_found.py`.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import PROJECTS, spoilt_bytes, spoilt_trees

from nac.config import load_task
from nac.design import Design
from nac.errors import InputError
from nac.global_search import results
from nac.hardware import HlsProject
from nac.hardware.analytic import read_table, shipped_table
from nac.hardware.onnx.export import load_model
from nac.hardware.onnx.read import read_circuit
from nac.hardware.rtl.record import RtlProject
from nac.pipeline.check import check_file
from nac.pipeline.circuits import circuits_of
from nac.pipeline.costs import cost_of
from nac.report.collect import read_front
from nac.report.page import html
from nac.rundir import Run
from nac.space import SearchSpace, Unbuildable
from nac.study import load_study

ROOT = Path(__file__).resolve().parent.parent.parent
REPORT = {
    "design": "small", "verification": {"equal": True, "hls_samples": 9}, "skipped": ["no vendor tool"], "remarks": [],
    "numbers": [{"name": "lut", "value": 10, "unit": "", "kind": "estimate", "tool": "alkaid", "version": "0"}],
}  # fmt: skip
CIRCUIT_REPORT = {
    **REPORT, "target": {}, "model": "model.onnx", "project": "hls",
    "verification": {"samples": 9, "qonnx_samples": 9, "hls_samples": 9, "equal": True, "proven_in_float32": True,
                     "predictions_sha256": "ab"},
}  # fmt: skip
fuzz = settings(
    max_examples=60, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


def read(*readers: Callable[[], Any]) -> None:
    """Every reader returns or raises an InputError that says something."""
    for reader in readers:
        try:
            reader()
        except InputError as error:
            assert str(error).strip()


@contextmanager
def restored(*files: Path) -> Iterator[None]:
    """Files that are whole again afterwards, also after a failure.

    Else the next example would begin with the spoilt ones, and Hypothesis could not show which one failed.
    """
    whole = {file: file.read_bytes() for file in files}
    try:
        yield
    finally:
        for file, before in whole.items():
            file.write_bytes(before)


@cache
def content(file: Path) -> bytes:
    """A file of the repository, read once: what is spoilt must not change between the examples of a test."""
    return file.read_bytes()


def valid(file: Path) -> Any:
    return yaml.safe_load(content(file))


@given(data=st.data())
@fuzz
def test_task_files(tmp_path: Path, data: st.DataObject) -> None:
    tree = valid(ROOT / "tasks" / f"{data.draw(st.sampled_from(['jets', 'bragg']))}.yaml")
    file = tmp_path / "task.yaml"
    file.write_text(yaml.safe_dump(data.draw(spoilt_trees(tree))), encoding="utf-8")
    read(lambda: load_task(str(file)))


@given(data=st.data())
@settings(fuzz, max_examples=12)
def test_check_of_task_files(tmp_path: Path, data: st.DataObject) -> None:
    file = tmp_path / "task.yaml"
    tree = data.draw(spoilt_trees(valid(ROOT / "tasks" / "jets.yaml"), most=1))
    file.write_text(yaml.safe_dump(tree), encoding="utf-8")
    read(lambda: check_file(file))


@given(data=st.data())
@fuzz
def test_space_files(tmp_path: Path, data: st.DataObject) -> None:
    tree = valid(ROOT / "search_spaces" / f"{data.draw(st.sampled_from(['jets', 'bragg', 'jets_mlp']))}.yaml")
    file = tmp_path / "space.yaml"
    file.write_text(yaml.safe_dump(data.draw(spoilt_trees(tree))), encoding="utf-8")

    def draw_one() -> None:
        space = SearchSpace.load(file)
        space.problems()
        try:
            space.decode(space.repair(space.random(np.random.default_rng(0))))
        except Unbuildable:
            return

    read(draw_one)


@given(data=st.data())
@fuzz
def test_yaml_text(tmp_path: Path, data: st.DataObject) -> None:
    file = tmp_path / "task.yaml"
    file.write_bytes(data.draw(spoilt_bytes(content(ROOT / "tasks" / "jets.yaml"))))
    read(lambda: load_task(str(file)))


@given(data=st.data())
@fuzz
def test_architectures(whole: Path, tmp_path: Path, data: st.DataObject) -> None:
    tree = json.loads((whole / "run/designs/small/design.json").read_text())["architecture"]
    file = tmp_path / "architecture.json"
    file.write_text(json.dumps(data.draw(spoilt_trees(tree))))
    read(lambda: cost_of(file), lambda: check_file(file))


@given(data=st.data())
@fuzz
def test_designs(broken: Path, data: st.DataObject) -> None:
    file = broken / "run/designs/small/design.json"
    with restored(file):
        file.write_text(json.dumps(data.draw(spoilt_trees(json.loads(file.read_text())))))
        read(lambda: Design.load(file.parent).network, lambda: read_front(Run(broken / "run")))


@given(data=st.data())
@fuzz
def test_weights(broken: Path, data: st.DataObject) -> None:
    file = broken / "run/designs/small/weights.safetensors"
    with restored(file):
        file.write_bytes(data.draw(spoilt_bytes(file.read_bytes())))
        read(lambda: Design.load(file.parent).network)


@given(data=st.data())
@fuzz
def test_run_records(broken: Path, data: st.DataObject) -> None:
    run = Run(broken / "run")
    with restored(run.config_file):
        run.config_file.write_text(yaml.safe_dump(data.draw(spoilt_trees(yaml.safe_load(run.config_file.read_bytes())))))
        read(run.read, lambda: read_front(run))


@given(data=st.data())
@fuzz
def test_journals(broken: Path, data: st.DataObject) -> None:
    run = Run(broken / "run")
    whole = run.journal.read_bytes()
    lines = whole.splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    lines[at] = json.dumps(data.draw(spoilt_trees(json.loads(lines[at])))).encode()
    spoilt = data.draw(st.sampled_from(["line", "bytes"]))
    with restored(run.journal):
        run.journal.write_bytes(b"\n".join(lines) + b"\n" if spoilt == "line" else data.draw(spoilt_bytes(whole)))
        read(lambda: results(load_study(run)), lambda: read_front(run))


@given(data=st.data())
@settings(fuzz, max_examples=40)
def test_hardware_reports(broken: Path, data: st.DataObject) -> None:
    run = Run(broken / "run")
    (run.design("small") / "reports.json").write_text(json.dumps(data.draw(spoilt_trees(REPORT))))
    read(lambda: read_front(run))


@given(data=st.data())
@settings(fuzz, max_examples=5)
def test_pages(broken: Path, data: st.DataObject) -> None:
    run = Run(broken / "run")
    (run.design("small") / "reports.json").write_text(json.dumps(data.draw(spoilt_trees(REPORT))))
    read(lambda: html(run))


@given(data=st.data())
@fuzz
def test_circuits_of_runs(broken: Path, data: st.DataObject) -> None:
    run = Run(broken / "run")
    folder = run.design("small")
    (folder / "rtl").mkdir(exist_ok=True)
    files = {"reports.json": CIRCUIT_REPORT, "rtl/project.json": PROJECTS["project.json"],
             "design.json": json.loads((folder / "design.json").read_text())}  # fmt: skip
    with restored(folder / "design.json"):
        for name, tree in files.items():
            (folder / name).write_text(json.dumps(tree))
        assert len(list(circuits_of(run))) == 1
        (folder / "design.json").write_text(json.dumps({**files["design.json"], "origin": {"sparsity": ["much"]}}))
        with pytest.raises(InputError, match=r"design\.json: origin\.sparsity"):
            list(circuits_of(run))
        (folder / "design.json").write_text(json.dumps(files["design.json"]))
        spoilt = data.draw(st.sampled_from(sorted(files)))
        (folder / spoilt).write_text(json.dumps(data.draw(spoilt_trees(files[spoilt]))))
        read(lambda: list(circuits_of(run)))


@given(data=st.data())
@settings(fuzz, max_examples=20)
def test_tables_of_circuits(tmp_path: Path, data: st.DataObject) -> None:
    lines = content(shipped_table()).splitlines(keepends=True)[:60]
    file = tmp_path / "circuits.jsonl"
    file.write_bytes(data.draw(spoilt_bytes(b"".join(lines))))
    read(lambda: read_table(file))


@given(data=st.data())
@settings(fuzz, max_examples=100)
def test_onnx_files(whole: Path, tmp_path: Path, data: st.DataObject) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(data.draw(spoilt_bytes((whole / "run/designs/small/model.onnx").read_bytes())))
    read(lambda: cost_of(file), lambda: read_circuit(load_model(file)))


@pytest.mark.parametrize(("name", "load"), [("nac.json", HlsProject.open), ("project.json", RtlProject.load)])
@given(data=st.data())
@fuzz
def test_projects(tmp_path: Path, name: str, load: Callable[[Path], Any], data: st.DataObject) -> None:
    (tmp_path / name).write_text(json.dumps(data.draw(spoilt_trees(PROJECTS[name]))))
    read(lambda: load(tmp_path))
