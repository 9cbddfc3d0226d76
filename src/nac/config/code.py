"""Code of a user's own that a task brings: kept as text, so that whoever reads the task can read it."""

import hashlib
import importlib
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from nac.config.base import Model
from nac.errors import InputError


class OwnObject(Model):
    """One object that the code makes, and what tables say of a metric without it; `kinds` are of tasks."""

    kind: Literal["metric", "loss"]
    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")
    kinds: tuple[Literal["classification", "regression"], ...]
    direction: Literal["minimize", "maximize"] = "minimize"
    label: str = ""
    unit: str = ""
    percent: bool = False


class Code(Model):
    """The text of a Python module and what it registers; it runs only where somebody trusts it (nac.tasks.own)."""

    source: str = Field(max_length=100_000)
    objects: tuple[OwnObject, ...] = Field(min_length=1)

    @property
    def sha256(self) -> str:
        """What its text is trusted by."""
        return hashlib.sha256(self.source.encode()).hexdigest()

    @property
    def names(self) -> str:
        """What it makes, in words."""
        return " and ".join(f"the {item.kind} {item.name!r}" for item in self.objects)


def _settled(code: Code) -> Code:
    """The code itself, once what it makes is known by name. Raises ValueError."""
    try:
        importlib.import_module("nac.tasks.own").settle(code)  # imported late: it lies above
    except InputError as error:
        raise ValueError(str(error)) from error
    return code


OwnCode = Annotated[Code, AfterValidator(_settled)]
