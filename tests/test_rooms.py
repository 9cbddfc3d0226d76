"""The house: rooms import from the floors below them, modules not in circles, and each can be read at once."""

import ast
from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "nac"
LONGEST = 300
FLOORS: tuple[tuple[str, ...], ...] = (
    ("cache", "errors"),
    ("registry",),
    ("config",),
    ("rundir",),
    ("cost", "journal", "pareto", "public", "trial"),
    ("study",),
    ("locks",),
    ("arch",),
    ("space", "tasks"),
    ("design", "train"),
    ("compress", "global_search", "hardware", "report"),
    ("pipeline",),
    ("api",),
    ("cli", "testing"),
)
"""From the ground upwards."""


def modules() -> dict[str, Path]:
    """Every module of the package by its name."""
    found = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


MODULES = modules()
TREES = {name: ast.parse(file.read_text(encoding="utf-8")) for name, file in MODULES.items()}


def imported(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The modules of the package that statements import."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            for name in node.names:
                inner = f"{node.module}.{name.name}"
                yield inner if inner in MODULES else node.module


def room(module: str) -> str:
    """The part of the package that a module belongs to; the package itself is a user's front door."""
    return module.split(".")[1] if "." in module else "api"


FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}


@pytest.mark.parametrize("name", sorted({room(module) for module in MODULES}))
def test_a_room_imports_from_the_floors_below(name: str) -> None:
    assert name in FLOOR, "a new room: which floor is it on?"
    upward = {
        f"{module} imports {other}"
        for module in MODULES if room(module) == name
        for other in imported(ast.walk(TREES[module]))
        if other != "nac" and room(other) != name and FLOOR[room(other)] >= FLOOR[name]
    }  # fmt: skip
    assert not upward


def test_modules_do_not_import_each_other_in_circles() -> None:
    graph = {module: set(imported(tree.body)) for module, tree in TREES.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_every_module_can_be_read_at_once() -> None:
    long = {name: lines for name, file in MODULES.items() if (lines := len(file.read_text().splitlines())) > LONGEST}
    assert not long
