"""What the README and the pages of the site promise is there: their links, files, commands with their options."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from nac.cli.app import app
from nac.config import find_file

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
RESULTS = ROOT / "docs" / "results.md"
GENERATED = ROOT / "docs" / "reference" / "cli.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", *sorted({*(ROOT / "docs").rglob("*.md")} - {GENERATED})]
PLACEHOLDER = re.compile(r"^[A-Z_]+$|[<>…\[\]]|\.\.\.")
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def lines_of(page: Path) -> list[str]:
    """The lines of the blocks of shell commands."""
    blocks = re.findall(r"^```(?:sh|bash|console|shell)?\n(.*?)^```", text_of(page), flags=re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [line.strip().removeprefix("$ ") for line in lines]


def commands_of(page: Path) -> list[str]:
    return [*lines_of(page), *re.findall(r"(?<!`)`((?:nac|make|python) [^`]+)`", text_of(page))]


def words_of(page: Path, prefix: str) -> Iterator[list[str]]:
    for line in commands_of(page):
        if line.startswith(prefix):
            words = shlex.split(line, comments=True)
            if not any(PLACEHOLDER.search(word) for word in words[:2]):
                yield words


def slug(heading: str) -> str:
    """The anchor that code hosts make of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@each_page
def test_links_resolve(page: Path) -> None:
    text = text_of(page)
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|href)="([^"]+)"', text)
    anchors = {slug(heading) for heading in re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)}
    for target in targets:
        if target.startswith("#"):
            assert target[1:] in anchors, target
        elif not re.match(r"https?://[\w.-]+(/|$)", target):
            assert (page.parent / target.split("#")[0]).exists(), target


def test_the_two_commands_come_first() -> None:
    made = [line for line in lines_of(README) if line.startswith("make ")]
    assert [line.split("#")[0].strip() for line in made[:2]] == ["make demo", "make test"]


@each_page
def test_make_targets_exist(page: Path) -> None:
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    for words in words_of(page, "make "):
        assert {word for word in words[1:] if "=" not in word} <= set(targets), words


@each_page
def test_scripts_exist(page: Path) -> None:
    for line in commands_of(page):
        for script in re.findall(r"(?:python\S*|sh|bash) ([\w./-]+\.(?:py|sh))", line):
            assert (ROOT / script).is_file(), line


@pytest.mark.parametrize("words", [words for page in PAGES for words in words_of(page, "nac ")], ids=" ".join)
def test_nac_commands_parse(words: list[str]) -> None:
    """Every `nac` command has a verb, arguments and options that exist, and a task that exists."""
    command: Any = typer.main.get_command(app)
    arguments = [word.replace("*", "x") for word in words[1:]]  # patterns are looked up, and here are no files
    context = command.make_context("nac", list(arguments))
    while hasattr(command, "resolve_command"):
        name, command, arguments = command.resolve_command(context, arguments)
        if not arguments:  # a verb that is only mentioned
            return
        context = command.make_context(name, list(arguments), parent=context)
    if words[1] in {"run", "search"} and words[2].isidentifier() and not PLACEHOLDER.search(words[2]):
        find_file("tasks", words[2])


def rows(text: str) -> list[dict[str, str]]:
    """The rows of all Markdown tables of a text, each by the heads of its columns."""
    found = []
    for table in re.findall(r"(?:^\|.*\|$\n?)+", text, flags=re.MULTILINE):
        head, _, *body = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
        found += [dict(zip(head, line, strict=True)) for line in body]
    return found


def test_the_table_of_the_readme_is_a_part_of_the_results() -> None:
    (table,) = re.findall(r"<!-- table:begin .*?-->\n(.*?)<!-- table:end -->", text_of(README), flags=re.DOTALL)
    results = rows(text_of(RESULTS))
    assert len(rows(table)) > 3
    for row in rows(table):
        assert any(row.items() <= result.items() for result in results), row
