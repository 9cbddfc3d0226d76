"""Everything that the command line does is one call of the package."""

import inspect
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import typer

import nac
from nac.cli.app import app


def verbs(command: Any, *before: str) -> Iterator[str]:
    """`run`, `data make` and so on."""
    if not hasattr(command, "commands"):
        yield " ".join(before)
        return
    for name, inner in command.commands.items():
        yield from verbs(inner, *before, name)


def public() -> Iterator[object]:
    """What is public, and the members of classes."""
    for name in nac.__all__:
        value = getattr(nac, name)
        yield value
        if inspect.isclass(value):
            yield from vars(value).values()


def test_every_verb_has_a_call_that_says_so() -> None:
    documented = {
        verb for value in public() for verb in re.findall(r"\(`nac ([a-z]+(?: [a-z]+)?)[^`]*`\)", value.__doc__ or "")
    }
    assert documented == set(verbs(typer.main.get_command(app)))


def test_no_public_name_is_a_room_as_well() -> None:
    assert not {*nac.__all__} & {module.name for module in pkgutil.iter_modules(nac.__path__)}
