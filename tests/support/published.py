"""Small files in the schemas of the public data sets, served where the sets say that they are."""

import hashlib
import io
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from datafiles import write_zenodo
from mirror import Mirror

from nac.public import SETS
from nac.public.published import GitHub, OpenML, Zenodo

RAW = "raw.githubusercontent.com"
CLASSES = 5


def tar(files: Mapping[str, Path]) -> bytes:
    """An archive of files by their names in it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, path in files.items():
            archive.add(path, name)
    return buffer.getvalue()


def images(n: int, seed: int) -> bytes:
    """Jet images as they are published: a few dozen cells that are hit, one-hot classes."""
    random = np.random.default_rng(seed)
    pixels = np.zeros((n, 100, 100))
    for image in pixels:
        hit = random.normal(50, 6, (60, 2)).astype(int)
        image[hit[:, 0], hit[:, 1]] = random.exponential(20, 60)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, jetImage=pixels, jetClass=np.eye(CLASSES)[np.arange(n) % CLASSES])
    return buffer.getvalue()


def serve_github(served: Mirror, monkeypatch: pytest.MonkeyPatch, name: str, contents: Sequence[bytes]) -> None:
    """Serve small files where a set's are, and let the set know their hashes."""
    place = SETS[name].place
    assert isinstance(place, GitHub)
    hashes = {}
    for (path, (known, _)), content in zip(place.files.items(), contents, strict=True):
        served.content[f"{RAW}/{place.repository}/{place.commit}/{path}"] = content
        git = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        hashes[path] = (f"git:{git}" if known.startswith("git:") else f"sha256:{hashlib.sha256(content).hexdigest()}",
                        len(content))
    known_so = replace(SETS[name], place=replace(place, files=hashes), unpacked_bytes=0)
    monkeypatch.setitem(SETS._objects, name, known_so)


def serve_openml(served: Mirror, table: bytes, *, md5: bool = True) -> None:
    """Serve a table as OpenML's, and what OpenML says of it."""
    place = SETS["hls4ml_lhc_jets_hlf"].place
    assert isinstance(place, OpenML)
    file = "api.openml.org/data/v1/download/1/hls4ml_lhc_jets_hlf.arff"
    about = {"name": "hls4ml_lhc_jets_hlf", "url": f"https://{file}", "licence": "Public"}
    if md5:
        about["md5_checksum"] = hashlib.md5(table).hexdigest()
    served.content[file] = table
    served.put_json(f"www.openml.org/api/v1/json/data/{place.number}", {"data_set_description": about})


def serve_zenodo(served: Mirror, name: str, folder: Path, particles: int = 150, *, inside: str = "") -> None:
    """Serve archives of three files of 40 jets, to train and to validate, and their record."""
    place = SETS[name].place
    assert isinstance(place, Zenodo)
    entries = []
    for part, file in zip(("train", "val"), place.names, strict=True):
        write_zenodo(folder / f"{part}.h5", n=40, particles=particles)
        names = [f"{inside}{part}/jetImage_{i}.h5" for i in range(3)]
        content = tar(dict.fromkeys(names, folder / f"{part}.h5"))
        served.content[f"zenodo.org/records/{place.record}/files/{file}"] = content
        entries.append({"key": file, "size": len(content), "checksum": f"md5:{hashlib.md5(content).hexdigest()}"})
    served.put_json(f"zenodo.org/api/records/{place.record}",
                    {"files": entries, "metadata": {"license": {"id": "cc-by-4.0"}}})
