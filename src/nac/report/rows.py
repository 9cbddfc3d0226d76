"""One row of a front: its values as text and as plain Python, and whether it beats what needs no network."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from nac.report.quantities import QUANTITIES, direction_of, quantity

ANSWERS = {"constant": "constant answer", "linear": "linear model"}  # that need no network, as people call them
CHOICE = "choice_"


def beaten(metric: str, row: Mapping[str, Any] | pd.Series, by: Mapping[str, Any] | pd.Series, name: str) -> str:
    """What is wrong with a row whose metric is not better than a baseline's by its standard error; empty when it is.

    Without a recorded error it must be better at all. Both were measured on the same samples: as in `Front.choose`, the
    row's own error stands for that of the difference.
    """
    gain = (row[metric] - by[metric]) * (1 if direction_of(metric) == "maximize" else -1)
    error = row.get(f"{metric}_se", math.nan)
    error = 0.0 if error is None or math.isnan(error) else error
    if not gain <= error:
        return ""
    said = "worse than" if gain < -error else "within its error no better than" if error else "no better than"
    return f"{metric} {value_text(row, metric)} is {said} the {ANSWERS[name]}'s {value_text(by, metric)}"


def value_text(row: Mapping[str, Any] | pd.Series, name: str) -> str:
    """A value of a row as tables show it, a metric with its standard error: `67.3 ± 1.2 %`."""
    return quantity(name).text(row.get(name), row.get(f"{name}_se"))


def rank(column: str) -> tuple[int, int]:
    """Where a column of values stands in a table: metrics, the same on the test split, costs, hardware."""
    roles = {"metric": 1 if column.startswith("test_") else 0, "cost": 2, "hardware": 3}
    known = quantity(column)
    return 5 if column.startswith(CHOICE) else roles.get(known.role, 4), [*QUANTITIES, known.name].index(known.name)


def record(row: pd.Series) -> dict[str, Any]:
    """One row as plain Python values: whole numbers as int, missing ones as None."""
    return {str(key): _plain(value) for key, value in row.items()}


def _plain(value: Any) -> Any:
    """A cell as JSON can hold it."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (float, np.floating, int, np.integer)):
        number = float(value)
        if not math.isfinite(number):
            return None
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    return value
