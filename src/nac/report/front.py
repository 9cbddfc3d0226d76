"""The table everything is chosen from: one row for each search trial and for each design of a run."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from nac.errors import InputError
from nac.pareto import Direction, non_dominated
from nac.report.quantities import direction_of, is_error, quantity
from nac.report.rows import CHOICE, beaten, rank, record
from nac.report.where import parse_condition
from nac.rundir import Run

Kind = Literal["trial", "design", "baseline"]

# Columns that every table has, whatever the task measures.
FIXED = (
    "kind", "name", "trial", "baseline", "parent", "hash", "architecture", "bits", "activation_bits", "input_bits",
    "sparsity", "fold", "feasible", "exact", "verified_samples", "failure", "front",
)
WARNED = 3  # rows of one fault that are named
SELECTABLE = ("trial", "bits", "activation_bits", "input_bits", "sparsity", "fold")


@dataclass(frozen=True)
class Pick:
    """A `row` chosen by a metric, and the names of all rows within so many standard `errors` of the best, best first.

    `row` is the best of them or the cheapest. What has no standard error (a cost) has no `errors`: `close` are those
    that are equal to the best then.
    """

    metric: str
    errors: float | None
    row: Mapping[str, Any]
    close: tuple[str, ...]


@dataclass(frozen=True)
class Front:
    """Trials and designs of a run with what they measure and cost, and the trivial answers that they must beat.

    `table` has the columns FIXED, one column per metric on the validation split (`accuracy`), one per metric on
    the test split, for designs (`test_accuracy`), one per cost (`bops`) and one per hardware number (`lut`). Beside a
    metric are its standard error and 95 % interval (`accuracy_se`, `accuracy_low`, `accuracy_high`). What a row lacks
    is NaN. `fold` is how many positions come with a clock, where genes say that. `front` marks the rows that no
    feasible row of the same kind dominates in `objectives`;
    baselines, the constant answer and a linear model, are never on it nor chosen.
    Selection sees the validation split only: `test_` columns are for showing. Where a part of that split takes part in
    no choice, metrics are shown of that part, and choices are made by those of the other (`choice_accuracy`): what
    chose flatters what was chosen.
    """

    table: pd.DataFrame
    objectives: tuple[str, ...]
    metrics: tuple[str, ...] = ()
    task: str = ""
    title: str = ""
    path: Path | None = None
    states: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def build(cls, rows: Sequence[Mapping[str, Any]], objectives: Sequence[str], **about: Any) -> "Front":
        """A front from one mapping per row; absent columns become NaN and `front` is computed.

        Raises:
            InputError: an objective is no metric and no cost.
        """
        table = pd.DataFrame(list(rows))
        for column in FIXED:
            if column not in table:
                table[column] = math.nan if column in SELECTABLE else None
        for name in objectives:
            if name not in table:
                table[name] = math.nan
        values = sorted((str(column) for column in table.columns if column not in FIXED), key=rank)
        table = table[[*FIXED, *values]]
        for column in (*SELECTABLE, *values):
            table[column] = pd.to_numeric(table[column], errors="coerce").astype(float)
        table["failure"] = table["failure"].astype(object).where(table["failure"].notna(), None)
        return cls(table=table, objectives=tuple(objectives), **about).marked()

    @classmethod
    def read(cls, run: Run) -> "Front":
        """The front of a run folder, finished or not. Raises InputError when the folder holds no run."""
        from nac.report.collect import read_front  # the reader builds a Front: it needs this module first

        return read_front(run)

    @property
    def directions(self) -> list[Direction]:
        """Directions of the objectives, in their order."""
        return [direction_of(name) for name in self.objectives]

    @property
    def numeric(self) -> list[str]:
        """What `where` can refer to: every numeric column in which a row has a value."""
        columns = [*SELECTABLE, *(column for column in self.table.columns if column not in FIXED)]
        return [name for name in columns if self.table[name].notna().any()]

    @property
    def names(self) -> list[str]:
        """What `best` can refer to: the numeric columns without the errors of metrics and other samples."""
        return [name for name in self.numeric if not name.startswith(("test_", CHOICE)) and not is_error(name)]

    @property
    def shown(self) -> list[str]:
        """Every metric, cost and hardware number of the table, in its order: validation, test, costs, hardware.

        The errors of metrics are no columns of their own there: `value_text` writes them beside their metric.
        """
        told = (column for column in self.table.columns if column not in FIXED and not column.startswith(CHOICE))
        return [column for column in told if not is_error(column)]

    def deciding(self, *names: str) -> pd.DataFrame:
        """The values of the columns `names` that rows are chosen by, (rows, names) as in the table."""
        decided = {
            name: self.table[f"{CHOICE}{name}"].fillna(self.table[name])
            if f"{CHOICE}{name}" in self.table else self.table[name]
            for name in names
        }  # fmt: skip
        return pd.DataFrame(decided, index=self.table.index)

    def marked(self, objectives: Sequence[str] | None = None) -> "Front":
        """The same rows with `front` recomputed, for other `objectives` if given (each kind on its own)."""
        chosen = tuple(objectives) if objectives is not None else self.objectives
        missing = [name for name in chosen if name not in self.table]
        if missing:
            raise InputError(f"no value named {missing[0]!r} here, expected one of: {', '.join(self.names)}")
        table = self.table.copy()
        table["front"] = False
        directions = [direction_of(name) for name in chosen]
        decided = self.deciding(*chosen)
        for kind in ("trial", "design"):
            rows = (table["kind"] == kind) & (table["feasible"] != False)  # noqa: E712 - None is feasible
            values = decided[rows].to_numpy(dtype=float)
            table.loc[rows, "front"] = non_dominated(values, directions)
        table["front"] = table["front"].astype(bool)
        return replace(self, table=table, objectives=chosen)

    @property
    def failures(self) -> dict[str, str]:
        """The step and the reason that a design failed of, by its name."""
        failed = self.table[self.table["failure"].notna()]
        return dict(zip(failed["name"], failed["failure"], strict=True))

    def where(self, conditions: Sequence[str]) -> "Front":
        """The rows that satisfy every condition, the front marked anew among them. Raises InputError."""
        parsed = [parse_condition(text, self.numeric) for text in conditions]
        mask = pd.Series(True, index=self.table.index)
        for condition in parsed:
            mask &= condition.mask(self.table)
        return replace(self, table=self.table[mask]).marked() if parsed else self

    def best(self, metric: str) -> dict[str, Any]:
        """The row that is best in `metric`, designs before trials; ties go to the cheaper row, then the first.

        Raises:
            InputError: `metric` has no value in any row, or is none that can be chosen by.
        """
        return record(self._by(metric).iloc[0])

    def choose(self, metric: str, within: float | None = None) -> "Pick":
        """The best row in `metric`, and those that its samples hardly tell apart from it.

        These are no worse than the best by more than `within` (else one) of its own standard errors: the rule of
        Breiman et al. (1984). Both were measured on the same samples, which makes their difference better known than
        either; that would need every row's predictions. With `within` the cheapest of them in the first objective
        that is a cost is chosen, the best one without.

        Raises:
            InputError: as `best`; with `within` also where the best has no standard error, or no objective is a cost.
        """
        rows = self._by(metric)
        column = f"{metric}_se"
        decided = self.deciding(metric, *([column] if column in rows else [])).loc[rows.index]
        error = float(decided[column].iloc[0]) if column in rows else math.nan
        if within is not None and math.isnan(error):
            raise InputError(f"--within {within:g}: the best {metric} has no standard error here, expected a metric of "
                             "a run that recorded them")
        errors = None if math.isnan(error) else 1.0 if within is None else within
        reach = 0.0 if errors is None else errors * error
        close = rows[(decided[metric] - decided[metric].iloc[0]).abs() <= reach]
        chosen = close.iloc[0]
        if within is not None:
            cost = next((name for name in self.objectives if quantity(name).role != "metric"), None)
            if cost is None:
                raise InputError(f"--within {within:g}: no objective of the run is a cost, expected one to prefer by")
            chosen = close.sort_values(cost, ascending=direction_of(cost) == "minimize", kind="stable").iloc[0]
        return Pick(metric, errors, record(chosen), tuple(close["name"]))

    def _by(self, metric: str) -> pd.DataFrame:
        """The rows that can be chosen, the best in `metric` first.

        Designs are what can be built, so trials are considered only where there is no design with a value.
        """
        if metric.startswith("test_") and metric in self.table:
            raise InputError(f"--best {metric}: the test split is for the report, choose by {metric[5:]} (validation)")
        if self.table.empty:
            raise InputError(f"--best {metric}: no row is left to choose from")
        if metric not in self.names:
            raise InputError(f"--best {metric}: no row has such a value, expected one of: {', '.join(self.names)}")
        rows = self.table[self.table[metric].notna() & (self.table["feasible"] != False)]  # noqa: E712 - None is feasible
        designs = rows[rows["kind"] == "design"]
        rows = designs if len(designs) else rows[rows["kind"] == "trial"]
        if rows.empty:
            raise InputError(f"--best {metric}: no feasible trial or design has such a value")
        keys = [metric, *(name for name in self.objectives if name != metric)]
        ascending = [direction_of(name) == "minimize" for name in keys]
        decided = self.deciding(*keys).loc[rows.index].sort_values(keys, ascending=ascending, kind="stable")
        return rows.loc[decided.index]

    def of(self, kind: Kind) -> pd.DataFrame:
        """The rows of one kind."""
        return self.table[self.table["kind"] == kind]

    def on_front(self, kind: Kind) -> "Front":
        """The non-dominated rows of one kind, as marked."""
        return replace(self, table=self.table[(self.table["kind"] == kind) & self.table["front"]])

    @property
    def warnings(self) -> list[str]:
        """Designs (trials while there is none) that are no better than an answer which needs no network (`beaten`).

        Each on the front is compared with the constant answer, and the best of them also with the linear model.
        """
        kind: Kind = "trial" if self.of("design").empty else "design"
        rows, answers = self.of(kind), {row["name"]: row for _, row in self.of("baseline").iterrows()}
        metric = next((name for name in self.objectives if name in self.metrics), None)
        if metric is None or rows[metric].dropna().empty:
            return []
        decided = self.deciding(metric).loc[rows.index, metric]
        best = rows.loc[[decided.idxmin() if direction_of(metric) == "minimize" else decided.idxmax()]]
        said = []
        for name, compared in (("constant", rows[rows["front"]]), ("linear", best)):
            if name not in answers:
                continue
            lines = [(row["name"], beaten(metric, row, answers[name], name)) for _, row in compared.iterrows()]
            worse = [f"{kind} {row}: {line}" for row, line in lines if line]
            said += worse[:WARNED]
            if len(worse) > WARNED:
                said.append(f"so it is with {len(worse) - WARNED} more on the front")
        return said

    def records(self) -> list[dict[str, Any]]:
        """All rows as plain values, for JSON: None where a value is missing."""
        return [record(row) for _, row in self.table.iterrows()]

    def to_json(self, best: str | None = None, within: float | None = None) -> dict[str, Any]:
        """The front as one JSON object: task, objectives with directions, states of the search, rows, `best` row.

        `best` is the one that `choose` chooses, `within` the names of those that are hardly worse than the best, where
        it has a standard error.
        """
        choice = self.choose(best, within) if best else None
        known = choice is not None and choice.errors is not None
        return {
            "run": str(self.path) if self.path else None,
            "task": self.task,
            "objectives": [
                {"name": name, "direction": direction}
                for name, direction in zip(self.objectives, self.directions, strict=True)
            ],
            "states": dict(self.states),
            "warnings": self.warnings,
            "rows": self.records(),
            "best": choice.row if choice else None,
            "within": {"standard_errors": choice.errors, "names": list(choice.close)} if choice and known else None,
        }
