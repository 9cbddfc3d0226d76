"""Everything is said on terminals that know few signs, as real processes with their encoding."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nac.cli.terminal import HANDLER, PLAIN, plain, settle

MARKS = "● trial 7: 96.0 ± 1.1 % → 3 × 10² · é"
TASK = """
task:
  name: hits
  data: {layout: arrays, kind: classification, shape: [2], classes: [none, hit]}
  space: jets_mlp
  train: {epochs: 1}
  search: {trials: 2, objectives: [{name: accuracy}, {name: bops}]}
  compress: {designs: 1, bits: [8], sparsity: [0.0], rounds: 1, train: {epochs: 1}, finetune: {epochs: 1}}
"""
VERBS = """
import sys
from nac.cli import main

for words in WORDS:
    try:
        main(words)
    except SystemExit as left:
        print(f"status {left.code or 0} of {words[0]}")
"""


def test_signs_have_stand_ins_of_their_width() -> None:
    assert plain(MARKS) == "* trial 7: 96.0 ~ 1.1 % > 3 x 102 . e"
    assert plain("Δη [GeV]") == "?? [GeV]"
    assert all(len(plain(chr(sign))) == 1 for sign in PLAIN)


@pytest.mark.parametrize(("encoding", "expected"), [
    ("utf-8", MARKS), ("ascii", plain(MARKS)), ("latin-1", "* trial 7: 96.0 ± 1.1 % > 3 × 10² · é"),
])
def test_only_what_the_encoding_lacks_is_replaced(
    monkeypatch: pytest.MonkeyPatch, encoding: str, expected: str
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    settle()
    stream.write(MARKS)
    stream.flush()
    assert stream.buffer.getvalue() == expected.encode(encoding)
    assert (stream.errors == HANDLER) == (encoding != "utf-8")


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_every_verb_speaks_on_a_terminal_with_few_signs(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "hits.yaml").write_text(TASK)
    random = np.random.default_rng(0)
    x = random.normal(size=(300, 2)).astype(np.float32)
    np.savez(tmp_path / "hits.npz", x=x, y=(x[:, 0] > 0).astype(int))
    words = [
        ["search", "hits.yaml", "--data", "hits.npz", "--out", "run"], ["front", "run"], ["front", "run", "--json"],
        ["compress", "run"], ["front", "run"], ["report", "run"], ["status", "run"], ["doctor"], ["--help"],
        ["run", "--help"], ["search", "nö.yaml"], ["data", "info", "hits.yaml", "hits.npz"],
    ]  # fmt: skip
    script = f"WORDS = {words}\n{VERBS}\nfrom pathlib import Path\n"
    script += "main(['evaluate', str(next(Path('run/designs').iterdir())), '--data', 'hits.npz'])\n"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, cwd=tmp_path, timeout=300, check=False,
        env={**os.environ, "PYTHONIOENCODING": encoding, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    out, err = done.stdout.decode(encoding, "replace"), done.stderr.decode(encoding, "replace")
    assert done.returncode == 0, err
    assert [line.split()[1] for line in out.splitlines() if line.startswith("status ")] == ["0"] * 10 + ["2", "0"], err
    assert "Error" not in err
    assert "* |trial" in out
    assert "predictions_sha256" in out
    assert (tmp_path / "run" / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert json.loads(next(tmp_path.glob("run/designs/*/design.json")).read_text(encoding="utf-8"))
