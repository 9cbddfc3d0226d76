"""Prints the tables of measured results (docs/results.md) from run folders, published results beside them.

    python benchmarks/tables.py RUN... [--all]

One Markdown table per data set: runs on different data never share one (8 and 16 constituents are two data sets, the
high-level features of jets another), and published results appear only under the data set that they were measured on.
Of each run the designs on its front are listed, chosen on the validation split; metrics are those on the test split.
With --all every design is listed. Under each table: the command that made each run, and notes on what is published.
"""

import argparse
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nac.report import Front
from nac.report.anchors import Anchor, anchors_for
from nac.report.quantities import is_error, quantity
from nac.report.rows import value_text
from nac.report.tables import exact_text, markdown, sorted_rows
from nac.rundir import Run, RunRecord

SHOWN = ("bops", "macs", "lut", "ff", "dsp", "latency_ns", "ii")


@dataclass(frozen=True)
class Result:
    """One run with what belongs beside it."""

    run: Run
    record: RunRecord
    front: Front
    anchors: tuple[Anchor, ...]

    @property
    def data_set(self) -> str:
        """What the samples are: results are comparable only within one data set."""
        data = self.record.task.data
        patch = f", {data.patch_size} x {data.patch_size}"
        size = {"constituents": f", {data.constituents} constituents", "patches": patch}
        files = ", ".join(sorted(file.path.name for file in self.record.data)) or "simulated"
        return f"{self.record.task.name}{size.get(data.layout.name, ', features')} ({files})"

    @property
    def command(self) -> str:
        """The command that makes this run again."""
        record = self.record
        words = ["nac", "run", record.task.name]
        words += ["--preset", record.preset] if record.preset != "default" else []
        for file in record.data:
            words += ["--data", os.path.relpath(file.path)]
        for text in record.overrides:
            words += ["--set", text]
        return shlex.join([*words, "--out", str(self.run.path)])


def read(path: Path) -> Result:
    """A run folder. Raises InputError when it is none."""
    run = Run(path)
    record = run.read()
    return Result(run, record, Front.read(run), tuple(anchors_for(record)))


def section(title: str, results: Sequence[Result], *, everything: bool) -> str:
    """The table of one data set, and where its rows come from."""
    metrics = list(dict.fromkeys(name for result in results for name in result.front.metrics))
    by_label = {a.label: a for r in results for a in r.anchors}
    values = [set(result.front.numeric) for result in results] + [set(anchor.values) for anchor in by_label.values()]
    costs = [name for name in SHOWN if any(name in found for found in values)]

    def numbers(found: Mapping[Any, Any], prefix: str = "") -> list[str]:
        cells = [value_text(found, prefix + name) for name in metrics]
        return [*cells, *(quantity(name).text(found.get(name)) for name in costs)]

    rows = [
        [f"{result.run.path.name}: {row['name']}", str(row["architecture"]), f"{100 * (1 - row['sparsity']):.0f} %",
         *numbers(row.to_dict(), "test_"), exact_text(row)]
        for result in results
        for row in sorted_rows(result.front, trials=False)
        if everything or row["front"]
    ]
    rows += [[f"*{a.label}*", f"*{a.source}*", "", *numbers(a.values), ""] for a in by_label.values()]
    headings = ["design", "network", "weights kept", *(f"{name} (test)" for name in metrics), *costs, "exact"]
    notes = [f"`{result.command}`" for result in results]
    if any(is_error(name) for found in values for name in found):
        notes.append("± is one standard error.")
    for note in dict.fromkeys(anchor.note for anchor in by_label.values() if anchor.note):
        labels = ", ".join(label for label, anchor in by_label.items() if anchor.note == note)
        notes.append(f"*{labels}*: {note}.")
    return "\n".join([f"## {title}", "", markdown(headings, rows), "", *(f"- {note}" for note in notes), ""])


def main() -> None:
    """Parse the arguments and print one section per data set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    parser.add_argument("--all", action="store_true", help="every design, not only those on the front")
    arguments = parser.parse_args()
    groups: dict[str, list[Result]] = {}
    for path in arguments.runs:
        result = read(path)
        groups.setdefault(result.data_set, []).append(result)
    for title, results in groups.items():
        print(section(title, results, everything=arguments.all))


if __name__ == "__main__":
    main()
