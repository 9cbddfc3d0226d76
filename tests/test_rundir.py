"""Files appear whole or not at all, a run is read back as it was written, and only one process works on it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from nac.config import TaskConfig
from nac.errors import InputError
from nac.rundir import DataFile, Run, RunRecord, copy_folder, data_files, dump_yaml, provenance, sha256, write_atomic


def test_a_copy_of_a_closed_folder_is_open(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name in ("c.sh", "d.so"):
        (tmp_path / "a" / "b" / name).write_text("#!/bin/sh\n")
    closed = [tmp_path / "a" / "b" / "c.sh", tmp_path / "a" / "b", tmp_path / "a"]
    for path in closed:
        path.chmod(0o555)
    copy_folder(tmp_path / "a", tmp_path / "copy", "*.so")
    assert sorted(path.name for path in (tmp_path / "copy").rglob("*")) == ["b", "c.sh"]
    for path in (tmp_path / "copy", *(tmp_path / "copy").rglob("*")):
        assert path.stat().st_mode & 0o777 == 0o755
    for path in closed:
        path.chmod(0o755)


def _task() -> TaskConfig:
    return TaskConfig.model_validate(
        {
            "name": "toy",
            "data": {"layout": "patches", "kind": "regression", "scaling": "patch"},
            "space": "toy",
            "search": {"objectives": [{"name": "rmse"}, {"name": "bops", "max": 1e6}]},
        }
    )


def test_write_atomic_replaces_whole_and_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "file.txt"
    write_atomic(target, "one")
    write_atomic(target, b"two")
    assert target.read_text() == "two"
    assert [path.name for path in target.parent.iterdir()] == ["file.txt"]


def test_write_atomic_keeps_the_old_file_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "file.txt"
    write_atomic(target, "old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomic(target, "new")
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["file.txt"]


def test_a_file_that_cannot_be_begun_is_named(tmp_path: Path) -> None:
    file = tmp_path / ("x" * 300)
    with pytest.raises(OSError, match="too long") as raised:
        write_atomic(file, "new")
    assert raised.value.filename == str(file)


def test_record_round_trip(tmp_path: Path) -> None:
    run = Run(tmp_path)
    record = RunRecord(
        task=_task(),
        preset="demo",
        overrides=("seed=1",),
        data=(DataFile(path=tmp_path / "x.npz", sha256="ab", bytes=3),),
        options={"workers": 2, "storage": None},
        provenance=provenance(),
    )
    run.write(record)
    assert run.read() == record


@pytest.mark.parametrize("wrong", [{"files": 3}, {"files": ["x.npz"]}, {"samples": "many"}])
def test_what_was_recorded_of_the_samples_is_checked(tmp_path: Path, wrong: dict[str, object]) -> None:
    run = Run(tmp_path)
    dataset = {"files": [{"sha256": "ab"}], "samples": {"train": 3}, "seed": 0}
    run.write(RunRecord.model_validate({"task": _task(), "dataset": dataset}))
    assert run.read().dataset == dataset
    tree = yaml.safe_load(run.config_file.read_text())
    run.config_file.write_text(yaml.safe_dump({**tree, "dataset": {**dataset, **wrong}}))
    with pytest.raises(InputError, match=rf"run\.yaml: dataset\.{next(iter(wrong))}"):
        run.read()


def test_yaml_is_written_without_aliases() -> None:
    shared = [1, 2]
    assert "*" not in dump_yaml({"a": shared, "b": shared})


@pytest.mark.parametrize("content", [None, "task: 3\n", "[", "taks: {}\n"])
def test_a_folder_that_is_no_run_is_named(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "run.yaml").write_text(content)
    with pytest.raises(InputError, match=str(tmp_path)):
        Run(tmp_path).read()


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", ".hidden", "/etc"])
def test_a_design_name_cannot_leave_the_run(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        Run(tmp_path).design(name)


def test_data_files_are_hashed_and_missing_ones_named(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    path.write_bytes(b"abc")
    (file,) = data_files([path])
    assert file.sha256 == sha256(path)
    assert file.bytes == 3
    assert file.path.is_absolute()
    with pytest.raises(InputError, match=r"missing\.npz"):
        data_files([tmp_path / "missing.npz"])
    with pytest.raises(InputError, match="data file"):
        data_files([tmp_path])


HOLD = """
import sys, time
from pathlib import Path
from nac.rundir import Run
with Run(Path(sys.argv[1])).lock():
    sys.stdout.write("held"); sys.stdout.flush()
    time.sleep(60)
"""


def test_the_lock_keeps_others_out_until_its_process_dies(tmp_path: Path) -> None:
    run = Run(tmp_path)
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.read(4) == b"held"
        with pytest.raises(InputError, match=f"process {holder.pid}"), run.lock():
            pass
        holder.kill()
        holder.wait()
    with run.lock():
        pass


def test_provenance_names_versions_and_machine() -> None:
    found = provenance()
    assert isinstance(found["versions"], dict)
    assert {"nac", "python"} <= set(found["versions"])
    assert found["machine"]


