"""Metrics and losses of a user's own program, which a task brings along as text.

A program that makes them runs them anyway. Where a run or a design of it is opened again, the text runs only if it is
trusted: on the account that it was made with, or once somebody has said so (`nac --trust`), which is remembered by the
hash of the text. Elsewhere the objects are known by what was said of them, so that tables can show recorded values, and
nothing is measured or trained with them.
"""

import linecache
import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import platformdirs
import torch

from nac.config.code import Code, OwnObject
from nac.errors import InputError
from nac.registry import Registry
from nac.tasks.losses import LOSSES, Loss
from nac.tasks.metrics import METRICS, Metric

logger = logging.getLogger(__name__)

REGISTRIES: dict[str, Registry[Any]] = {"metric": METRICS, "loss": LOSSES}


@dataclass(frozen=True)
class Entry:
    """What is registered now: the user's `function` (None in place of code that is not trusted) and its `source`."""

    function: Callable[..., Any] | None
    source: str | None = None


class Trust:
    """Whose code may run: hashes of texts, in this process and in a file of the account."""

    def __init__(self) -> None:
        self.everything = False
        self._hashes: set[str] = set()

    @property
    def file(self) -> Path:
        """One hash a line, and what it is of."""
        return platformdirs.user_state_path("nac") / "trusted"

    def __contains__(self, code: Code) -> bool:
        if self.everything:
            self.add(code)
        return code.sha256 in self._hashes or code.sha256 in self._remembered()

    def add(self, code: Code) -> None:
        """Trust a text from now on, on this account if its files can be written."""
        self._hashes.add(code.sha256)
        if code.sha256 not in self._remembered():
            with suppress(OSError):
                self.file.parent.mkdir(parents=True, exist_ok=True)
                with self.file.open("a", encoding="utf-8") as file:
                    file.write(f"{code.sha256} {code.names}\n")

    def _remembered(self) -> set[str]:
        with suppress(OSError, UnicodeDecodeError):
            return {line.split()[0] for line in self.file.read_text(encoding="utf-8").splitlines() if line.strip()}
        return set()


TRUST = Trust()
_ENTRIES: dict[tuple[str, str], Entry] = {}
_MADE: dict[tuple[str, Callable[..., Any]], tuple[str, Any]] = {}


def register(kind: str, name: str, value: Any, function: Callable[..., Any]) -> None:
    """Make an object of the running program known. Raises InputError where the name is that of a shipped one."""
    try:
        REGISTRIES[kind].own(name, value)
    except ValueError as error:
        raise InputError(str(error)) from error
    _ENTRIES[kind, name] = Entry(function)


def made(kind: str, name: str, value: Any, function: Callable[..., Any]) -> None:
    """As `register`, for what a function of the running program becomes for good."""
    register(kind, name, value, function)
    _MADE[kind, function] = name, value


def restored(kind: str, function: Callable[..., Any]) -> str | None:
    """The name of what a function was made, which is known by it again whatever took its place; None without."""
    if (kind, function) not in _MADE:
        return None
    name, value = _MADE[kind, function]
    register(kind, name, value, function)
    return name


def function_of(kind: str, name: str) -> Callable[..., Any] | None:
    """The function of the running program that was registered by a name, None where it is another's."""
    entry = _ENTRIES.get((kind, name))
    return None if entry is None else entry.function


def settle(code: Code) -> None:
    """Make what the text makes known, in the place of other objects of these names.

    Raises InputError where a name is that of a shipped object, or trusted code fails.
    """
    entries = [_ENTRIES.get((item.kind, item.name)) for item in code.objects]
    trusted = code in TRUST
    if all(entry and entry.source == code.source and (entry.function is not None) >= trusted for entry in entries):
        return
    if trusted:
        _run(code)
    for item in code.objects:
        if not trusted:
            register(item.kind, item.name, _stand_in(item), _unknown)
        known = _ENTRIES[item.kind, item.name]
        _ENTRIES[item.kind, item.name] = Entry(known.function if trusted else None, code.source)


def adopt(code: Code) -> None:
    """Say that the objects of the running program are those of a text, which is trusted for it."""
    TRUST.add(code)
    for item in code.objects:
        _ENTRIES[item.kind, item.name] = Entry(_ENTRIES[item.kind, item.name].function, code.source)


def require(codes: tuple[Code, ...], source: str | Path) -> None:
    """Raises InputError unless all of the code has run, for work that needs what it makes."""
    for code in codes:
        if code not in TRUST:
            raise InputError(f"{source}: code: {code.names} is Python code that was not written on this account and "
                             "has not run; read it there, then add --trust to run it (remembered by its hash)")


def _run(code: Code) -> None:
    """Run the text of a module, whose decorators register what it makes."""
    name = f"nac_own_{code.sha256[:12]}"
    file = f"<{name}>"
    linecache.cache[file] = (len(code.source), None, code.source.splitlines(True), file)  # for tracebacks
    module = sys.modules[name] = ModuleType(name, "Objects that a task brings.")
    before = {(item.kind, item.name): _ENTRIES.pop((item.kind, item.name), None) for item in code.objects}
    try:
        exec(compile(code.source, file, "exec"), module.__dict__)  # noqa: S102 - trusted: see the module's docstring
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"code: {code.names}: {type(error).__name__}: {error}") from error
    if missing := [key for key in before if key not in _ENTRIES]:
        raise InputError(f"code: makes no {missing[0][0]} {missing[0][1]!r}")


def _unknown(*_: Any, **__: Any) -> None:
    """Of code that has not run."""


def _stand_in(item: OwnObject) -> Any:
    """What is known of an object without its code."""
    if item.kind == "loss":
        return Loss(_untrained, item.kinds)
    return Metric(
        item.name, item.direction, item.label, item.unit, lambda predicted, true: _left_out(item.name), item.kinds,
        percent=item.percent,
    )  # fmt: skip


@cache
def _left_out(name: str) -> None:
    """Say once that a metric is not measured."""
    logger.warning("the metric %r is left out: it is Python code that was not written on this account and has not run "
                   "(read it under 'code' in run.yaml; --trust runs it)", name)


def _untrained(outputs: torch.Tensor, targets: torch.Tensor, /, **_: Any) -> torch.Tensor:
    """Nothing is trained with it: `require` comes before."""
    return outputs.flatten(1).sum(dim=1)
