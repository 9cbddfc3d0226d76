"""One self-contained HTML page about a run: figures inside, nothing fetched."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from optuna.trial import TrialState

from nac import __version__
from nac.design import Design
from nac.report.anchors import Anchor, anchors_for
from nac.report.collect import read_front, read_study
from nac.report.front import Front
from nac.report.gallery import front_figures, search_figures
from nac.report.hardware import exactness, hardware_report
from nac.report.quantities import quantity, short
from nac.report.rows import value_text
from nac.report.tables import MARK, exact_text, heading_of, label, shown_columns, sorted_rows, terminal_columns
from nac.rundir import Run, RunRecord, dump_yaml, write_atomic
from nac.tasks import Interval
from nac.trial import record_of

TEMPLATE = Path(__file__).with_name("page.html.jinja")


def html(run: Run) -> str:
    """The page of a run, finished or not: front, designs with their verification and hardware, search, origin.

    Raises:
        InputError: the folder holds no run, or one of its files cannot be read.
    """
    record, front, study = run.read(), read_front(run), read_study(run)
    anchors = anchors_for(record)
    designs = [Design.load(path) for path in run.design_paths()]
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE.parent), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )
    return environment.get_template(TEMPLATE.name).render(
        title=front.title,
        description=record.task.description,
        cards=_cards(front),
        figures=front_figures(run, front, anchors),
        search_figures=search_figures(front, study),
        designs=_grid(front, trials=False),
        trials=_grid(front, designs=False),
        details=[_detail(design) for design in designs],
        warnings=front.warnings,
        states=", ".join(f"{count} trials {word}" for word, count in front.states.items()) or "No search in this run.",
        failures=_failures(study),
        failed_designs=front.failures,
        anchors=[_published(anchor) for anchor in anchors],
        commands={"compress": f"nac compress {_quoted(run.path)}"},
        next_steps=_next_steps(run, front, designs),
        provenance=_provenance(record),
        config=dump_yaml(record.task.model_dump(mode="json")),
    )


def write_page(run: Run) -> Path:
    """Write the page of a run, whole or not at all, and return its path. Raises InputError."""
    write_atomic(run.report, html(run))
    return run.report


def _cards(front: Front) -> list[tuple[str, str]]:
    """The few numbers to see first."""
    trials, designs = front.of("trial"), front.of("design")
    cards = [
        ("finished trials", str(len(trials))),
        ("on the front of the search", str(int(trials["front"].sum()))),
        ("designs", str(len(designs))),
        ("verified bit for bit", str(int(designs["exact"].map(lambda value: value is True).sum()))),
    ]
    for name in front.objectives:
        if quantity(name).role == "metric" and designs[name].notna().any():
            told = f"{value_text(front.best(name), name)} {quantity(name).unit}".rstrip()
            cards.append((f"best {quantity(name).label} (validation)", told))
    return cards


def _grid(front: Front, *, designs: bool = True, trials: bool = True) -> dict[str, Any]:
    """A table for the template: headings, which columns are text or shown on demand, cells with what they sort by."""
    wanted = {"design": designs, "trial": trials, "baseline": True}
    part = [row for row in sorted_rows(front) if wanted[row["kind"]]]
    if all(row["kind"] == "baseline" for row in part):
        part = []
    names = [name for name in shown_columns(front) if any(row[name] == row[name] for row in part)]
    rows = []
    for row in part:
        cells = [_cell(MARK if row["front"] else ""), _cell(_name(row)), _cell(str(row["architecture"]))]
        if designs:
            exact = exact_text(row)
            cells.append({"text": exact, "value": None, "mark": {"yes": "yes", "NO": "no"}.get(exact, "")})
        cells += [_cell(value_text(row, name), row[name]) for name in names]
        rows.append({"kind": row["kind"], "front": bool(row["front"]), "cells": cells})
    headings = ["", "name", "architecture", *(["exact"] if designs else [])]
    essential = terminal_columns(front)
    more = {len(headings) + k for k, name in enumerate(names) if name not in essential}
    return {"headings": [*headings, *map(heading_of, names)], "texts": {0, 1, 2}, "more": more, "rows": rows}


def _name(row: Mapping[str, Any] | pd.Series) -> str:
    return label(row) if row["kind"] == "baseline" else str(row["name"])


def _cell(text: str, value: float | None = None) -> dict[str, Any]:
    return {"text": text, "value": float(value) if value is not None and value == value else None, "mark": ""}


def _detail(design: Design) -> dict[str, Any]:
    """What the page says about one design besides its row."""
    record, report = design.record, hardware_report(design.path)
    origin = record.origin
    facts = [
        ("folder", str(design.path)),
        ("inputs", "x".join(map(str, record.architecture.input))),
        ("bits", f"{record.architecture.bits.weights} weights, {record.architecture.bits.activations} activations, "
                 f"{record.architecture.bits.input} inputs"),
        ("weights kept", f"{100 * (1 - record.sparsity):.0f} %"),
        *((("positions a clock", str(fold)),) if (fold := origin.get("fold")) else ()),
        *((f"{split} split", _listed(values, record.intervals.get(split, {})))
          for split, values in record.metrics.items()),
        ("costs", ", ".join(f"{name} {short(value)}" for name, value in record.costs.items())),
    ]
    if (reference := origin.get("float", {}).get("test")) is not None:
        known = origin.get("float_intervals", {}).get("test", {})
        facts.append(("float network, test split", _listed(reference, known)))
    told = ("trial", "seed", "best_epoch", "seconds")
    facts += [(key.replace("_", " "), str(value)) for key, value in origin.items() if key in told]
    checked = report.get("verification") or {}
    status = {True: "verified bit for bit", False: "ENGINES DISAGREE", None: "not verified yet"}[exactness(checked)]
    if failure := report.get("failure"):
        status = f"failed: {failure}"
    return {
        "name": record.name,
        "architecture": record.architecture.summary(),
        "status": status,
        "facts": facts,
        "verification": [(key.replace("_", " "), _plain(value)) for key, value in checked.items() if value is not None],
        "numbers": [
            {"unit": "", "kind": "", "tool": "", "version": "", **number, "value": _number(number.get("value"))}
            for number in report.get("numbers", [])
        ],
        "skipped": [str(item) for item in report.get("skipped", [])],
        "interface": _interface(design.path / str(report.get("project", ""))),
        "command": f"nac synth {_quoted(design.path)}",
    }


def _interface(project: Path) -> str:
    """The interface sheet of a design's firmware, empty where there is none."""
    file = project / "INTERFACE.md"
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""


