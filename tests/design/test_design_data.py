"""A design knows its training samples: others that are unlike them, and these themselves, are named."""

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import Command, inline
from datafiles import arrays_config, bragg_config, jet_arrays, jets_config, patch_arrays, task_config, write_npz
from designs import architecture, make_design, random_network
from numpy.typing import NDArray

from nac.arch import Architecture
from nac.design import DesignRecord, lost_features, training_data
from nac.rundir import sha256
from nac.tasks import make_task
from nac.tasks.ranges import outside, ranges

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(2000, 3)).astype(np.float32)
Y = (X[:, 0] > 0).astype(np.int64)


def test_ranges_are_in_physical_units_and_without_padding() -> None:
    raw = jet_arrays(n=200)["constituents"].transpose(0, 2, 1)
    found = ranges(raw, np.zeros(200, int), jets_config().data)
    assert list(found.inputs) == ["pt_gev", "deta", "dphi"]
    assert found.targets == {}
    assert found.inputs["pt_gev"].min > 0  # padding is no particle
    assert found.inputs["pt_gev"].max == pytest.approx(raw[:, 0].max())
    arrays = patch_arrays()
    found = ranges(arrays["patches"], arrays["label_xy"], bragg_config().data)
    assert list(found.inputs) == ["counts"]
    assert found.targets["col_px"].max == pytest.approx(arrays["label_xy"][:, 0].max())


def test_targets_are_named_as_their_columns() -> None:
    y = np.stack([X[:, 0], 5 + X[:, 1]], axis=1)
    config = task_config(layout="arrays", kind="regression", outputs=2, shape=[3], targets=["ex", "ey"]).data
    known = ranges(X, y, config, ("a", "b", "c"))
    assert list(known.inputs) == ["a", "b", "c"]
    assert known.targets["ey"].p0_1 == pytest.approx(np.percentile(y[:, 1], 0.1))
    other = X * np.array([1, 3, 1], dtype=np.float32)
    said = outside(other, y + np.array([0, 9]), config, known, ("a", "b", "c"))
    assert [line.split(" are ")[0].split(" of ")[-1] for line in said] == ["input b", "target ey"]
    assert said[1].startswith("100.0% of the values of target ey are outside the ")


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("samples", [5, 100, 5000])
def test_samples_of_the_same_kind_are_not_warned_of(seed: int, samples: int) -> None:
    known = ranges(X, Y, arrays_config().data)
    other = np.random.default_rng(seed).normal(size=(samples, 3)).astype(np.float32)
    assert outside(other, Y, arrays_config().data, known) == []


def dataset_of(folder: Path, x: NDArray[Any], **data: Any) -> Any:
    file = write_npz(folder / "d.npz", x=x, y=Y)
    return make_task(arrays_config(shape=[3], **data)).load([file], seed=0), sha256(file)


ARCH = Architecture.model_validate({"input": (3,), "blocks": [], "outputs": 2, "bits": {"input": 8, "weights": 8,
                                                                                        "activations": 8}})


def test_a_design_records_its_samples(tmp_path: Path) -> None:
    dataset, digest = dataset_of(tmp_path, X * 2, scaling="none")
    found = training_data(dataset, random_network(ARCH))
    assert found.files == {digest: "d.npz"}
    train = dataset.train.raw.numpy()
    assert found.inputs["1"].p99_9 == pytest.approx(np.percentile(train[:, 1], 99.9))
    assert all(0 < share < 0.1 for share in found.saturated.values())
    design = make_design(tmp_path / "old", architecture("mlp", 4), random_network(architecture("mlp", 4)))
    said = json.loads(design.record.model_dump_json())
    del said["data"]
    assert DesignRecord.model_validate(said).data.inputs == {}  # made before


@pytest.mark.parametrize(("feature", "said"), [
    ((RANDOM.random(2000) < 0.04) * 1e-3, "input 1 is lost: 100% of its values that differ"),
    (np.full(2000, 3.0), "input 1 is the same in all training samples"),
    (40 * X[:, 1], r"of the values of input 1 saturate"),
    (X[:, 1], ""),
])
def test_a_feature_that_the_input_does_not_hold_is_named(tmp_path: Path, feature: NDArray[Any], said: str) -> None:
    x = X.copy()
    x[:, 1] = feature
    dataset, _ = dataset_of(tmp_path, x, scaling="none")
    lines = lost_features(dataset, random_network(ARCH))
    assert len(lines) == bool(said)
    assert said in "".join(lines)


def test_rare_hits_are_not_lost_in_any_unit(tmp_path: Path) -> None:
    hits = (RANDOM.random((2000, 1)) < 0.04) * RANDOM.uniform(1e-3, 2e-3, (2000, 3))
    for unit in (1e-15, 1.0, 1e3):
        dataset, _ = dataset_of(tmp_path, hits * unit)
        assert lost_features(dataset, random_network(ARCH)) == []


def test_raw_values_are_noticed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    design = make_design(tmp_path / "d", ARCH, random_network(ARCH))
    with caplog.at_level(logging.WARNING):
        design.quantised_input(X)
        assert not caplog.records
        design.quantised_input(1000 * X)
    assert "expected preprocessed values, not raw ones" in caplog.text


TASK = """
task:
  name: tracks
  data: {layout: arrays, kind: classification, shape: [3], classes: [none, hit]}
  space: jets_mlp
  train: {epochs: 1}
  search: {trials: 1, objectives: [{name: accuracy}, {name: bops}]}
  compress: {designs: 1, bits: [8], sparsity: [0.0], rounds: 1, train: {epochs: 1}, finetune: {epochs: 1}}
"""


def test_evaluate_warns_of_what_the_design_was_not_or_was_trained_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    nac: Command = inline(capsys)
    (tmp_path / "tracks.yaml").write_text(TASK)
    far = np.array([0, 0, 50])
    files: dict[str, NDArray[Any]] = {"known": X, "other": RANDOM.normal(size=(500, 3)), "shifted": X[:500] + far}
    for name, x in files.items():
        write_npz(tmp_path / f"{name}.npz", x=x.astype(np.float32), y=(x[:, 0] > 0).astype(int))
    assert nac("search", "tracks.yaml", "--data", "known.npz", "--out", "run").status == 0
    assert nac("compress", "run").status == 0
    (design,) = (tmp_path / "run" / "designs").iterdir()
    told = {name: nac("evaluate", design, "--data", f"{name}.npz") for name in files}
    assert all(done.status == 0 for done in told.values()), told
    said = {name: " ".join(done.err.split()) for name, done in told.items()}
    assert "was trained on a part of known.npz" in said["known"]
    assert "outside" not in said["known"] + said["other"]
    assert "trained on a part" not in said["other"] + said["shifted"]
    assert "100.0% of the values of input 2 are outside" in said["shifted"]
    assert "100.0% of the values of input 2 saturate" in said["shifted"]
    assert "simulated" not in nac("evaluate", "--help").out
