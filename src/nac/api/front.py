"""Trials and designs of a run as a table to choose from."""

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from nac.api.design import Design
from nac.arch import Architecture
from nac.errors import InputError
from nac.pipeline.costs import CostTable, cost_of
from nac.pipeline.front import draw, limits
from nac.report import frame, plot_front
from nac.report.anchors import anchors_for
from nac.report.front import Front as Table
from nac.report.view import Split
from nac.rundir import Run as Folder


class Trial:
    """A float network that the search trained; `values` are its row of the table."""

    def __init__(self, run: Folder, values: Mapping[str, Any]) -> None:
        self.values = values
        self.number = int(values["trial"])
        self.path = run.trial(self.number)

    def __repr__(self) -> str:
        return f"<nac trial {self.number}: {self.values['architecture']}>"

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    @property
    def architecture(self) -> Architecture:
        """What was built."""
        return Architecture.from_json((self.path / "architecture.json").read_text(encoding="utf-8"), self.path)

    @property
    def layers(self) -> CostTable:
        """Its costs, layer by layer."""
        return cost_of(self.path / "architecture.json")


class Front:
    """Trials and designs with what they measure and cost (`nac front`); a part of them after `where`.

    `table` is the data frame behind it: a row for each, columns for all numbers (`accuracy`, `test_accuracy`, `bops`,
    `lut`; nac.report.Front says which).
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        kinds = {kind: int((self.table["kind"] == kind).sum()) for kind in ("design", "trial")}
        listed = ", ".join(f"{count} {kind}{'s' if count != 1 else ''}" for kind, count in kinds.items() if count)
        return f"<nac front of {self._table.title or self._table.task}: {listed or 'nothing'}>"

    def _repr_html_(self) -> str:
        return str(self.frame().to_html())

    @property
    def table(self) -> pd.DataFrame:
        """All numbers."""
        return self._table.table

    @property
    def report(self) -> Table:
        """The table as reports and figures take it."""
        return self._table

    @property
    def states(self) -> Mapping[str, int]:
        """How many trials ended how."""
        return self._table.states

    @property
    def failures(self) -> Mapping[str, str]:
        """The step and the reason that a design failed of, by its name."""
        return self._table.failures

    def __iter__(self) -> Any:
        return (self._opened(row) for row in self._table.records() if row["kind"] in {"trial", "design"})

    def frame(self, *, trials: bool = True) -> pd.DataFrame:
        """The objectives, bits, sparsity and hardware numbers as texts with their errors."""
        return frame(self._table, trials=trials)

    def where(self, *conditions: str, part: str | None = None) -> "Front":
        """The rows that keep all conditions, as `lut<=20000` or `accuracy>=65%`, and fit a `part`.

        Raises InputError.
        """
        return Front(self._table.where([*conditions, *(limits(part, self._table) if part else ())]))

    def best(self, metric: str, *, within: float | None = None) -> Any:
        """The best design in a metric or cost (the best trial while there is no design), by the validation split.

        With `within` the cheapest within so many standard errors of it.

        Raises InputError when nothing has such a value.
        """
        return self._opened(self._table.choose(metric, within).row)

    def winners(self, kind: str = "") -> "Front":
        """The designs (or the rows of another `kind`, trial or design) that no other of theirs beats."""
        chosen = kind or ("trial" if self._table.of("design").empty else "design")
        if chosen not in {"trial", "design"}:
            raise InputError(f"kind {kind!r}: expected trial or design")
        return Front(self._table.on_front("trial" if chosen == "trial" else "design"))

    def only(self, *names: str) -> "Front":
        """The designs of these names."""
        table = self.table[(self.table["kind"] == "design") & self.table["name"].isin(names)]
        return Front(replace(self._table, table=table).marked())

    def plot(
        self, file: str | PathLike[str] | None = None, *, x: str | None = None, y: str | None = None,
        split: Split = "validation",
    ) -> Figure | None:  # fmt: skip
        """Metric against cost, published results beside it where the data are the same.

        Args:
            file: written as well (.png, .svg, .pdf), or, as .html to hover over, instead of a figure.
            x: a cost, else the first objective that is one.
            y: a metric, likewise.
            split: which split the designs' metric is from, `test` or `validation`.
        """
        if file is not None and Path(file).suffix == ".html":
            draw(self._table, Path(file))
            return None
        anchors = anchors_for(self._run.read())
        return plot_front(self._table, None if file is None else Path(file), x=x, y=y, split=split, anchors=anchors)

    @property
    def _run(self) -> Folder:
        if self._table.path is None:
            raise InputError("the front belongs to no run")
        return Folder(self._table.path)

    def _opened(self, row: Mapping[str, Any]) -> Design | Trial:
        """What a row stands for."""
        if row["kind"] == "design":
            return Design(self._run.design(str(row["name"])))
        return Trial(self._run, row)
