"""What a figure of the front shows, before any library draws it: the rows, the published results, the axes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nac.errors import InputError
from nac.pareto import non_dominated
from nac.report.anchors import Anchor
from nac.report.front import Front
from nac.report.quantities import Quantity, quantity
from nac.report.rows import ANSWERS

Split = Literal["validation", "test"]
DECADE = 10.0  # errors that span more are drawn on a logarithmic axis
MARGIN = 0.06  # of an axis, left free at either end


class Scale(NamedTuple):
    """The range of an axis, scaled to what matters; what lies outside is marked at its edge."""

    low: float
    high: float
    log: bool

    @classmethod
    def of(cls, known: Quantity, values: Iterable[float], keep: Iterable[float] = ()) -> "Scale":
        """The axis for `values` of a quantity, in the units it is drawn in.

        Costs are logarithmic, and so are errors that span more than a decade. The better half of a metric's values
        takes at least a third of its axis, so that a few networks that failed do not press the others together;
        `keep` is in view whatever it is.

        Args:
            known: the quantity.
            values: of all points.
            keep: further ones that have to be in view, such as published results.
        """
        points = _finite(values)
        if known.role == "metric":
            points = _without_far_worse(points, known)
        shown = np.concatenate([points, _finite(keep)])
        if _logarithmic(known, shown):
            low, high = _padded(np.log10(shown[shown > 0]), alone=0.25)
            return cls(float(10**low), float(10**high), True)
        low, high = _padded(shown, alone=0.05 * float(np.abs(shown).max(initial=0.0)) or 0.5)
        least, most = (known.scale * bound for bound in (known.least, known.most))
        return cls(max(low, least), min(high, most), False)

    def holds(self, values: pd.Series) -> pd.Series:
        """Which values are within the axis."""
        return values.between(self.low, self.high)

    def clipped(self, values: pd.Series) -> pd.Series:
        """The values, those outside moved to the edge."""
        return values.clip(self.low, self.high)


def _finite(values: Iterable[float]) -> NDArray[np.float64]:
    found = np.asarray(list(values), dtype=float)
    return np.asarray(found[np.isfinite(found)])


def _is_error(known: Quantity, values: NDArray[np.float64]) -> bool:
    """Whether ratios of the values say more than differences: those of an error, none of which is zero."""
    return known.role == "metric" and known.direction == "minimize" and float(values.min(initial=1.0)) > 0


def _logarithmic(known: Quantity, values: NDArray[np.float64]) -> bool:
    if known.role in {"cost", "hardware"}:
        return bool((values > 0).any())
    return len(values) > 0 and _is_error(known, values) and float(values.max()) > DECADE * float(values.min())


def _without_far_worse(values: NDArray[np.float64], known: Quantity) -> NDArray[np.float64]:
    """`values` without those further behind their median than twice what the best is ahead of it."""
    badness = np.log10(values) if _is_error(known, values) else values
    badness = badness if known.direction == "minimize" else -badness
    if not len(values) or not np.median(badness) > badness.min():
        return values
    limit = float(3 * np.median(badness) - 2 * badness.min())
    return np.asarray(values[badness <= limit])


def _padded(values: NDArray[np.float64], alone: float) -> tuple[float, float]:
    """Limits a margin around the values, `alone` around a single one."""
    if not len(values):
        return (0.0, 1.0)
    low, high = float(values.min()), float(values.max())
    room = MARGIN * (high - low) or alone
    return low - room, high + room


@dataclass(frozen=True)
class View:
    """What is drawn of a front: `y` on a split against `x`.

    `trials`, `designs` and `baselines` are rows of the front's table with the columns `cost`, `value`, `low` and
    `high` added: the point and its 95 % interval (NaN where none is known) in the units of the axes. Baselines of the
    data (the constant answer, a linear model) are drawn without their cost. `stars` are published results with both
    numbers, `lines` those without a cost.
    """

    front: Front
    x: Quantity
    y: Quantity
    split: Split
    trials: pd.DataFrame
    designs: pd.DataFrame
    baselines: pd.DataFrame
    stars: tuple[Anchor, ...]
    lines: tuple[Anchor, ...]
    horizontal: Scale
    vertical: Scale

    @classmethod
    def of(
        cls, front: Front, x: str | None, y: str | None, split: Split, anchors: Sequence[Anchor]
    ) -> "View":
        """The view of a front; `x` and `y` are by default the first cost and metric among its objectives.

        Raises InputError: nothing to draw, or an unknown column.
        """
        default_x, default_y = default_axes(front)
        x, y = x or default_x, y or default_y
        column = f"test_{y}" if split == "test" else y
        for name in (x, column):
            if name not in front.table:
                raise InputError(f"no value named {name!r} to draw, expected one of: {', '.join(front.names)}")
        cost, metric = quantity(x), quantity(y)
        table = placed(front.table, x, column, metric.scale)
        baselines = table[table["kind"] == "baseline"].dropna(subset=["value"])
        table = table.dropna(subset=["cost", "value"])
        designs = table[table["kind"] == "design"]
        tried = (table["kind"] == "trial") & (table["feasible"] != False) & (split == "validation")  # noqa: E712 - None is feasible
        trials = table[tried]
        measured = [anchor for anchor in anchors if y in anchor.values]
        stars = tuple(anchor for anchor in measured if x in anchor.values)
        lines = tuple(anchor for anchor in measured if x not in anchor.values and anchor.line)
        points = pd.concat([trials["value"], designs["value"], designs["low"], designs["high"], baselines["value"]])
        published = [metric.scale * anchor.values[y] for anchor in (*stars, *lines)]
        return cls(
            front, cost, metric, split, trials, designs, baselines, stars, lines,
            Scale.of(cost, pd.concat([trials["cost"], designs["cost"]]), [anchor.values[x] for anchor in stars]),
            Scale.of(metric, points, published),
        )

    @property
    def heading(self) -> str:
        """What was searched."""
        return self.front.title or self.front.task or "run"

    @property
    def has_bars(self) -> bool:
        """Whether any design has an interval."""
        return bool(self.designs["low"].notna().any())

    def corners(self, rows: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The `staircase` of the feasible ones of `rows`: a design that failed is no answer, however good."""
        return staircase(rows[rows["feasible"] != False], self.x, self.y)  # noqa: E712 - None is feasible

    def inside(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Those of `rows` that are within the axes."""
        return rows[self.horizontal.holds(rows["cost"]) & self.vertical.holds(rows["value"])]

    @property
    def beyond(self) -> pd.DataFrame:
        """Trials and designs outside the axes, `cost` and `value` moved to the edge, `edge` the side they left by."""
        rows = pd.concat([part[~part.index.isin(self.inside(part).index)] for part in (self.trials, self.designs)])
        low, high = rows["value"] < self.vertical.low, rows["value"] > self.vertical.high
        left = rows["cost"] < self.horizontal.low
        edge = np.select([low, high, left], ["bottom", "top", "left"], "right")
        return rows.assign(
            edge=edge, cost=self.horizontal.clipped(rows["cost"]), value=self.vertical.clipped(rows["value"]),
            true_value=rows["value"],
        )  # fmt: skip

    def told_beyond(self) -> str:
        """How many points are marked at the edge, and how far the furthest is: `3 beyond the axis, to 0.5120`."""
        rows = self.beyond
        worst = rows["true_value"].max() if self.y.direction == "minimize" else rows["true_value"].min()
        return f"{len(rows)} beyond the axes, to {self.told(worst)}"

    def told_baseline(self, row: pd.Series) -> str:
        """A baseline of the data with its value, and whether it is in view."""
        outside = "" if self.vertical.low <= row["value"] <= self.vertical.high else " (off the axis)"
        return f"{ANSWERS.get(row['name'], row['name'])}: {self.told(row['value'])}{outside}"

    def told(self, value: float) -> str:
        """A value of the vertical axis with its unit, which a line break does not part from it."""
        return f"{self.y.text(value / self.y.scale)} {self.y.unit}".rstrip().replace(" ", "\N{NO-BREAK SPACE}")


def placed(table: pd.DataFrame, x: str, column: str, scale: float) -> pd.DataFrame:
    """A table with the columns `cost`, `value`, `low` and `high` (NaN where not known), in the units of the axes."""
    nothing = pd.Series(np.nan, index=table.index)
    return table.assign(
        cost=table[x], value=scale * table[column],
        low=scale * table.get(f"{column}_low", nothing), high=scale * table.get(f"{column}_high", nothing),
    )  # fmt: skip


def default_axes(front: Front) -> tuple[str, str]:
    """(x, y): the first cost and the first metric among the objectives, else BOPs and the first metric."""
    costs = [name for name in front.objectives if quantity(name).role != "metric"]
    metrics = [name for name in front.objectives if quantity(name).role == "metric"] or list(front.metrics)
    if not metrics:
        raise InputError("the run has no metric to draw: no trial has finished")
    return (costs or ["bops"])[0], metrics[0]


def staircase(rows: pd.DataFrame, x: Quantity, y: Quantity) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The corners (`cost`, `value`) of the front of rows of a view, for `Axes.step(where="post")`."""
    points = rows[["cost", "value"]].dropna().to_numpy(dtype=float)
    points = points[non_dominated(points, [x.direction, y.direction])]
    points = points[np.argsort(points[:, 0], kind="stable")]
    return points[:, 0], points[:, 1]


def by_bits(designs: pd.DataFrame) -> list[tuple[float, pd.DataFrame]]:
    """Designs grouped by weight bits, the widest first, those of mixed width (NaN) last."""
    widths = sorted({float(bits) for bits in designs["bits"].dropna()}, reverse=True)
    groups = [(bits, designs[designs["bits"] == bits]) for bits in widths]
    mixed = designs[designs["bits"].isna()]
    return [*groups, (float("nan"), mixed)] if len(mixed) else groups


def marker_area(sparsity: float) -> float:
    """Area in points² of a design's marker: proportional to its density, with a floor that can be seen."""
    density = 1.0 - (sparsity if sparsity == sparsity else 0.0)
    return 18.0 + 82.0 * density
