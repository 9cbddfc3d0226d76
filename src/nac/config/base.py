"""The base of every model that is read from a file."""

import re
from collections.abc import Mapping
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
LONG = 80
"""Letters of what was found."""


def explained(error: ValidationError, source: str | Path) -> str:
    """All problems of a file at once, one per line: where, the value found, what was expected."""
    problems = []
    listed = error.errors(include_url=False)
    wrong = {item["loc"][:-1] for item in listed}  # whose members are wrong is not also too short without them
    for item in listed:
        if item["type"] == "too_short" and item["loc"] in wrong:
            continue
        key = ".".join(str(part) for part in item["loc"]) or "(top level)"
        expected = {"extra_forbidden": "unknown key", "missing": "required key is missing"}.get(
            item["type"], item["msg"].removeprefix("Value error, ")
        )
        problems.append(f"{source}: {key}: {expected}{_found(item, expected)}")
    return "\n".join(problems)


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
