"""Reading YAML files: safely, with every problem named at once."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml

from nac.config.base import validate
from nac.config.task import TaskConfig, TaskFile
from nac.errors import InputError

MAX_BYTES = 1_000_000
FILES = (
    ("space",), ("target", "circuits"), ("compress", "distilled_data", "file"), ("compress", "teacher", "space"),
)  # fmt: skip
"""Keys of a task under which it names a file."""
Folder = Literal["tasks", "search_spaces"]


class _Loader(yaml.SafeLoader):
    """The safe loader without aliases (a YAML bomb is made of them) and without repeated keys."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            event: Any = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases are not accepted", event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str) and key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} is given twice", key_node.start_mark)
            if isinstance(key, str):
                seen.add(key)
        return super().construct_mapping(node, deep)


def load_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file. Raises InputError when it cannot be read, parsed or is no mapping."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path}: larger than {MAX_BYTES} bytes, expected a task or search-space file")
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not UTF-8 text, expected YAML") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        detail = " ".join(str(error).split())[:300]
        raise InputError(f"{path}: is not valid YAML: {detail}") from error
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise InputError(f"{path}: expected a mapping of keys to values at the top level")
    return data


def folders(kind: Folder) -> Iterator[Path]:
    """Where files of a kind are looked for: the working folder, the source checkout, the installed package."""
    package = Path(__file__).resolve().parent.parent
    yield Path.cwd() / kind
    yield package.parent.parent / kind
    yield package / "_files" / kind


def is_path(text: str) -> bool:
    """Whether a text is taken for a path and not for a name."""
    return text.endswith((".yaml", ".yml")) or "/" in text


def find_file(kind: Folder, name_or_path: str) -> Path:
    """The file behind a name (`jets`) or a path. Raises InputError listing the names that exist."""
    if is_path(name_or_path):
        path = Path(name_or_path)
        if path.is_file():
            return path
        raise InputError(f"{path}: no such file, expected a {kind.rstrip('s').replace('_', ' ')} YAML")
    known: set[str] = set()
    for folder in folders(kind):
        candidate = folder / f"{name_or_path}.yaml"
        if candidate.is_file():
            return candidate
        known.update(path.stem for path in folder.glob("*.yaml"))
    names = ", ".join(sorted(known)) or "none found"
    raise InputError(f"{name_or_path!r} is no file and no name in {kind}/; expected one of: {names}")


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` laid over `base`, mappings merged key by key, anything else replaced."""
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def parse_override(text: str) -> dict[str, Any]:
    """`a.b=value` as nested mappings, the value read as YAML. Raises InputError without a key or '='."""
    key, equals, value = text.partition("=")
    parts = key.strip().split(".")
    if not equals or not all(parts):
        raise InputError(f"--set {text!r}: expected KEY=VALUE, e.g. --set data.constituents=16")
    try:
        nested: Any = yaml.load(value, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"--set {text!r:.200}: the value is not valid YAML") from error
    for part in reversed(parts):
        nested = {part: nested}
    result: dict[str, Any] = nested
    return result


def _beside(task: Mapping[str, Any], keys: Sequence[str], folder: Path) -> dict[str, Any]:
    """The task with the file that it names under a key looked for in `folder`; a space may be a name as well."""
    head, *rest = keys
    value = task.get(head)
    if rest and isinstance(value, Mapping):
        return {**task, head: _beside(value, rest, folder)}
    if not rest and isinstance(value, str) and (head != "space" or is_path(value)):
        return {**task, head: str(folder / value)}
    return dict(task)


def load_task(name_or_path: str, preset: str = "default", overrides: Sequence[str] = ()) -> TaskConfig:
    """The task with its preset and the `KEY=VALUE` overrides applied, validated.

    Files that it names are looked for beside its own; those of overrides in the working folder.

    Raises:
        InputError: the file is missing or wrong, or the preset unknown; every problem is named with its key.
    """
    path = find_file("tasks", name_or_path)
    file = validate(TaskFile, load_yaml(path), path)
    if preset != "default" and preset not in file.presets:
        names = ", ".join(sorted({"default", *file.presets}))
        raise InputError(f"{path}: presets: no preset {preset!r}, expected one of: {names}")
    data = merge(file.task, file.presets.get(preset, {}))
    for keys in FILES:
        data = _beside(data, keys, path.parent)
    return task_of(data, overrides, str(path))


def task_of(data: Mapping[str, Any], overrides: Sequence[str], source: str) -> TaskConfig:
    """The task that a mapping describes, with `KEY=VALUE` overrides laid over it. Raises InputError naming `source`."""
    for text in overrides:
        data = merge(data, parse_override(text))
    if overrides:
        source = f"{source} (with --set {', '.join(overrides)})"
    return validate(TaskConfig, data, source)
