"""The text of a function with everything that it needs, so that another process can run it."""

import builtins
import inspect
import symtable
import sys
import textwrap
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any

from nac.errors import InputError

CONSTANTS = (int, float, complex, str, bytes, bool, type(None))


def source_of(function: Callable[..., Any]) -> str:
    """A module's text that defines a function: its own text and its decorators, with the imports, constants and
    functions of its file or notebook that it speaks of.

    Raises InputError naming what cannot be written down: values of an enclosing function, objects in variables.

    >>> source_of(print)
    Traceback (most recent call last):
    nac.errors.InputError: print: its text is not known, expected a function in a file or a notebook
    """
    written: dict[str, str] = {}
    _write(function, written)
    imports = [text for text in written.values() if text.startswith(("import ", "from "))]
    rest = [text for text in written.values() if text not in imports]
    return "\n".join(sorted(imports)) + "\n\n\n" + "\n\n\n".join(rest) + "\n"


def _write(item: Callable[..., Any], written: dict[str, str]) -> None:
    """Add the text of a function or class to what is written, after what it needs."""
    name = item.__name__
    if free := getattr(getattr(item, "__code__", None), "co_freevars", ()):
        raise InputError(f"{name}: uses {free[0]!r} of the function around it, expected one that stands on its own")
    try:
        text = textwrap.dedent(inspect.getsource(item)).strip()
        table = symtable.symtable(text, name, "exec")
    except (OSError, TypeError, SyntaxError) as error:
        raise InputError(f"{name}: its text is not known, expected a function in a file or a notebook") from error
    known = _globals(item)
    written[name] = ""  # so that functions which call each other end
    for used in dict.fromkeys(_names(table)):
        if used in known and used not in written and not hasattr(builtins, used):
            _write_value(name, used, known[used], known, written)
    del written[name]
    written[name] = text


def _write_value(user: str, name: str, value: Any, known: dict[str, Any], written: dict[str, str]) -> None:
    """Add what makes a global name mean what it does."""
    if isinstance(value, ModuleType):
        written[name] = f"import {value.__name__}" + (f" as {name}" if value.__name__ != name else "")
        return
    module, own = getattr(value, "__module__", None), getattr(value, "__qualname__", "")
    here = known.get("__name__")
    if isinstance(value, FunctionType | type) and module == here and own == name:
        _write(value, written)
    elif module and module not in {here, "__main__"} and getattr(sys.modules.get(module), own, None) is value:
        written[name] = f"from {module} import {own}" + (f" as {name}" if own != name else "")
    elif isinstance(value, CONSTANTS) or (isinstance(value, tuple) and all(isinstance(v, CONSTANTS) for v in value)):
        written[name] = f"{name} = {value!r}"
    else:
        raise InputError(f"{user}: uses {name!r}, a {type(value).__name__} in a variable, which cannot be kept with "
                         "the run; expected modules, functions, classes, numbers or texts")


def _globals(item: Any) -> dict[str, Any]:
    found = getattr(item, "__globals__", None)
    return found if found is not None else vars(sys.modules[item.__module__])


def _names(table: symtable.SymbolTable) -> Iterator[str]:
    """Names that a text takes from outside: not those of its parameters and variables."""
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (symbol.is_global() or table.get_type() == "module"):
            yield symbol.get_name()
    for inner in table.get_children():
        yield from _names(inner)
