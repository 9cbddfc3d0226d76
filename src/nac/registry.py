"""What is known by name: one kind of registry for everything that people may add."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar, overload

from nac.errors import InputError

T = TypeVar("T")


class Registry(Mapping[str, T]):
    """Objects of one kind by name, wherever they were registered.

    Three ways in: a module of the kind's `home` package (all are imported at the first look), an entry point of the
    group `nac.KIND` of any installed package, whose name is the object's, and `register` in a running program. Entry
    points are loaded when they are asked for, so that a broken plug-in breaks what uses it and nothing else.
    """

    def __init__(self, kind: str, home: str) -> None:
        self.kind, self.home = kind, home
        self._objects: dict[str, T] = {}
        self._plugins: dict[str, EntryPoint] | None = None

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

    def check(self, name: str) -> str:
        """`name` itself if it is known. Raises ValueError with the list of what is."""
        if name not in self:
            raise ValueError(f"unknown {self.kind} {name!r}, known: {', '.join(sorted(self))}")
        return name

    def __getitem__(self, name: str) -> T:
        """The object of this name. Raises InputError where there is none or its plug-in cannot be loaded."""
        plugins = self._look()
        if name not in self._objects and name in plugins:
            self.register(name, self._loaded(plugins[name]))
        if name not in self._objects:
            raise InputError(f"unknown {self.kind} {name!r}, known: {', '.join(sorted(self))}")
        return self._objects[name]

    def __contains__(self, name: object) -> bool:
        return name in self._look() or name in self._objects

    def __iter__(self) -> Iterator[str]:
        plugins = self._look()
        return iter([*self._objects, *(name for name in plugins if name not in self._objects)])

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
