"""What the README promises is there: its links, its files, its commands with their options."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from nac.cli.app import app
from nac.config import find_file

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(?:sh|bash|console|shell)?\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)
INLINE = re.findall(r"(?<!`)`((?:nac|make) [^`]+)`", README)
LINES = [line.strip().removeprefix("$ ") for block in BLOCKS for line in block.replace("\\\n", " ").splitlines()]
COMMANDS = [*LINES, *INLINE]
PLACEHOLDER = re.compile(r"^[A-Z_]+$|[<>…\[\]]|\.\.\.")


def _slug(heading: str) -> str:
    """The anchor that code hosts make of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def test_links_resolve() -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", README) + re.findall(r'(?:src|href)="([^"]+)"', README)
    anchors = {_slug(heading) for heading in re.findall(r"^#+ (.*)$", README, flags=re.MULTILINE)}
    for target in targets:
        if target.startswith("#"):
            assert target[1:] in anchors, target
        elif not re.match(r"https?://[\w.-]+(/|$)", target):
            assert (ROOT / target.split("#")[0]).exists(), target


def test_the_two_commands_come_first() -> None:
    made = [line for line in LINES if line.startswith("make ")]
    assert [line.split("#")[0].strip() for line in made[:2]] == ["make demo", "make test"]


def _words(prefix: str) -> list[list[str]]:
    found = []
    for line in COMMANDS:
        if line.startswith(prefix):
            words = shlex.split(line, comments=True)
            if not any(PLACEHOLDER.search(word) for word in words[:2]):
                found.append(words)
    return found


def test_make_targets_exist() -> None:
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    for words in _words("make "):
        assert {word for word in words[1:] if "=" not in word} <= set(targets), words


def test_scripts_exist() -> None:
    for line in COMMANDS:
        for script in re.findall(r"(?:python\S*|sh|bash) ([\w./-]+\.(?:py|sh))", line):
            assert (ROOT / script).is_file(), line


@pytest.mark.parametrize("words", _words("nac "), ids=" ".join)
def test_nac_commands_parse(words: list[str]) -> None:
    """Every `nac` command has a verb, arguments and options that exist, and a task that exists."""
    command: Any = typer.main.get_command(app)
    context, arguments = command.make_context("nac", words[1:]), words[1:]
    while hasattr(command, "resolve_command"):
        name, command, arguments = command.resolve_command(context, arguments)
        if not arguments:  # a verb that is only mentioned
            return
        context = command.make_context(name, list(arguments), parent=context)
    if words[1] in {"run", "search"} and words[2].isidentifier() and not PLACEHOLDER.search(words[2]):
        find_file("tasks", words[2])
