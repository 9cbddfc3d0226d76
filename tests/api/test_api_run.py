"""A run made in a program: samples in memory, a search, designs, and the command line on the same folder."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from command import Command
from pulses import SHORT, pulses

import nac
from nac.errors import InputError
from nac.hardware.engines.trained import TorchEngine
from nac.hardware.onnx.convert import run_onnxruntime


def test_what_is_public_is_listed_and_there() -> None:
    assert {"Dataset", "Task", "spaces", "search", "load"} <= set(dir(nac))
    assert [name for name in nac.__all__ if getattr(nac, name, None) is None] == []
    with pytest.raises(AttributeError, match="no attribute 'serch'"):
        nac.serch  # type: ignore[attr-defined]  # noqa: B018


def test_a_search_on_arrays_keeps_them_in_its_folder(searched: "nac.Run") -> None:
    (file,) = searched.record.data
    assert file.path == (searched.path / "data" / "samples.npz").resolve()
    with np.load(file.path, allow_pickle=False) as stored:
        assert sorted(stored) == ["energy", "group", "time", "x"] and stored["x"].shape == (400, 16)
    data = searched.record.task.data
    assert (data.shape, data.targets, data.split.by) == ((16,), ("energy", "time"), ("group",))
    limit = searched.record.task.search.objectives[1]
    assert (limit.name, limit.max) == ("bops", 20000)


def test_the_front_chooses_trials_then_designs(copied: "nac.Run") -> None:
    trial = copied.front.best("rmse")
    assert trial.architecture.outputs == 2 and trial["rmse"] > 0 and trial.layers.rows
    designs = copied.compress(bits=[6], sparsity=[0.5])
    assert len(designs) == 1 and len(copied.front) > 1
    best = designs.where("bops<=20000").best("rmse")
    assert best.architecture.bits.weights == 6 and copied.design(best.name).path == best.path
    assert [design.name for design in copied.designs] == [best.name]
    with pytest.raises(InputError, match="no row is left"):
        designs.where("bops<1").best("rmse")


def test_every_engine_answers_raw_samples_in_physical_units(copied: "nac.Run") -> None:
    traces, energy, *_ = pulses()
    best = copied.compress(bits=[6], sparsity=[0.0]).best("rmse")
    answers = {engine: best.predict(traces[:50], engine=engine) for engine in ("torch", "qonnx", "rtl")}
    assert answers["torch"].shape == (50, 2) and abs(answers["torch"][:, 0].mean() - energy.mean()) < 3
    assert all((answer == answers["torch"]).all() for answer in answers.values())
    with pytest.raises(InputError, match=r"expected \(N, 16\)"):
        best.predict(traces[:, :5])
    with pytest.raises(InputError, match="expected engine='rtl'"):
        best.predict(traces, simulate=True)


def test_samples_of_a_split_are_those_that_the_run_has(searched: "nac.Run") -> None:
    x, y = searched.samples("test")
    assert x.shape[1:] == (16,) and y.shape == (len(x), 2) and 1 < y[:, 0].min() < y[:, 0].max() < 10


def test_the_command_line_goes_on_with_it_wherever_it_lies(copied: "nac.Run", command: Command) -> None:
    shutil.rmtree(copied.path / "trials" / "0000", ignore_errors=True)
    done = command("search", copied.path, "--resume", "--trials", 4, "--json")
    assert done.status == 0, done.err
    assert sum(json.loads(done.out)["states"].values()) == 4
    (file,) = copied.record.data
    assert file.path.is_relative_to(copied.path.resolve())
    assert command("front", copied.path, "--best", "rmse").status == 0


def test_a_run_is_no_task_and_stays_where_it_is(copied: "nac.Run", command: Command, tmp_path: Path) -> None:
    done = command("search", copied.path, "--out", tmp_path / "other")
    assert done.status == 2 and "expected --resume" in done.err
    done = command("search", copied.path, "--out", tmp_path / "other", "--resume")
    assert done.status == 2 and "expected no --out" in done.err


def test_resuming_a_stated_task_keeps_its_settings(task: "nac.Task", copied: "nac.Run") -> None:
    objectives = ["rmse", "bops<=20000"]
    again = nac.search(task, objectives, trials=4, out=copied.path, resume=True)
    assert again.record.task.search.trials == 4
    with pytest.raises(InputError, match=r"search.objectives: the run was started with"):
        nac.search(task, ["rmse", "bops"], trials=4, out=copied.path, resume=True)
    traces, energy, time, run = pulses(seed=1)
    other = nac.Dataset.from_arrays(x=traces, y={"energy": (energy, "GeV"), "time": (time, "ns")}, groups=run)
    changed = nac.Task.regression(other, space=task.space, name="pulse", **SHORT)
    with pytest.raises(InputError, match="data: the run was started with other samples"):
        nac.search(changed, objectives, trials=4, out=copied.path, resume=True)


def test_what_is_wrong_leaves_nothing_behind(task: "nac.Task", tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected one of"):
        nac.search(task, ["nonsense"], out=tmp_path / "run")
    traces, energy, *_ = pulses()
    traces[3, 4] = np.nan
    data = nac.Dataset.from_arrays(traces, energy)
    with pytest.raises(InputError, match="NaN or infinite at row 3"):
        nac.search(nac.Task.regression(data), ["rmse"], out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_classes_may_be_names(tmp_path: Path) -> None:
    traces, energy, *_ = pulses()
    data = nac.Dataset.from_arrays(traces, np.where(energy > 5, "high", "low"))
    task = nac.Task.classification(data, space=nac.spaces.Dense(layers=1, width=8, norm="none"), **SHORT)
    assert task.config().data.classes == ("high", "low")
    run = nac.search(task, ["accuracy", "bops"], trials=1, out=tmp_path / "run")
    assert run.front.best("accuracy")["accuracy"] > 0.6


def test_load_opens_what_is_there(copied: "nac.Run", tmp_path: Path) -> None:
    opened = nac.load(copied.path)
    assert isinstance(opened, nac.Run) and opened.status().done == 3
    design = copied.compress(bits=[6], sparsity=[0.0]).best("rmse")
    assert isinstance(nac.load(design.path), nac.Design)
    with pytest.raises(InputError, match="neither a run"):
        nac.load(tmp_path)


def test_figures_and_the_page(copied: "nac.Run", tmp_path: Path) -> None:
    assert copied.front.plot(tmp_path / "front.png") is not None and (tmp_path / "front.png").is_file()
    assert copied.front.plot(tmp_path / "front.html") is None and (tmp_path / "front.html").is_file()
    assert copied.report() == copied.path / "report.html"
    assert "rmse" in copied.front._repr_html_()


def test_a_design_in_plain_onnx(copied: "nac.Run", command: Command, tmp_path: Path) -> None:
    design = copied.compress(bits=[6], sparsity=[0.0]).best("rmse")
    assert design.convert() == design.path / "qcdq.onnx"
    done = command("convert", design.path, "--to", tmp_path / "plain.onnx", "--json")
    assert done.status == 0 and json.loads(done.out)["samples"] == 400
    x = design._folder.quantised_input(copied.samples("test")[0])
    assert (run_onnxruntime((tmp_path / "plain.onnx").read_bytes(), x) == TorchEngine(design._folder).predict(x)).all()
