"""The front as text: a rich table."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from rich import box
from rich.table import Table

from nac.report.front import Front, Kind, Pick
from nac.report.quantities import is_error, quantity
from nac.report.rows import CHOICE, value_text

MARK = "●"
CLOSE = "≈"
SETTINGS = ("bits", "sparsity", "fold")


def front_table(front: Front, *, choice: Pick | None = None, trials: bool = True) -> Table:
    """Designs first, then trials, the best of the first objective on top; `●` marks the non-dominated rows.

    Only the objectives, bits, sparsity, fold and hardware numbers are shown; `Front.to_json` has everything.

    Args:
        front: the rows.
        choice: of `Front.choose`; its row is set in bold, `≈` marks what is about as good as the best.
        trials: whether trials are listed besides the designs.
    """
    columns = terminal_columns(front)
    table = Table(
        title=_title(front), title_justify="left", caption=caption(front, choice), caption_justify="left",
        box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False,
    )
    table.add_column("", width=1 if choice is None else 2)
    table.add_column("name", no_wrap=True)
    table.add_column("architecture", overflow="fold", min_width=12)
    for name in columns:
        table.add_column(heading_of(name).replace(" ", "\n"), justify="right", no_wrap=True)
    table.add_column("exact", justify="center", no_wrap=True)
    near = () if choice is None or choice.errors is None else choice.close
    for row in sorted_rows(front, trials=trials):
        alike = choice is not None and row["kind"] == choice.row["kind"]
        chosen = choice is not None and alike and row["name"] == choice.row["name"]
        close = CLOSE if alike and row["name"] in near else ""
        table.add_row(
            f"{MARK if row['front'] else ' ' if close else ''}{close}", label(row), str(row["architecture"]),
            *(value_text(row, name) for name in columns), exact_text(row),
            style="bold" if chosen else ("" if row["kind"] == "design" else "dim"),
        )
    return table


def frame(front: Front, *, trials: bool = True) -> pd.DataFrame:
    """The columns and order of `front_table` as a data frame of texts, for notebooks; `Front.table` has the numbers."""
    columns = terminal_columns(front)
    rows = [
        {"front": MARK if row["front"] else "", "name": label(row), "architecture": row["architecture"],
         **{heading_of(name): value_text(row, name) for name in columns},
         **({"exact": exact_text(row)} if row["kind"] == "design" else {})}
        for row in sorted_rows(front, trials=trials)
    ]
    return pd.DataFrame(rows).set_index("name").fillna("") if rows else pd.DataFrame()


def hardware_frame(report: Mapping[str, Any]) -> pd.DataFrame:
    """The numbers of a hardware report: one row each, with the unit, how well founded it is, and the tool."""
    numbers = [
        {"what": number["name"], "value": float(number["value"]), "unit": number.get("unit", ""),
         "kind": number.get("kind", ""), "tool": f"{number.get('tool', '')} {number.get('version', '')}".strip()}
        for number in report.get("numbers", [])
    ]
    return pd.DataFrame(numbers, columns=["what", "value", "unit", "kind", "tool"]).set_index("what")


def label(row: Mapping[str, Any] | pd.Series) -> str:
    """What a row is called: a trial by its number, a trivial answer by what it is, a design by its name."""
    name = str(row["name"])
    return {"trial": f"trial {name}", "baseline": f"{name} (no network)"}.get(row["kind"], name)


def terminal_columns(front: Front) -> list[str]:
    """The columns that a terminal has room for: settings, the objectives, their test values, hardware."""
    wanted = {*SETTINGS, *front.objectives, *(f"test_{name}" for name in front.objectives)}
    return [
        name for name in shown_columns(front)
        if name in wanted or (quantity(name).role == "hardware" and not name.startswith("test_"))
    ]


def sorted_rows(front: Front, *, trials: bool = True) -> list[pd.Series]:
    """The rows in the order in which tables show them: designs, trials, baselines, then by the first objective."""
    keys = list(front.objectives)
    ascending = [direction == "minimize" for direction in front.directions]
    rows: list[pd.Series] = []
    kinds: tuple[Kind, ...] = ("design", "trial", "baseline") if trials else ("design", "baseline")
    for kind in kinds:
        part = front.of(kind)
        part = part.sort_values(keys, ascending=ascending, kind="stable") if keys else part
        rows += [row for _, row in part.iterrows()]
    return rows


def shown_columns(front: Front) -> list[str]:
    """The numeric columns worth showing: settings, metrics and costs that any row has a value of."""
    settings = [name for name in SETTINGS if front.table[name].notna().any()]
    return [*settings, *(name for name in front.shown if front.table[name].notna().any())]


def heading_of(name: str) -> str:
    """The heading of a column: its name in `where`, and its unit."""
    known = quantity(name)
    plain = name.removeprefix("test_").replace("_px", "").replace("_ns", "").replace("_", " ")
    split = " (test)" if name.startswith("test_") else ""
    return f"{plain}{split}" + (f" [{known.unit}]" if known.unit and known.unit != "cycles" else "")


def exact_text(row: Mapping[str, Any] | pd.Series) -> str:
    """Whether every engine agreed bit for bit: yes, NO, `failed`, or a dash where it has not been tried."""
    exact = row["exact"]
    if row["failure"]:
        return "failed"
    return "–" if not isinstance(exact, bool) else "yes" if exact else "NO"


def caption(front: Front, choice: Pick | None = None) -> str:
    """What the marks mean and what happened to the trials that are not listed."""
    states = ", ".join(f"{count} {name}" for name, count in front.states.items() if count)
    marks = f"{MARK} none of its kind is better in {' and '.join(front.objectives)} (validation split)."
    if any(str(column).startswith(CHOICE) for column in front.table):
        marks = marks[:-2] + ", on the samples that choose; metrics are shown of those that take part in no choice)."
    if any(is_error(name) for name in front.numeric):
        marks += " ± is one standard error."
    if choice is not None and choice.errors is not None:
        count = f"{choice.errors:g} standard error{'s' if choice.errors != 1 else ''}"
        marks += f" {CLOSE} within {count} of the best {choice.metric}."
    if "lut" in front.names:
        marks += " LUTs, flip-flops and latency are estimates unless a design's reports.json has a synthesis."
    said = marks + (f" Trials: {states}." if states else "")
    failed = (f"{name} failed: {reason}" for name, reason in front.failures.items())
    return "\n".join([said, *failed, *(f"WARNING: {line}" for line in front.warnings)])


def _title(front: Front) -> str:
    where = f" in {front.path}" if front.path else ""
    return f"{front.title or front.task}{where}"


def markdown(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, its columns padded so that it reads as a table without being rendered."""
    widths = [max(3, *(len(row[k]) for row in (headings, *rows))) for k in range(len(headings))]
    lines = [headings, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )
