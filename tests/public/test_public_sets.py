"""Every public set, fetched from a mirror of small files in its schema, is what its task reads."""

import io
from pathlib import Path

import numpy as np
import pytest
from datafiles import write_arff, write_frames
from mirror import Mirror
from published import images, serve_github, serve_openml, serve_zenodo, tar
from rich.console import Console

from nac.config import load_task
from nac.public import SETS, fetch
from nac.public.fetched import NOT_VERIFIED
from nac.public.jet_images import jets
from nac.tasks import make_task
from nac.tasks.dataset import Dataset

QUIET = Console(quiet=True)
ROOT = Path(__file__).resolve().parents[2]


def load(name: str, files: tuple[Path, ...], *overrides: str) -> Dataset:
    """The set as its task reads it."""
    config = load_task(str(ROOT / "tasks" / f"{SETS[name].task}.yaml"), overrides=overrides)
    return make_task(config).load(list(files), seed=0)


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
    assert load(name, found.files).train.x.shape[1:] == (3, 8)


def test_features_of_openml(served: Mirror, tmp_path: Path) -> None:
    write_arff(tmp_path / "table.arff", n=400)
    serve_openml(served, (tmp_path / "table.arff").read_bytes())
    found = fetch("hls4ml_lhc_jets_hlf", None, QUIET)
    assert [path.name for path in found.files] == ["hls4ml_lhc_jets_hlf.arff"]
    assert found.licence == "Public"
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
    assert load("braggnn", found.files, "data.simulate=0").train.x.shape[1:] == (1, 11, 11)


def test_shots_of_a_qubit(served: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    shots = np.random.default_rng(0).normal(size=(2, 300, 2))
    buffer = io.BytesIO()
    np.save(buffer, shots)
    serve_github(served, monkeypatch, "qubit_iq", [buffer.getvalue()])
    found = fetch("qubit_iq", None, QUIET)
    with np.load(found.files[0]) as made:
        np.testing.assert_array_equal(made["iq"][made["state"] == 1], shots[1])
    assert load("qubit_iq", found.files).train.x.shape[1:] == (2,)


def test_twenty_thousand_jets_of_images(served: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    serve_github(served, monkeypatch, "lhc_jets_20k", [images(150, 0), images(100, 1)])
    found = fetch("lhc_jets_20k", None, QUIET)
    assert [path.name for path in found.files] == ["lhc_jets_20k.npz"]
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


def test_every_set_says_what_one_must_know() -> None:
    assert {"lhc_jets_150p", "lhc_jets_100p", "hls4ml_lhc_jets_hlf", "braggnn", "qubit_iq", "lhc_jets_20k"} <= set(SETS)
    for it in SETS.values():
        assert all((it.title, it.size, it.licence, it.cite, it.data))
        assert (ROOT / "tasks" / f"{it.task}.yaml").is_file()