def _listed(metrics: Mapping[str, float], intervals: Mapping[str, Interval]) -> str:
    errors = {name: known.standard_error for name, known in intervals.items()}
    return ", ".join(f"{name} {quantity(name).text(value, errors.get(name))}" for name, value in metrics.items())


def _number(value: object) -> str:
    return f"{value:,.6g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


def _plain(value: object) -> str:
    """A value of a report for people."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(item)}" for key, item in value.items())
    return ", ".join(map(_plain, value)) if isinstance(value, list) else str(value)


def _failures(study: optuna.Study | None) -> list[tuple[int, str]]:
    """Why trials failed, as their record says."""
    if study is None:
        return []
    failed = study.get_trials(deepcopy=False, states=(TrialState.FAIL,))
    return [(trial.number, reason) for trial in failed if (reason := record_of(trial).error)]


def _published(anchor: Anchor) -> dict[str, str]:
    values = ", ".join(f"{name} {quantity(name).text(value)}" for name, value in anchor.values.items())
    return {"label": anchor.label, "values": values, "source": anchor.source, "note": anchor.note}


def _next_steps(run: Run, front: Front, designs: Sequence[Design]) -> list[tuple[str, str]]:
    """Commands that continue from here, ready to be copied."""
    folder = _quoted(run.path)
    metric = next((name for name in front.objectives if quantity(name).role == "metric"), "accuracy")
    steps = [
        ("choose: the best design under a limit", f'nac front {folder} --where "bops<=100000" --best {metric}'),
        ("finish an interrupted run", f"nac run {folder} --resume"),
    ]
    if designs:
        best = front.best(metric)
        design = _quoted(run.design(str(best["name"])) if best["kind"] == "design" else designs[0].path)
        steps += [
            ("firmware: QONNX, HLS project, C simulation, verification", f"nac synth {design}"),
            ("its metric on a file of yours, from the HLS project", f"nac evaluate {design} --data FILE --engine hls"),
        ]
    else:
        steps.append(("quantise and prune the winners", f"nac compress {folder}"))
    return steps


def _provenance(record: RunRecord) -> list[tuple[str, str]]:
    """Versions, machine, data with hashes and the command, as recorded when the run started."""
    told = dict(record.provenance)
    versions, machine = told.pop("versions", {}), told.pop("machine", {})
    rows = [(key.replace("_", " "), " ".join(map(str, value)) if isinstance(value, list) else str(value))
            for key, value in told.items() if value is not None]
    if isinstance(machine, Mapping):
        rows.append(("machine", ", ".join(f"{key} {value}" for key, value in machine.items())))
    if isinstance(versions, Mapping):
        rows.append(("versions", ", ".join(f"{key} {value}" for key, value in versions.items())))
    rows += [("data", f"{file.path} ({file.bytes:,} bytes, sha256 {file.sha256})") for file in record.data]
    if not record.data:
        rows.append(("data", "simulated"))
    rows += [("seed", str(record.task.seed)), ("preset", record.preset), ("page written by", f"nac {__version__}")]
    if record.overrides:
        rows.append(("settings", ", ".join(record.overrides)))
    return rows


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
