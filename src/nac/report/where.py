"""Conditions on the columns of a table, `lut<=20000`: parsed, never evaluated as code."""

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nac.errors import InputError
from nac.report.quantities import is_error, is_quantity

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
_NAME = r"[A-Za-z][A-Za-z0-9_]*(?:@[A-Za-z0-9_.:-]+)*"
_NUMBER = r"[+-]?(?:\d+(?:_\d+)*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_SUFFIXES = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}
_CONDITION = re.compile(
    rf"\s*(?P<name>{_NAME})\s*(?P<op><=|>=|==|!=|<|>|=)\s*(?P<number>{_NUMBER})\s*(?P<suffix>[%kMG]?)\s*",
    re.ASCII,
)


@dataclass(frozen=True)
class Condition:
    """`name` compared with a number; a row without a value never satisfies it."""

    name: str
    op: str
    value: float

    def mask(self, table: pd.DataFrame) -> pd.Series:
        """Which rows of `table` (R rows) satisfy the condition: a boolean Series of length R."""
        column = pd.to_numeric(table[self.name], errors="coerce").astype(float)
        holds = OPERATORS[self.op](column, self.value) & column.notna()
        return pd.Series(np.asarray(holds, dtype=bool), index=table.index)

    def __str__(self) -> str:
        return f"{self.name}{self.op}{self.value:g}"


def parse_condition(text: str, names: Iterable[str]) -> Condition:
    """`text` (NAME OP NUMBER, OP one of <=, >=, <, >, ==, !=) on one of `names`.

    A single `=` is read as `==`; a number may end in `%` (65% is 0.65), `k`, `M` or `G`, as tables print them.

    Raises:
        InputError: the text has another form, or the name is none of `names` (which are listed), be it that no such
            value is known or that no row has it.
    """
    found = _CONDITION.fullmatch(text)
    if found is None:
        raise InputError(f'--where "{text}": expected NAME OP NUMBER, e.g. "lut<=20000" (OP: <=, >=, <, >, ==, !=)')
    known = tuple(names)
    name = found["name"]
    if name not in known:
        why = f"no row has a value of {name!r}" if is_quantity(name) else f"no value named {name!r} here"
        listed = ", ".join(name for name in known if not is_error(name))
        raise InputError(f'--where "{text}": {why}, expected one of: {listed}')
    number = float(found["number"].replace("_", ""))
    value = number / 100 if found["suffix"] == "%" else number * _SUFFIXES[found["suffix"]]
    if not np.isfinite(value):
        raise InputError(f'--where "{text}": {found["number"]} is too large for a number')
    return Condition(name, "==" if found["op"] == "=" else found["op"], value)
