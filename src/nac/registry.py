"""What is known by name: one kind of registry for everything that people may add."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar, overload

from nac.errors import InputError

T = TypeVar("T")


class Registry(Mapping[str, T]):
    """Objects of one kind by name, wherever they were registered.

    Three ways in: a module of the kind's `home` package (all are imported at the first look), an entry point of the
    group `nac.KIND` of any installed package, whose name is the object's, and `register` in a running program. Entry
    points are loaded when they are asked for, so that a broken plug-in breaks what uses it and nothing else.

    An object of a user's own program may be replaced by another one of theirs, and by none else (`own`).
    Besides objects there are families, of which `NAME@ARGUMENT` is one member (`family`), and whatever else
    `derived` makes of a name (None: nothing).
    """

    def __init__(self, kind: str, home: str, derived: Callable[[str], T | None] = lambda name: None) -> None:
        self.kind, self.home, self.derived = kind, home, derived
        self._objects: dict[str, T] = {}
        self._plugins: dict[str, EntryPoint] | None = None
        self._families: dict[str, Callable[[str], T]] = {}
        self._members: dict[str, T] = {}
        self._own: dict[str, T] = {}

    @property
    def group(self) -> str:
        """The entry-point group through which other packages add to it."""
        return f"nac.{self.kind.replace(' ', '_')}"

    @overload
    def register(self, name: str) -> Callable[[T], T]: ...
    @overload
    def register(self, name: str, value: T) -> T: ...
    def register(self, name: str, value: T | None = None) -> T | Callable[[T], T]:
        """Make an object known; without one, a decorator. Raises ValueError where the name is another's."""

        def add(value: T) -> T:
            if self._objects.setdefault(name, value) is not value:
                raise ValueError(f"there are two of {self.kind} {name!r}: {self._objects[name]!r} and {value!r}")
            return value

        return add if value is None else add(value)

    def own(self, name: str, value: T) -> T:
        """Make an object of a user's program known, or another one in its place.

        Raises ValueError where the name is that of one which is shipped or installed.
        """
        if name in self._look() or name in self._objects:
            raise ValueError(f"{name!r} is a {self.kind} that is there already, expected another name")
        self._own[name] = value
        return value

    def family(self, name: str) -> Callable[[Callable[[str], T]], Callable[[str], T]]:
        """A decorator: what makes the object `NAME@ARGUMENT` of the argument; it raises ValueError for a wrong one."""

        def add(make: Callable[[str], T]) -> Callable[[str], T]:
            if self._families.setdefault(name, make) is not make:
                raise ValueError(f"there are two families of {self.kind} {name!r}")
            return make

        return add

    def check(self, name: str) -> str:
        """`name` itself if it is known. Raises ValueError with the list of what is."""
        if name not in self and self._member(name) is None:
            raise ValueError(self._unknown(name))
        return name

    def _unknown(self, name: str) -> str:
        known = ", ".join([*sorted(self), *sorted(f"{family}@..." for family in self._families)])
        return f"unknown {self.kind} {name!r}, known: {known}"

    def _member(self, name: str) -> T | None:
        """What is made of a name, None where it is nothing. Raises ValueError where a family refuses it."""
        if (derived := self.derived(name)) is not None:
            return derived
        family, at, argument = name.partition("@")
        if name not in self._members and at and family in self._families:
            self._members[name] = self._families[family](argument)
        return self._members.get(name)

    def __getitem__(self, name: str) -> T:
        """The object of this name. Raises InputError where there is none or its plug-in cannot be loaded."""
        plugins = self._look()
        if name not in self._objects and name in plugins:
            self.register(name, self._loaded(plugins[name]))
        for known in (self._objects, self._own):
            if name in known:
                return known[name]
        try:
            member = self._member(name)
        except ValueError as error:
            raise InputError(f"{self.kind} {name!r}: {error}") from error
        if member is None:
            raise InputError(self._unknown(name))
        return member

    def __contains__(self, name: object) -> bool:
        if name in self._look() or name in self._objects or name in self._own:
            return True
        try:
            return isinstance(name, str) and self._member(name) is not None
        except ValueError:
            return False

    def __iter__(self) -> Iterator[str]:
        plugins = self._look()
        return iter([*self._objects, *(name for name in plugins if name not in self._objects), *self._own])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _look(self) -> Mapping[str, EntryPoint]:
        """Import the home package once, and see which plug-ins are installed."""
        if self._plugins is None:
            self._plugins = {}  # what is imported now may itself look
            home = importlib.import_module(self.home)
            for module in pkgutil.iter_modules(getattr(home, "__path__", ()), f"{self.home}."):
                importlib.import_module(module.name)
            self._plugins = {point.name: point for point in entry_points(group=self.group)}
        return self._plugins

    def _loaded(self, plugin: EntryPoint) -> T:
        try:
            value: T = plugin.load()
        except Exception as error:
            raise InputError(
                f"{self.kind} {plugin.name!r} of the plug-in {plugin.value}: {type(error).__name__}: {error}"
            ) from error
        return value


def keywords(function: Callable[..., object]) -> tuple[str, ...] | None:
    """What a function takes by keyword, or a class with those that it hands the rest on to; None where anything."""
    if isinstance(function, partial):
        return keywords(function.func)
    owners = inspect.getmro(function) if inspect.isclass(function) else (function,)
    found: dict[str, None] = {}
    for owner in owners:
        parameters = inspect.signature(owner).parameters.values()
        found |= dict.fromkeys(p.name for p in parameters if p.kind in {p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD})
        if all(p.kind is not p.VAR_KEYWORD for p in parameters):
            return tuple(found)
    return None


def require_keywords(what: str, function: Callable[..., object], given: Iterable[str]) -> None:
    """Raises ValueError naming the parameters that `what` does not have, and those it has."""
    taken = keywords(function)
    if taken is not None and (unknown := [name for name in given if name not in taken]):
        raise ValueError(f"{what} has no parameter {', '.join(map(repr, unknown))}, "
                         f"expected some of: {', '.join(taken) or '(none)'}")


def resolve(where: str) -> "Registry[Any]":
    """The registry at `MODULE:NAME`, imported when it is needed: who names things may lie below who has them."""
    module, _, name = where.partition(":")
    found: Registry[Any] = getattr(importlib.import_module(module), name)
    return found
