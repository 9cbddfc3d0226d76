"""Every script of benchmarks/ says what it can do, and takes the arguments that the documentation calls it with."""

import argparse
import re
import runpy
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nac.errors import InputError

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = sorted(
    file for file in (ROOT / "benchmarks").glob("*.py") if ".parse_args(" in file.read_text(encoding="utf-8")
)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
Shown = tuple[Path, tuple[str, ...]]


class ParsedError(Exception):
    """The arguments were right; nothing more is to be done."""


@pytest.fixture(autouse=True)
def _only_parse(monkeypatch: pytest.MonkeyPatch) -> None:
    parse = argparse.ArgumentParser.parse_args

    def parse_only(parser: argparse.ArgumentParser) -> argparse.Namespace:
        parse(parser)
        raise ParsedError

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_only)
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


def called(script: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [str(script), *arguments])
    runpy.run_path(str(script), run_name="__main__")


def commands() -> list[Shown]:
    """The scripts that the pages call with arguments, and these; N is some number, as in `--seeds N`."""
    found: set[Shown] = set()
    for page in PAGES:
        for line in re.findall(r"python (benchmarks/\w+\.py [^`#\n]+)", page.read_text(encoding="utf-8")):
            script, *words = shlex.split(line)
            found.add((ROOT / script, tuple("3" if word == "N" else word for word in words)))
    return sorted(found)


def name(value: object) -> str:
    return value.stem if isinstance(value, Path) else " ".join(map(str, value)) if isinstance(value, tuple) else ""


def test_there_is_something_to_test() -> None:
    assert len(SCRIPTS) > 10 and len(commands()) > 5


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_script_explains_itself(
    script: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        called(script, ["--help"], monkeypatch)
    assert left.value.code == 0
    assert f"usage: {script.name}" in capsys.readouterr().out


@pytest.mark.parametrize(("script", "arguments"), commands(), ids=name)
def test_commands_that_are_shown_can_be_given(
    script: Path, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ParsedError):
        called(script, list(arguments), monkeypatch)


def test_what_an_accuracy_costs_is_read_along_the_front_that_was_chosen() -> None:
    at: Callable[..., float] = runpy.run_path(str(ROOT / "benchmarks" / "at_accuracy.py"))["at"]
    rows = [{"lut": 100, "choice": 0.70, "held": 0.72}, {"lut": 400, "choice": 0.76, "held": 0.74},
            {"lut": 200, "choice": 0.69, "held": 0.99}, {"lut": 800, "choice": 0.80, "held": 0.73}]  # fmt: skip
    assert at(rows, 0.72, "lut") == pytest.approx(100)
    assert at(rows, 0.735, "lut") == pytest.approx(400), "a larger and worse one takes its luck"
    assert at(rows, 0.7275, "lut") == pytest.approx(200)
    assert at(rows, 0.74, "lut") == float("inf")


@pytest.mark.parametrize("parts", [4, 10])
def test_a_part_of_a_file_is_held_out_and_the_rest_trains(tmp_path: Path, parts: int) -> None:
    known = runpy.run_path(str(ROOT / "benchmarks" / "at_accuracy.py"))
    np.savez(tmp_path / "jets.npz", x=np.arange(41), label=2 * np.arange(41))
    held: list[int] = []
    for fold in range(parts):
        with known["files"](tmp_path / "jets.npz", None, fold, parts) as (data, unseen):
            train, part = np.load(data), np.load(unseen)
            assert sorted([*train["x"], *part["x"]]) == list(range(41))
            assert (part["label"] == 2 * part["x"]).all()
            held.extend(part["x"])
    assert sorted(held) == list(range(41)), "every sample is held out by one of the folds"
    with (
        pytest.raises(SystemExit, match="expected one of the"),
        known["files"](tmp_path / "jets.npz", None, parts, parts),
    ):
        pass


@pytest.mark.parametrize("parts", [1, 0, -2])
def test_a_file_has_two_parts_or_more(tmp_path: Path, parts: int) -> None:
    known = runpy.run_path(str(ROOT / "benchmarks" / "at_accuracy.py"))
    np.savez(tmp_path / "jets.npz", x=np.arange(41))
    with pytest.raises(SystemExit, match="expected 2 or more"), known["files"](tmp_path / "jets.npz", None, 0, parts):
        pass


@pytest.mark.parametrize("content", [b"a text", b""])
def test_what_is_no_file_of_arrays_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    known = runpy.run_path(str(ROOT / "benchmarks" / "at_accuracy.py"))
    (tmp_path / "jets.npz").write_bytes(content)
    with pytest.raises(SystemExit, match="expected arrays that"), known["files"](tmp_path / "jets.npz", None, 0):
        pass


def test_what_was_given_wrong_is_a_sentence() -> None:
    known = runpy.run_path(str(ROOT / "benchmarks" / "at_accuracy.py"))
    for error in (InputError("no such task"), FileNotFoundError("no such file")):
        with pytest.raises(SystemExit, match="error: no such"), known["one_line"]():
            raise error
