"""Every public set, fetched from a mirror of small files in its schema, is what its task reads."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datafiles import write_arff, write_frames, write_npz
from mirror import Mirror
from published import images, serve_github, serve_openml, serve_zenodo, tar
from rich.console import Console

from nac.config import load_task
from nac.public import SETS, Fetched, fetch
from nac.public.fetched import NOT_VERIFIED
from nac.public.jet_images import jets
from nac.public.published import GitHub
from nac.tasks import make_task
from nac.tasks.dataset import Dataset
from nac.testing import check_dataset

QUIET = Console(quiet=True)
ROOT = Path(__file__).resolve().parents[2]


def load(name: str, files: tuple[Path, ...], *overrides: str) -> Dataset:
    """The set as its task reads it."""
    config = load_task(str(ROOT / "tasks" / f"{SETS[name].task}.yaml"), overrides=overrides)
    return make_task(config).load(list(files), seed=0)


def check(found: Fetched, served: Mirror, folder: Path, *overrides: str) -> None:
    """The contract, on what was fetched before anything was made of it."""
    made = found.files if found.about.prepare else ()
    files = [path for path in found.folder.rglob("*") if path.is_file() and path.name[0] != "." and path not in made]
    answers = {f"https://{place}": json.loads(body) for place, body in served.content.items() if "/api/" in place}
    check_dataset(found.about, files, folder, answers=answers, overrides=overrides)


@pytest.mark.parametrize("name", ["lhc_jets_100p", "lhc_jets_150p"])
def test_jets_of_zenodo(served: Mirror, tmp_path: Path, name: str) -> None:
    particles = int(name.removesuffix("p").rsplit("_", 1)[1])
    serve_zenodo(served, name, tmp_path, particles)
    found = fetch(name, tmp_path / "here", QUIET)
    assert [path.name for path in found.files] == [f"jetImage_{i}.h5" for i in range(3)]
    assert {path.parent.name for path in found.files} == {"train"}
    assert len(list((tmp_path / "here" / "val").iterdir())) == 3
    assert not list((tmp_path / "here").glob("*.tar.gz"))  # once unpacked, an archive only takes room
    assert all(text.startswith("as published (md5:") for text in found.checked.values())
    assert found.licence == "cc-by-4.0"
    check(found, served, tmp_path)
    assert load(name, found.files).train.x.shape[1:] == (3, 8)


def test_features_of_openml(served: Mirror, tmp_path: Path) -> None:
    write_arff(tmp_path / "table.arff", n=400)
    serve_openml(served, (tmp_path / "table.arff").read_bytes())
    found = fetch("hls4ml_lhc_jets_hlf", None, QUIET)
    assert [path.name for path in found.files] == ["hls4ml_lhc_jets_hlf.arff"]
    assert found.licence == "Public"
    check(found, served, tmp_path)
    assert load("hls4ml_lhc_jets_hlf", found.files).train.x.shape[1:] == (16,)


def test_a_table_without_a_published_hash_is_said_to_be_unverified(served: Mirror, tmp_path: Path) -> None:
    write_arff(tmp_path / "table.arff")
    serve_openml(served, (tmp_path / "table.arff").read_bytes(), md5=False)
    found = fetch("hls4ml_lhc_jets_hlf", None, QUIET)
    assert list(found.checked.values()) == [NOT_VERIFIED]


def test_frames_and_peaks_of_braggnn(served: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames, peaks, _ = write_frames(tmp_path, frames=40, floats=True)
    archive = tar({"frames-exp4train.hdf5": frames, "peaks-exp4train-psz11.hdf5": peaks})
    serve_github(served, monkeypatch, "braggnn", [archive])
    found = fetch("braggnn", None, QUIET)
    assert [path.name for path in found.files] == ["frames-exp4train.hdf5", "peaks-exp4train-psz11.hdf5"]
    assert next(iter(found.checked.values())).startswith("as published (git:")
    check(found, served, tmp_path, "data.simulate=0")
    assert load("braggnn", found.files, "data.simulate=0").train.x.shape[1:] == (1, 11, 11)


def test_shots_of_a_qubit(served: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shots = np.random.default_rng(0).normal(size=(2, 300, 2))
    buffer = io.BytesIO()
    np.save(buffer, shots)
    serve_github(served, monkeypatch, "qubit_iq", [buffer.getvalue()])
    found = fetch("qubit_iq", None, QUIET)
    with np.load(found.files[0]) as made:
        np.testing.assert_array_equal(made["iq"][made["state"] == 1], shots[1])
    check(found, served, tmp_path)
    assert load("qubit_iq", found.files).train.x.shape[1:] == (2,)


def test_twenty_thousand_jets_of_images(
    served: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve_github(served, monkeypatch, "lhc_jets_20k", [images(150, 0), images(100, 1)])
    found = fetch("lhc_jets_20k", None, QUIET)
    assert [path.name for path in found.files] == ["lhc_jets_20k.npz"]
    check(found, served, tmp_path)
    assert len(load("lhc_jets_20k", found.files).train.x) == 215


def test_a_jet_of_two_cells(tmp_path: Path) -> None:
    """Mass, correlators and places of a jet that can be worked out by hand."""
    image = np.zeros((1, 100, 100))
    image[0, 52, 50], image[0, 47, 50] = 300, 100  # at Δη = 0.05 and -0.05, Δφ = 0.01
    np.savez(tmp_path / "images.npz", jetImage=image, jetClass=np.eye(5)[[3]])
    made = jets([tmp_path / "images.npz"])
    np.testing.assert_allclose(made["constituents"][0, :2], [[300, 0.05, 0.01], [100, -0.05, 0.01]], rtol=1e-6)
    assert not made["constituents"][0, 2:].any()
    assert made["label"].tolist() == [3]
    mass = np.sqrt(2 * 300 * 100 * (np.cosh(0.1) - 1))
    shares = [0.75 * np.log(0.75) + 0.25 * np.log(0.25), 400, 0.75 * 0.25 * 0.1, 0.75 * 0.25 * 0.01, 0.625, 0.75]
    np.testing.assert_allclose(made["features"][0], [mass, 2, *shares], rtol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": "*.h5"}, "matches none of train.npz"),
        ({"licence": ""}, "licence: expected one line"),
        ({"place": GitHub("a/b", "c", {"one/train.npz": ("md5:0", 9), "two/train.npz": ("md5:1", 9)})}, "one name"),
        ({"place": GitHub("a/b", "c", {"train.npz": ("crc:0", 9)})}, "expected a hash"),
    ],
)
def test_a_set_that_is_wrong_is_found(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    good = replace(SETS["qubit_iq"], place=GitHub("a/b", "c", {"train.npz": ("md5:0", 9)}), data="*.npz", prepare=None)
    file = write_npz(tmp_path / "train.npz", iq=np.random.default_rng(0).normal(size=(60, 2)), state=np.arange(60) % 2)
    check_dataset(good, [file], tmp_path)
    with pytest.raises(AssertionError, match=message):
        check_dataset(replace(good, **change), [file], tmp_path)
