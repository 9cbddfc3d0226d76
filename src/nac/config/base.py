"""The base of every model that is read from a file."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)
from pydantic_core import ErrorDetails

from nac.errors import InputError


class Model(BaseModel):
    """A frozen value with no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ShortModel(Model):
    """A model that is written as the text of one key alone, `main`, where all others have their defaults."""

    main: ClassVar[str]

    @model_validator(mode="wrap")
    @classmethod
    def _lengthened(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        return handler({cls.main: given} if isinstance(given, str) else given)

    @model_serializer(mode="wrap")
    def _shortened(self, handler: SerializerFunctionWrapHandler) -> str | dict[str, Any]:
        others = ((name, field) for name, field in type(self).model_fields.items() if name != self.main)
        if all(getattr(self, name) == field.get_default(call_default_factory=True) for name, field in others):
            return str(getattr(self, self.main))
        whole: dict[str, Any] = handler(self)
        return whole


M = TypeVar("M", bound=Model)
Location = tuple[int | str, ...]
LONG = 80
"""Letters of what was found."""
KIND = re.compile(r"constrained-|(literal|dict|tuple|list)\[")
"""How pydantic names kinds of values that share a key."""


def explained(error: ValidationError, source: str | Path) -> str:
    """All problems of a file at once, one per line: where, the value found, what was expected."""
    problems: dict[Location, tuple[list[str], ErrorDetails]] = {}
    for item in _without_kinds(error.errors(include_url=False)):
        expected = {"extra_forbidden": "unknown key", "missing": "required key is missing"}.get(
            item["type"], item["msg"].removeprefix("Value error, ")
        )
        problems.setdefault(item["loc"], ([], item))[0].append(expected)
    wrong = {loc[:-1] for loc in problems}
    lines = []
    for loc, (all_expected, item) in problems.items():
        if item["type"] == "too_short" and loc in wrong:
            continue  # whose members are wrong is not also too short without them
        said = ", or ".join(all_expected).replace(", or Input should be", ", or")
        key = ".".join(map(str, loc)) or "(top level)"
        lines.append(f"{source}: {key}: {said}{_found(item, said)}")
    return "\n".join(lines)


def _without_kinds(items: Sequence[ErrorDetails]) -> Iterator[ErrorDetails]:
    """Problems at their keys: where a value may be of several kinds, each kind's is listed below a key of its name.

    Of kinds that a value is not of at all nothing is said where another one's members are wrong.
    """
    several = {item["loc"][:at] for item in items for at, part in enumerate(item["loc"]) if KIND.match(str(part))}
    for item in items:
        at = next((at for at in range(len(item["loc"])) if item["loc"][:at] in several), None)
        if at is None:
            yield item
            continue
        key, below = item["loc"][:at], item["loc"][at + 1 :]
        if below or not any(other["loc"][:at] == key and other["loc"][at + 1 :] for other in items):
            yield {**item, "loc": (*key, *below)}


def _found(item: ErrorDetails, expected: str) -> str:
    """What was given; where keys do not go together those that are named, or else which there are."""
    given = item["input"]
    if item["type"] in {"missing", "extra_forbidden"}:
        return ""
    if item["type"] != "value_error" or not isinstance(given, Mapping):
        return f" (found {given!r:.{LONG}})"
    words = re.findall(r"\w+", expected)
    named = (f"{key}: {value!r}" for key, value in given.items() if key in words and len(repr(value)) < LONG)
    return f" (found {', '.join(named) or ', '.join(map(str, given)) or 'nothing'})"


def validate(model: type[M], data: object, source: str | Path) -> M:
    """`data` as a `model`. Raises InputError that lists every problem with its key."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InputError(explained(error, source)) from error
