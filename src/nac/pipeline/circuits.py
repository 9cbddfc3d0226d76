"""What the verb refit does: circuits of runs join the recorded ones, and the instant model is fitted again."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nac.config import validate
from nac.design import Design
from nac.errors import InputError
from nac.hardware import HardwareReport
from nac.hardware.analytic import InstantModel, Recorded, fit_model, model_of, read_table, shipped_table, write_table
from nac.hardware.rtl import RtlProject
from nac.report.hardware import hardware_report
from nac.rundir import Run

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Refit:
    """The written table, how many circuits of the runs are in it, and the model before and with them."""

    table: Path
    added: int
    before: InstantModel
    after: InstantModel

    @property
    def rows(self) -> list[list[object]]:
        """One row per quantity: mean error before and after, in per cent."""
        return [
            [name, 100 * self.before.agreement[name].mean_error, 100 * found.mean_error]
            for name, found in self.after.agreement.items()
        ]

    def to_json(self) -> dict[str, Any]:
        """As a plain mapping."""
        errors = {name: {"before": before, "after": after} for name, before, after in self.rows}
        return {"table": str(self.table), "circuits": self.after.circuits, "added": self.added,
                "mean_error_percent": errors}  # fmt: skip


def refit(runs: Sequence[Path], out: Path, table: Path | None = None) -> Refit:
    """Write a table of circuits, the designs of the runs that were taken to RTL among them, and fit the model to it.

    Args:
        runs: folders of runs.
        out: the new table, for `target.circuits` in a task.
        table: to start from; the one that comes with the program by default.

    Raises InputError when a folder holds no run, none has a design with RTL, or the table cannot be read.
    """
    added = [circuit for path in runs for circuit in circuits_of(Run(path))]
    if not added:
        named = ", ".join(map(str, runs))
        raise InputError(f"{named}: no design was taken to RTL, expected runs with synthesised designs")
    circuits = [*read_table(table or shipped_table()), *added]
    after = fit_model(circuits)
    write_table(out, circuits)
    return Refit(out, len(added), model_of(table), after)


def circuits_of(run: Run) -> Iterator[Recorded]:
    """Those of the designs that were taken to RTL. Raises InputError naming the file that is wrong."""
    run.read()
    for folder in run.design_paths():
        report = hardware_report(folder)
        if report.get("failure") or not (report and (folder / "rtl").is_dir()):
            continue
        found = validate(HardwareReport, report, folder / "reports.json")
        project, design = RtlProject.load(folder / "rtl").record, Design.load(folder).record
        if project.fold is not None:  # the model is of unrolled circuits
            continue
        synthesis = found.rtl_synthesis
        yield validate(Recorded, {
            "architecture": design.architecture, "sparsity": design.origin.get("sparsity", design.sparsity),
            "digits": design.origin.get("digits", {"share": 1.0}).get("share"),
            "clock_period_ns": project.clock_period_ns, "lut": synthesis.lut if synthesis else project.cost_lut,
            "ff": synthesis.ff if synthesis else project.register_bits,
            "levels": project.delay_levels * project.stages, "kind": "synthesis" if synthesis else "estimate",
            "tool": synthesis.tool if synthesis else project.tool,
            "version": synthesis.version if synthesis else project.version,
        }, folder)  # fmt: skip
