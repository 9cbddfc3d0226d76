"""Hypothesis strategies that spoil valid files: trees of values (JSON, YAML) and raw bytes."""

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

DEEP: Any = []
for _ in range(60):
    DEEP = [DEEP]
HOSTILE: tuple[Any, ...] = (
    None, True, -1, 0, 1, 7, 2**31, 2**63, 2**70, -(2**70), 0.5, 1e308, -1e308, float("nan"), float("inf"), "", "x",
    "../../etc/passwd", "a\nb", "\x00", "$(touch owned)", "é" * 300, "9" * 5000, [], {}, [[]], [None], {"": None},
    {"a": {"b": 1}}, DEEP, [1] * 500,
)  # fmt: skip

# What the two kinds of generated projects keep of themselves.
PROJECTS: dict[str, dict[str, Any]] = {
    "nac.json": {"title": "net", "top": "net", "source": "0", "part": "xc", "input_shape": [4], "outputs": 2,
                 "target": {"backend": "Vitis"}},
    "project.json": {"top": "net", "source": "0", "input_shape": [1], "inputs": [[True, 6, 4]], "stages": 2,
                     "outputs": [[True, 6, 4]], "latency_cycles": 3, "part": "xc", "clock_period_ns": 5.0,
                     "cost_lut": 9, "register_bits": 3, "delay_levels": 1.5, "operations": 4, "version": "0"},
}  # fmt: skip

Path = tuple[int | str, ...]


def paths(tree: Any, here: Path = ()) -> Iterator[Path]:
    """Every place in a tree of mappings and lists, the top first."""
    yield here
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield from paths(value, (*here, key))


def changed(tree: Any, path: Path, how: str, value: Any) -> Any:
    """A copy of the tree with the value at a path replaced, removed, or a key added beside it."""
    if not path:
        return value
    tree = copy.deepcopy(tree)
    inner = tree
    for key in path[:-1]:
        inner = inner[key]
    if how == "remove":
        del inner[path[-1]]
    elif how == "add" and isinstance(inner, dict):
        inner[f"{path[-1]}_"] = value
    else:
        inner[path[-1]] = value
    return tree


@st.composite
def spoilt_trees(draw: st.DrawFn, tree: Any, most: int = 2) -> Any:
    """A valid tree with one to `most` hostile changes."""
    for _ in range(draw(st.integers(1, most))):
        places = list(paths(tree))
        path = places[draw(st.integers(0, len(places) - 1))]
        how = draw(st.sampled_from(["replace", "replace", "replace", "remove", "add"]))
        tree = changed(tree, path, how, draw(st.sampled_from(HOSTILE)))
    return tree


@st.composite
def spoilt_bytes(draw: st.DrawFn, content: bytes) -> bytes:
    """Valid bytes with some of them changed, a piece cut out or doubled, or the end missing."""
    data = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        size = draw(st.integers(1, 40))
        match draw(st.sampled_from(["byte", "byte", "cut", "double", "end"])):
            case "byte" if data:
                data[at] = draw(st.integers(0, 255))
            case "cut":
                del data[at : at + size]
            case "double":
                data[at:at] = data[at : at + size]
            case _:
                del data[at:]
    return bytes(data)
