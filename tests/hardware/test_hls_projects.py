"""The two committed reference projects are what their model gives, file by file, and they compute what it does."""

import filecmp
import logging
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from nac.errors import InputError
from nac.hardware import HlsProject, restore
from nac.hardware.engines.exported import run_qonnx
from nac.hardware.hls import project
from nac.hardware.onnx.export import load_model
from nac.hardware.onnx.read import read_circuit

PROJECTS = Path(__file__).resolve().parents[2] / "hls_projects"
TASKS = ("jets", "bragg")


@pytest.mark.parametrize("task", TASKS)
def test_a_reference_project_is_what_its_model_gives(task: str, tmp_path: Path) -> None:
    folder = PROJECTS / task
    project = restore(folder, tmp_path / task)
    kept = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()} - {Path("model.onnx")}
    assert set(project.specific_files()) == kept
    _, different, broken = filecmp.cmpfiles(folder, project.path, [str(path) for path in kept], shallow=False)
    assert different == []
    assert broken == []


def test_the_build_script_works_from_any_folder(tmp_path: Path) -> None:
    project = restore(PROJECTS / "jets", tmp_path / "a project")
    compiler = tmp_path / "bin" / "g++"
    compiler.parent.mkdir()
    compiler.write_text(f"#!/bin/sh\npwd >> {tmp_path}/folders\necho \"$@\" >> {tmp_path}/arguments\n")
    compiler.chmod(0o755)
    path = {**os.environ, "PATH": f"{compiler.parent}:{os.environ['PATH']}"}
    subprocess.run(["bash", "a project/build_lib.sh"], cwd=tmp_path, env=path, check=True)
    assert set((tmp_path / "folders").read_text().splitlines()) == {str(project.path)}
    arguments = (tmp_path / "arguments").read_text()
    assert 'WEIGHTS_DIR="firmware/weights"' in arguments and str(tmp_path) not in arguments


SLOW = """#!/bin/sh
sleep 0.5
while [ "$1" != -o ]; do shift; done
echo > "$2"
"""


def test_a_compilation_says_what_it_compiles_and_that_it_is_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = restore(PROJECTS / "jets", tmp_path / "project")
    compiler = tmp_path / "bin" / "g++"
    compiler.parent.mkdir()
    compiler.write_text(SLOW)
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", f"{compiler.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(project, "STILL_S", 0.2)
    with caplog.at_level(logging.INFO, "nac"):
        assert folder.compile().is_file()
    first, *later = (record.getMessage() for record in caplog.records if "g++" in record.getMessage())
    assert first == f"{folder.record.title}: g++ compiles the C simulation"
    assert later and all("g++ is at it since" in line for line in later)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")
@pytest.mark.parametrize("task", TASKS)
def test_a_reference_project_computes_what_its_model_does(task: str, tmp_path: Path) -> None:
    folder = PROJECTS / task
    model = load_model(folder / "model.onnx")
    type_ = read_circuit(model).input.type
    shape = HlsProject.open(folder).record.input_shape
    steps = np.random.default_rng(0).integers(type_.low, type_.high + 1, (300, *shape))
    x = (steps * 2.0**-type_.fraction).astype(np.float32)
    assert np.array_equal(restore(folder, tmp_path / task).predict(x), run_qonnx(model, x)["global_out"])


def test_a_reference_says_no_path_and_no_secret_of_a_machine() -> None:
    for file in PROJECTS.rglob("*"):
        if file.is_file() and file.suffix != ".onnx":
            assert "/tmp" not in file.read_text(), file
            assert str(Path.home()) not in file.read_text(), file


def test_another_model_is_refused(tmp_path: Path) -> None:
    shutil.copytree(PROJECTS / "jets", tmp_path / "jets")
    shutil.copy(PROJECTS / "bragg" / "model.onnx", tmp_path / "jets" / "model.onnx")
    with pytest.raises(InputError, match=r"is not the one that nac\.json was made from"):
        restore(tmp_path / "jets", tmp_path / "out")
