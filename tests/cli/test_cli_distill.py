"""`nac distill`: a file that its task reads, and one sentence for everything that is wrong with the request."""

import json
from pathlib import Path

import numpy as np
import pytest
from command import Command

SHORT = ("--set", "compress.distilled_data.iterations=3", "--set", "compress.distilled_data.unroll=5")


def test_distilled_jets_are_data_of_the_task(nac: Command, jets_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "few.npz"
    done = nac("distill", "jets", "--data", jets_file, "--per-class", 4, "--out", out, "--architecture", "tiny",
               "--seed", 3, "--json", *SHORT)
    assert done.status == 0, done.err
    said = json.loads(done.out)
    assert (said["samples"], said["seed"], said["method"]) == (20, 3, "soft_labels")
    with np.load(out, allow_pickle=False) as file:
        assert file["constituents"].shape == (20, 8, 3)
        assert np.bincount(file["label"]).tolist() == [4] * 5
        provenance = json.loads(str(file["provenance"]))
    assert provenance["source"]["files"][0]["path"] == str(jets_file)
    assert provenance["settings"]["per_class"] == 4
    info = nac("data", "info", "jets", out, "--json")
    assert info.status == 0
    assert json.loads(info.out)["selected"] == 20


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--method", "alchemy"], "method"),
        (["--architecture", "cathedral"], "'cathedral' is no baseline of the search space jets, expected one of: deep"),
        (["--architecture", "./none.json"], "none.json: cannot be read"),
        (["--samples", "10"], "--samples: jets is a classification, expected --per-class"),
        (["--out", "few.txt"], "expected a name ending in .npz"),
        (["--per-class", "0"], "per-class"),
    ],
)
def test_wrong_requests(
    nac: Command, jets_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = nac("distill", "jets", "--data", jets_file, "--out", "few.npz", *arguments)
    assert done.status == 2
    assert sentence in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["jets.npz"]


def test_nothing_is_overwritten(nac: Command, jets_file: Path) -> None:
    done = nac("distill", "jets", "--data", jets_file, "--out", jets_file)
    assert done.status == 2
    assert "exists, expected a new file" in done.err


def test_more_than_there_are_is_a_failure_of_the_work(nac: Command, jets_file: Path, tmp_path: Path) -> None:
    done = nac("distill", "jets", "--data", jets_file, "--out", tmp_path / "x.npz", "--per-class", 5000)
    assert done.status == 1
    assert "5000 distilled ones were asked for" in done.err
