"""Decorators: a function of a program becomes a metric or a loss that tasks can name."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from nac.api.source import source_of
from nac.config.code import Code, OwnObject
from nac.errors import InputError
from nac.report.front import FIXED
from nac.report.quantities import is_quantity
from nac.tasks.losses import LOSSES, Kind, Loss
from nac.tasks.metrics import METRICS, Metric
from nac.tasks.own import adopt, function_of, made, restored

F = TypeVar("F", bound=Callable[..., Any])
Named = str | Callable[..., Any]
BOTH: tuple[Kind, ...] = ("classification", "regression")


def metric(
    *,
    direction: Literal["minimize", "maximize"],
    unit: str = "",
    label: str = "",
    name: str = "",
    kinds: Sequence[Kind] = BOTH,
    percent: bool = False,
) -> Callable[[F], F]:
    """A decorator: the function becomes a metric of the same name, for `Task.regression(metrics=[...])`.

    It is given predictions and targets of N samples, values (N, T) in the targets' own units, or scores (N, C) and
    labels (N,) of a classification, and answers with a number, or with None where these samples do not tell it. Its
    interval is found by resampling, which calls it some hundred times.

    Args:
        direction: which way is better.
        unit: for tables and figures.
        label: for figures, the name by default.
        name: for tasks and tables, the function's by default.
        kinds: of tasks that it is for.
        percent: whether it is a share that people read in per cent.

    Raises:
        InputError: the name is that of a metric that is shipped or installed.
    """

    def add(function: F) -> F:
        called = name or function.__name__
        if called in FIXED or (called not in METRICS and is_quantity(called)):
            raise InputError(f"{called!r} is a column of every table, expected another name for a metric")

        def measure(predicted: NDArray[np.float64], true: NDArray[Any]) -> Any:
            found = function(predicted, true)
            return found if found is None or hasattr(found, "bounds") else float(found)

        value = Metric(called, direction, label or called.replace("_", " ").capitalize(), unit, measure, tuple(kinds),
                       percent=percent)
        made("metric", called, value, function)
        return function

    return add


def loss(*, name: str = "", kinds: Sequence[Kind] = BOTH) -> Callable[[F], F]:
    """A decorator: the function becomes a loss of the same name, for `Task.regression(loss=...)`.

    It is given outputs (N, O) and targets, values (N, T) in units of the outputs or labels (N,), as tensors, and
    answers with the loss (N,) of every sample; its other parameters, by keyword, are those of `params` in a task.

    Raises:
        InputError: the name is that of a loss that is shipped or installed.
    """

    def add(function: F) -> F:
        made("loss", name or function.__name__, Loss(function, tuple(kinds)), function)
        return function

    return add


def named(kind: str, given: Named) -> tuple[str, Code | None]:
    """The name of a metric or loss, and its code where it is of the program's own. Raises InputError."""
    function = function_of(kind, given) if isinstance(given, str) else given
    if function is None:
        return str(given), None
    called = restored(kind, function)
    if called is None:
        what = getattr(given, "__name__", repr(given))
        raise InputError(f"{what}: is no {kind} yet, expected @nac.{kind}(...) above it")
    code = Code(source=source_of(function), objects=(_described(kind, called),))
    adopt(code)
    return called, code


def _described(kind: str, name: str) -> OwnObject:
    """What is known without the code."""
    if kind == "loss":
        return OwnObject(kind="loss", name=name, kinds=LOSSES[name].kinds)
    known = METRICS[name]
    return OwnObject(
        kind="metric", name=name, kinds=known.kinds, direction=known.direction, label=known.label, unit=known.unit,
        percent=known.percent,
    )  # fmt: skip
